import { describe, expect, test } from 'vitest';
import {
  fillIntegers,
  fillNormal,
  fillUniform,
  integers,
  normalQuantile,
  permutation,
  philox,
} from './random.ts';

const draw = { seed: 7, stream: 3, step: 11 };

// Random123 1.14, tests/kat_vectors, lines "philox4x32 10": counter, key, answer.
const knownAnswers: readonly (readonly [number[], number[], number[]])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test.each(knownAnswers)('philox of %j under %j is the published answer', (counter, key, answer) => {
  expect([...philox(counter, key)]).toEqual(answer);
});

test('philox agrees with exact integers', () => {
  for (let i = 0; i < 500; i++) {
    const counter = [...philox([i, 1, 2, 3], [4, 5])];
    const key = [...philox([i, 9, 9, 9], [4, 5])];
    expect([...philox(counter, key)]).toEqual(exactPhilox(counter, key));
  }
});

test('philox is exact where a rounded product would carry', () => {
  for (let low = 2 ** 32 - 2000; low < 2 ** 32; low++) {
    const counter = [factor(0xd2511f53n, low), low, factor(0xcd9e8d57n, low), 1];
    expect([...philox(counter, [1, 2])]).toEqual(exactPhilox(counter, [1, 2]));
  }
});

/** The x whose product with `multiplier` has this low half. */
function factor(multiplier: bigint, low: number): number {
  let inverse = 1n;
  for (let i = 0; i < 5; i++) inverse = BigInt.asUintN(32, inverse * (2n - multiplier * inverse));
  return Number(BigInt.asUintN(32, inverse * BigInt(low)));
}

function exactPhilox(counter: readonly number[], key: readonly number[]): number[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    [k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask];
  }
  return [c0, c1, c2, c3].map(Number);
}

describe.each([
  ['fillUniform', (out: Float32Array, offset: number) => fillUniform(out, draw, offset)],
  ['fillNormal', (out: Float32Array, offset: number) => fillNormal(out, draw, offset)],
] as const)('%s', (_, fill) => {
  test('an element does not depend on the others drawn', () => {
    const all = new Float32Array(5000);
    fill(all, 0);
    for (const [start, length] of [
      [0, 1],
      [1, 1],
      [3, 2],
      [1023, 3],
      [2001, 2500],
    ] as const) {
      const part = new Float32Array(length);
      fill(part, start);
      expect(part).toEqual(all.slice(start, start + length));
    }
  });
});

test('seed, stream and step each give other numbers, also beyond 32 bits', () => {
  const draws = [
    draw,
    { ...draw, seed: 8 },
    { ...draw, stream: 4 },
    { ...draw, step: 12 },
    { ...draw, seed: 7 + 2 ** 32 },
    { ...draw, step: 11 + 2 ** 32 },
  ];
  const firsts = draws.map((each) => {
    const out = new Float32Array(1);
    fillNormal(out, each);
    return out[0];
  });
  expect(new Set(firsts).size).toBe(draws.length);
});

test('draws are these on every host', () => {
  const normals = new Float32Array(4096);
  fillNormal(normals, draw);
  expect(fingerprint(normals)).toMatchInlineSnapshot(`"efbbb5f5"`);
  const uniforms = new Float32Array(4096);
  fillUniform(uniforms, draw);
  expect(fingerprint(uniforms)).toMatchInlineSnapshot(`"40943d02"`);
  expect([...permutation(8, 7, 11)]).toMatchInlineSnapshot(`
    [
      5,
      2,
      3,
      7,
      4,
      6,
      0,
      1,
    ]
  `);
});

/** 32-bit FNV-1a of the bytes. */
function fingerprint(values: Float32Array): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(values.buffer)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

const many = 200_000;

test('uniforms lie in [0, 1) with the moments of the uniform', () => {
  const out = new Float32Array(many);
  fillUniform(out, draw);
  expect(Math.min(...out.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
  expect(out.every((u) => u < 1)).toBe(true);
  expect(Math.abs(mean(out) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / many));
  expect(Math.abs(mean(out.map((u) => (u - 0.5) ** 2)) - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / many));
});

test('normals have the moments of the normal', () => {
  const out = new Float32Array(many);
  fillNormal(out, draw);
  const deviation = 4 / Math.sqrt(many);
  for (const [power, expected, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ] as const) {
    const moment = mean(out.map((z) => z ** power));
    expect(Math.abs(moment - expected), `moment ${power}`).toBeLessThan(deviation * Math.sqrt(variance));
  }
  expect(Math.abs(mean(out.slice(1).map((z, i) => z * out[i]!)))).toBeLessThan(deviation);
});

test('normals pass Kolmogorov and Smirnov at one in a thousand', () => {
  const out = new Float32Array(many);
  fillNormal(out, draw);
  out.sort();
  const distance = out.reduce(
    (worst, z, i) => Math.max(worst, Math.abs(distribution(z) - (i + 0.5) / many)),
    0,
  );
  expect(distance).toBeLessThan(1.95 / Math.sqrt(many));
});

test.each([
  // CPython 3.11, statistics.NormalDist().inv_cdf((word + 0.5) / 2**32).
  [0, -6.337957754553789],
  [1000, -5.039851125968711],
  [4294967, -3.0902322920614345],
  [322122546, -1.4395314720898171],
  [322122547, -1.4395314704450153],
  [2147483648, 2.9180993729166234e-10],
  [4187593113, 1.9599639841416792],
  [4294967295, 6.337957754553789],
])('the quantile of word %i is %d', (word, expected) => {
  expect(Math.abs(normalQuantile(word) / expected - 1)).toBeLessThan(1e-12);
});

test('the quantile is odd and never falls', () => {
  let previous = -Infinity;
  for (let word = 0; word < 2 ** 32; word += 40_009_999) {
    const z = normalQuantile(word);
    expect(z).toBeGreaterThan(previous);
    expect(normalQuantile(2 ** 32 - 1 - word)).toBe(-z);
    previous = z;
  }
});

/** Φ, by its Taylor series about 0 (Marsaglia 2004). */
function distribution(z: number): number {
  if (Math.abs(z) > 7) return z < 0 ? 0 : 1;
  let [sum, term] = [z, z];
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) {
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

test('integers cover their range evenly', () => {
  const counts = new Float64Array(7);
  for (const i of integers(70_000, 7, draw)) counts[i]!++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(22.5);
  const one = new Uint32Array(1);
  fillIntegers(one, draw, 7, 4321);
  expect(one[0]).toBe(integers(4322, 7, draw)[4321]);
});

test.each([0, 1, 2, 1000, 5000])('a permutation of %i has every place once', (n) => {
  const order = permutation(n, 1, 2);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
});

test('each order of three comes equally often', () => {
  const counts = new Map<string, number>();
  for (let epoch = 0; epoch < 6000; epoch++) {
    const order = permutation(3, 5, epoch).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(20.5);
});
