import type { Sides } from '@semivae/data';
import { fillNormal, fillUniform } from '@semivae/runtime/core';
import { BOX_DRAWS, erase } from './erase.ts';

/** How far images are moved at random; what is 0 or false is left as it is. */
export interface Moves {
  /** Pixels, along each axis. */
  readonly shift: number;
  /** Degrees, to either side. */
  readonly rotation: number;
  /** The share by which sides grow or shrink. */
  readonly scale: number;
  /** The share of its height by which an image leans to either side. */
  readonly shear: number;
  /** The deviation, in pixels, of moves that differ from place to place (Simard et al. 2003). */
  readonly elastic: number;
  /** Whether every other image, on average, is mirrored left to right. */
  readonly mirror: boolean;
  /** The longest side of a box that is painted over with some grey, as a share of the image's. */
  readonly erase: number;
}

export const areMoved = ({ mirror, ...amounts }: Moves): boolean =>
  mirror || Object.values(amounts).some((each) => each > 0);

/** Where the moves of some images stand: a Philox stream of their own. */
export interface MoveDraw {
  readonly seed: number;
  readonly stream: number;
}

/** Writes images as they are moved at a step into `moved`; allocates nothing. */
export type Mover = (images: Uint8Array, moved: Uint8Array, step: number) => void;

const DRAWS = 6;

/** An affine map from a pixel of the moved image to where it is read: (xx·column + xy·row + x0, yx·column + yy·row + y0). */
export type Maps = Float64Array;
const MAP = 6;

/** Math.tan may round otherwise on another host; its float32 does not. */
const tangent = (degrees: number): number => Math.fround(Math.tan((degrees * Math.PI) / 180));

/** The map of each image, from six uniform draws for each: about the centre, turned, leaning, scaled, mirrored, shifted. */
export function fillMaps(out: Maps, draws: Float32Array, { width, height }: Sides, moves: Moves): void {
  const [centerX, centerY] = [(width - 1) / 2, (height - 1) / 2];
  const half = tangent(moves.rotation / 2);
  const around = (i: number, most: number) => (2 * draws[i]! - 1) * most;
  for (let image = 0; image * MAP < out.length; image++) {
    const [draw, at] = [image * DRAWS, image * MAP];
    const turn = around(draw + 2, half);
    const size = 1 / (1 + around(draw + 3, moves.scale));
    // cos and sin of an angle whose half has this tangent
    const cos = (size * (1 - turn * turn)) / (1 + turn * turn);
    const sin = (size * 2 * turn) / (1 + turn * turn);
    const lean = around(draw + 4, moves.shear);
    const side = moves.mirror && draws[draw + 5]! < 0.5 ? -1 : 1;
    out[at] = side * cos;
    out[at + 1] = cos * lean - sin;
    out[at + 3] = side * sin;
    out[at + 4] = sin * lean + cos;
    const x = centerX + around(draw, moves.shift);
    const y = centerY + around(draw + 1, moves.shift);
    out[at + 2] = centerX - out[at]! * x - out[at + 1]! * y;
    out[at + 5] = centerY - out[at + 3]! * x - out[at + 4]! * y;
  }
}

