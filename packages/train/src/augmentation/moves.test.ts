import type { Sides } from '@semivae/data';
import { digits } from '@semivae/data';
import { fillUniform } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { areMoved, fillMaps, type Moves, openMover } from './moves.ts';

const still: Moves = { shift: 0, rotation: 0, scale: 0, shear: 0, elastic: 0, mirror: false, erase: 0 };
const every: Moves = { shift: 3, rotation: 20, scale: 0.2, shear: 0.2, elastic: 1, mirror: true, erase: 0.4 };
const draw = { seed: 3, stream: 7 };

const { bytes, width, height } = digits({ train: 20, test: 1 }).train;
const sides: Sides = { width, height, channels: 1 };
const IMAGES = 20;

/** Far quicker than toEqual, which goes over bytes one by one. */
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function moved(
  moves: Partial<Moves>,
  { step = 0, of = bytes, at = sides, ...where } = {} as Where,
): Uint8Array {
  const out = new Uint8Array(of.length);
  const images = of.length / (at.width * at.height * at.channels);
  openMover(at, images, { ...still, ...moves }, { ...draw, ...where })(of, out, step);
  return out;
}
interface Where {
  readonly step?: number;
  readonly seed?: number;
  readonly of?: Uint8Array;
  readonly at?: Sides;
}

/** Mass, and its centre, of an image of one channel. */
function massOf(images: Uint8Array, image: number, { width, height }: Sides) {
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const each = images[(image * height + row) * width + column]!;
      [mass, x, y] = [mass + each, x + each * column, y + each * row];
    }
  return { mass, x: x / mass, y: y / mass };
}

/** A smooth spot in the middle of a larger image, so that nothing of it leaves. */
const roomy: Sides = { width: 41, height: 35, channels: 1 };
const spot = Uint8Array.from({ length: IMAGES * 41 * 35 }, (_, i) => {
  const [column, row] = [i % 41, Math.floor(i / 41) % 35];
  return 250 * Math.exp(-((column - 22) ** 2) / 18 - (row - 15) ** 2 / 8);
});

function mapsOf(moves: Partial<Moves>): Float64Array {
  const [draws, maps] = [new Float32Array(IMAGES * 6), new Float64Array(IMAGES * 6)];
  fillUniform(draws, { ...draw, step: 0 });
  fillMaps(maps, draws, roomy, { ...still, ...moves });
  return maps;
}

test('a move by nothing leaves every byte as it is', () => {
  expect(areMoved(still)).toBe(false);
  expect(same(moved({}), bytes)).toBe(true);
});

test('the same seed and step give the same bytes, others give others', () => {
  const first = moved(every, { step: 5 });
  expect(same(moved(every, { step: 5 }), first)).toBe(true);
  for (const where of [{ step: 6 }, { step: 5, seed: 4 }])
    expect(same(moved(every, where), first)).toBe(false);
});

test('a step is no matter of the steps before it', () => {
  const mover = openMover(sides, IMAGES, every, draw);
  const out = new Uint8Array(bytes.length);
  for (const step of [0, 9, 4]) mover(bytes, out, step);
  expect(same(out, moved(every, { step: 4 }))).toBe(true);
});

test('a shift moves the centre of mass by what was drawn, and keeps the mass', () => {
  const [maps, out] = [mapsOf({ shift: 4 }), moved({ shift: 4 }, { of: spot, at: roomy })];
  const before = massOf(spot, 0, roomy);
  const all = Array.from({ length: IMAGES }, (_, i) => ({ i, ...massOf(out, i, roomy) }));
  for (const { i, mass, x, y } of all) {
    expect(x - before.x).toBeCloseTo(-maps[6 * i + 2]!, 1);
    expect(y - before.y).toBeCloseTo(-maps[6 * i + 5]!, 1);
    expect(mass / before.mass).toBeCloseTo(1, 2);
  }
  const far = all.map(({ x }) => Math.abs(x - before.x));
  expect(Math.max(...far)).toBeLessThanOrEqual(4.05);
  expect(Math.max(...far)).toBeGreaterThan(2);
});

