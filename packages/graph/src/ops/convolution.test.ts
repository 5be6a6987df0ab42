import { describe, expect, test } from 'vitest';
import { input } from '../leaves.ts';
import { interpret, tensor } from '../reference.ts';
import type { Value } from '../value.ts';
import { averagePool, conv, convTranspose, maxPool } from './convolution.ts';
import { mul } from './elementwise.ts';
import { sum } from './reduce.ts';

const images = input('images', ['batch', 2, 7, 5]);
const kernels = input('kernels', [4, 2, 3, 3]);
const back = input('back', [2, 4, 3, 3]);

describe('images and kernels that do not fit are refused', () => {
  const wrong: readonly [() => Value, RegExp][] = [
    [
      () => conv(images, input('w', [4, 3, 3, 3])),
      /^Conv: images \[batch, 2, 7, 5\] and kernels \[4, 3, 3, 3\]/,
    ],
    [() => conv(images, kernels, { group: 2 }), /With 2 groups/],
    [() => conv(images, kernels, { dilations: [3, 3] }), /smaller kernel/],
    [() => conv(images, kernels, { strides: [0, 1] }), /whole numbers from 1/],
    [() => conv(images, kernels, { pads: [0, -1, 0, 0] }), /pads from 0/],
    [() => conv(input('x', [2, 7, 5]), kernels), /four axes/],
    [() => conv(input('x', ['batch', 2, 'height', 5]), kernels), /only the first of the images/],
    [() => convTranspose(images, kernels), /^ConvTranspose: .*Axis 0 of the kernels/],
    [() => convTranspose(images, back, { outputPadding: [0, 1] }), /outputPadding below the stride/],
    [() => convTranspose(images, back, { pads: [5, 0, 4, 0] }), /smaller pads/],
    [() => averagePool(images, 2), /^pool: windows of 2 over \[batch, 2, 7, 5\]/],
    [() => maxPool(input('x', [4, 4]), 2), /four axes/],
  ];
  test.each(wrong)('%#: %o', (build, message) => {
    expect(build).toThrow(expect.objectContaining({ code: 'SHAPES' }));
    expect(build).toThrow(message);
  });
});

test('a free batch stays free', () => {
  expect(conv(images, kernels, { strides: [2, 2], pads: [1, 1, 1, 1] }).shape).toEqual(['batch', 4, 4, 3]);
  expect(convTranspose(images, back, { strides: [2, 2] }).shape).toEqual(['batch', 4, 15, 11]);
  expect(maxPool(input('x', ['batch', 3, 4, 6]), 2).shape).toEqual(['batch', 3, 2, 3]);
});

test.each([
  {},
  { strides: [2, 3], pads: [1, 0, 2, 1], dilations: [2, 1] },
  { strides: [2, 2], pads: [1, 1, 1, 1], group: 2 },
] as const)('one is the adjoint of the other: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩, %o', (options) => {
  const { group = 1 } = { group: 1, ...options };
  const x = input('x', [2, 4, 9, 8]);
  const w = input('w', [6, 4 / group, 3, 2]);
  const there = conv(x, w, options);
  const y = input('y', there.shape);
  const natural = convTranspose(y, w, options).shape as readonly number[];
  const outputPadding = [9 - natural[2]!, 8 - natural[3]!] as const;
  const and = convTranspose(y, w, { ...options, outputPadding });
  const fed = Object.entries({ x, w, y }).map(([name, { shape }], i) => [
    name,
    tensor(shape as number[], (index) => Math.sin(index * 1.7 + i)),
  ]);
  const products = interpret([sum(mul(there, y)), sum(mul(x, and))], Object.fromEntries(fed));
  expect(products[0]!.data[0]).toBeCloseTo(products[1]!.data[0]!, 10);
});