/** An image of one channel with a border of zeros, so that a pixel at its edge has neighbours. */
interface Plane {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const openPlane = ({ width, height }: Sides): Plane => ({
  bytes: new Uint8Array((width + 2) * (height + 2)),
  width,
  height,
});

function fillPlane({ bytes, width, height }: Plane, from: Uint8Array, start: number, channels: number): void {
  let at = start;
  for (let row = 1; row <= height; row++) {
    const first = row * (width + 2) + 1;
    for (let to = first; to < first + width; to++, at += channels) bytes[to] = from[at]!;
  }
}

/** Places are in fixed point, with 16 bits after the point, of which 8 weigh the neighbours. */
const ONE = 65536;
const place = (pixels: number): number => Math.round(pixels * ONE) | 0;

/** Reads `count` pixels along a straight line, bilinearly, 0 outside. */
function readRun(
  { bytes, width, height }: Plane,
  to: Uint8Array,
  start: number,
  count: number,
  channels: number,
  fromX: number,
  fromY: number,
  stepX: number,
  stepY: number,
): void {
  const stride = width + 2;
  const end = start + count * channels;
  let [x, y] = [fromX, fromY];
  for (let at = start; at < end; at += channels) {
    const left = (x >> 16) + 1;
    const top = (y >> 16) + 1;
    if (left < 0 || left > width || top < 0 || top > height) to[at] = 0;
    else {
      const corner = (Math.imul(top, stride) + left) | 0;
      const share = (x >> 8) & 255;
      const p = bytes[corner]!;
      const q = bytes[corner + stride]!;
      const upper = ((p << 8) + Math.imul(bytes[corner + 1]! - p, share)) | 0;
      const lower = ((q << 8) + Math.imul(bytes[corner + stride + 1]! - q, share)) | 0;
      to[at] = ((upper << 8) + Math.imul(lower - upper, (y >> 8) & 255) + 32768) >> 16;
    }
    x = (x + stepX) | 0;
    y = (y + stepY) | 0;
  }
}

/** Control points of elastic moves along each axis, the first and the last at the edges; moves are linear in between. */
const ELASTIC_POINTS = 5;
const STILL_POINTS = 2;

/** Points (x of all, then y of all) for each image, [row, column]; all 0 where nothing is elastic. */
interface Grid {
  readonly size: number;
  readonly points: Float32Array;
  /** The first pixel of a row in each of its runs between two points, and the row's width. */
  readonly starts: readonly number[];
}

function openGrid({ width }: Sides, images: number, { elastic }: Moves): Grid {
  const size = elastic > 0 ? ELASTIC_POINTS : STILL_POINTS;
  const starts = Array.from({ length: size - 1 }, (_, k) => Math.ceil((k * (width - 1)) / (size - 1)));
  return { size, points: new Float32Array(images * 2 * size ** 2), starts: [...starts, width] };
}

/** The moves at the points of a row of pixels: `far` from point row `above` to the next. */
function fillLine(line: Float64Array, { points, size }: Grid, above: number, far: number): void {
  for (let k = 0; k < size; k++) {
    const point = points[above + k]!;
    line[k] = point + far * (points[above + size + k]! - point);
  }
}

/**
 * Opens moves of so many images: affine and elastic, bilinear, 0 outside, a box then painted over; drawn anew for each
 * image at each step, a pure function of (seed, stream, step).
 */
export function openMover(sides: Sides, images: number, moves: Moves, draw: MoveDraw): Mover {
  const { width, height, channels } = sides;
  const row = width * channels;
  const draws = new Float32Array(images * DRAWS);
  const maps: Maps = new Float64Array(images * MAP);
  const plane = openPlane(sides);
  const grid = openGrid(sides, images, moves);
  const boxes = new Float32Array(moves.erase > 0 ? images * BOX_DRAWS : 0);
  const { size, points, starts } = grid;
  const [lineX, lineY] = [new Float64Array(size), new Float64Array(size)];
  const [perColumn, perRow] = [width, height].map((side) => (size - 1) / Math.max(1, side - 1)) as [
    number,
    number,
  ];

  /** Row `i` of a moved image, run by run. */
  function moveRow(to: Uint8Array, start: number, map: number, i: number): void {
    const [xx, yx] = [maps[map]!, maps[map + 3]!];
    const x = maps[map + 1]! * i + maps[map + 2]!;
    const y = maps[map + 4]! * i + maps[map + 5]!;
    for (let k = 0; k < size - 1; k++) {
      const first = starts[k]!;
      const past = first * perColumn - k;
      const [leanX, leanY] = [lineX[k + 1]! - lineX[k]!, lineY[k + 1]! - lineY[k]!];
      readRun(
        plane,
        to,
        start + first * channels,
        starts[k + 1]! - first,
        channels,
        place(x + xx * first + lineX[k]! + past * leanX),
        place(y + yx * first + lineY[k]! + past * leanY),
        place(xx + leanX * perColumn),
        place(yx + leanY * perColumn),
      );
    }
  }

  function moveImage(from: Uint8Array, to: Uint8Array, image: number): void {
    for (let channel = 0; channel < channels; channel++) {
      const start = image * height * row + channel;
      fillPlane(plane, from, start, channels);
      for (let i = 0; i < height; i++) {
        const above = Math.min(size - 2, Math.floor(i * perRow));
        const at = 2 * image * size ** 2 + above * size;
        fillLine(lineX, grid, at, i * perRow - above);
        fillLine(lineY, grid, at + size ** 2, i * perRow - above);
        moveRow(to, start + i * row, image * MAP, i);
      }
    }
  }

  return (from, to, step) => {
    fillUniform(draws, { ...draw, step });
    fillMaps(maps, draws, sides, moves);
    if (moves.elastic > 0) {
      fillNormal(points, { ...draw, step }, draws.length);
      for (let i = 0; i < points.length; i++) points[i]! *= moves.elastic;
    }
    fillUniform(boxes, { ...draw, step }, draws.length + points.length);
    for (let image = 0; image < images; image++) {
      moveImage(from, to, image);
      if (moves.erase > 0) erase(to, image, sides, moves.erase, boxes, image * BOX_DRAWS);
    }
  };
}