test('a rotation turns about the centre: distance from it and mass are kept', () => {
  const out = moved({ rotation: 40 }, { of: spot, at: roomy });
  const before = massOf(spot, 0, roomy);
  const angle = (of: { x: number; y: number }) => Math.atan2(of.y - 17, of.x - 20);
  const turns = Array.from({ length: IMAGES }, (_, i) => {
    const after = massOf(out, i, roomy);
    expect(Math.hypot(after.x - 20, after.y - 17)).toBeCloseTo(Math.hypot(before.x - 20, before.y - 17), 1);
    expect(after.mass / before.mass).toBeCloseTo(1, 2);
    return ((angle(after) - angle(before)) * 180) / Math.PI;
  });
  expect(Math.max(...turns.map(Math.abs))).toBeLessThan(41);
  expect(Math.max(...turns) - Math.min(...turns)).toBeGreaterThan(40);
});

test('scaling changes the mass by the square of the sides', () => {
  const [maps, out] = [mapsOf({ scale: 0.3 }), moved({ scale: 0.3 }, { of: spot, at: roomy })];
  for (let i = 0; i < IMAGES; i++) {
    const grown = massOf(out, i, roomy).mass / massOf(spot, 0, roomy).mass;
    expect(grown * maps[6 * i]! ** 2).toBeCloseTo(1, 1);
  }
});

test('an image is mirrored as a whole, or not at all', () => {
  const out = moved({ mirror: true });
  const mirrored = bytes.map((_, i) => bytes[i - (i % width) + (width - 1 - (i % width))]!);
  const pixels = width * height;
  const whole = (of: Uint8Array, i: number) => of.subarray(i * pixels, (i + 1) * pixels);
  const turned = Array.from({ length: IMAGES }, (_, i) => {
    const side = same(whole(out, i), whole(bytes, i));
    expect(same(whole(out, i), whole(side ? bytes : mirrored, i))).toBe(true);
    return !side;
  });
  expect(new Set(turned)).toEqual(new Set([true, false]));
});

test('a box of each image is painted over with one grey, and nothing else', () => {
  const out = moved({ erase: 0.5 });
  const areas = Array.from({ length: IMAGES }, (_, i) => {
    const changed = Array.from({ length: width * height }, (_, at) => at).filter(
      (at) => out[i * width * height + at] !== bytes[i * width * height + at],
    );
    const [columns, rows] = [changed.map((at) => at % width), changed.map((at) => Math.floor(at / width))];
    expect(new Set(changed.map((at) => out[i * width * height + at])).size).toBeLessThanOrEqual(1);
    const [wide, high] = [columns, rows].map((all) =>
      all.length ? Math.max(...all) - Math.min(...all) + 1 : 0,
    );
    expect(Math.max(wide! / width, high! / height)).toBeLessThanOrEqual(0.5);
    return wide! * high!;
  });
  expect(Math.max(...areas)).toBeGreaterThan(0.1 * width * height);
});

test('whether a box is painted over changes no other move', () => {
  const [plain, erased] = [moved({ ...every, erase: 0 }), moved(every)];
  const changed = plain.filter((each, at) => each !== erased[at]).length / plain.length;
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThan(0.16);
});

describe('elastic moves', () => {
  test('differ from place to place', () => {
    // two spots that an affine shift would move alike
    const two = Uint8Array.from({ length: 41 * 35 }, (_, i) => {
      const [column, row] = [i % 41, Math.floor(i / 41)];
      return 250 * Math.exp(-((row - 17) ** 2) / 4 - Math.min((column - 8) ** 2, (column - 32) ** 2) / 4);
    });
    const half = (of: Uint8Array, right: boolean) =>
      massOf(
        of.map((each, i) => (i % 41 > 20 === right ? each : 0)),
        0,
        roomy,
      );
    const out = moved({ elastic: 2 }, { of: two, at: roomy });
    const [left, right] = [false, true].map((side) => half(out, side).x - half(two, side).x);
    expect(Math.abs(left!)).toBeGreaterThan(0.1);
    expect(Math.abs(left! - right!)).toBeGreaterThan(0.1);
  });

  test('by almost nothing change almost nothing', () => {
    const out = moved({ elastic: 0.01 });
    const gaps = out.map((each, i) => Math.abs(each - bytes[i]!));
    expect(Math.max(...gaps)).toBeLessThan(20);
    expect(Math.max(...gaps)).toBeGreaterThan(0);
  });
});

test('all channels of an image are moved alike', () => {
  const three = Uint8Array.from({ length: bytes.length * 3 }, (_, i) => bytes[Math.floor(i / 3)]!);
  const out = moved(every, { of: three, at: { ...sides, channels: 3 } });
  const one = moved(every);
  const thrice = Uint8Array.from(out, (_, i) => one[Math.floor(i / 3)]!);
  expect(same(out, thrice)).toBe(true);
});
