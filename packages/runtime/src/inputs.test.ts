import { describe, expect, test } from 'vitest';
import { imageRows, labelIndices, latentRows } from './inputs.ts';

const input = { kind: 'image', width: 3, height: 2, channels: 1, type: 'uint8', encoding: 'x' } as const;
const colour = { ...input, channels: 3 } as const;

const first = [1, 2, 3, 4, 5, 6];
const second = [250, 251, 252, 253, 254, 255];
const both = [...first, ...second];
const nested = [
  [1, 2, 3],
  [4, 5, 6],
];
const grey = (values: readonly number[]) => ({
  data: Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255])),
  width: 3,
  height: 2,
});

describe.each([
  ['flat bytes', Uint8Array.from(both)],
  ['a view of bytes', Uint8Array.from([9, ...both]).subarray(1)],
  ['clamped bytes', Uint8ClampedArray.from(both)],
  ['flat floats', Float32Array.from(both)],
  ['flat numbers', both],
  ['rows of bytes', [Uint8Array.from(first), Uint8Array.from(second)]],
  ['rows of floats', [Float32Array.from(first), Float64Array.from(second)]],
  ['rows of numbers', [first, second]],
  ['nested images', [nested, [second.slice(0, 3), second.slice(3)]]],
  [
    'nested typed lines',
    [
      [Uint8Array.from(nested[0]!), nested[1]!],
      [second.slice(0, 3), second.slice(3)],
    ],
  ],
  ['pixels', [grey(first), grey(second)]],
] as const)('two images as %s', (_, x) => {
  test('are two rows of bytes', () => {
    expect(imageRows(x, input)).toEqual({ rows: 2, data: Uint8Array.from(both) });
  });
});

test.each([
  ['bytes', Uint8Array.from(first)],
  ['numbers', first],
  ['a list of one', [first]],
  ['nested lines', nested],
  ['pixels', grey(first)],
] as const)('one image as %s is one row', (_, x) => {
  expect(imageRows(x, input)).toEqual({ rows: 1, data: Uint8Array.from(first) });
});

test.each([[[]], [new Uint8Array(0)], [new Float32Array(0)]])('nothing is no rows', (x) => {
  expect(imageRows(x, input).rows).toBe(0);
});

test('pixels count by luminance and opacity, or by colour', () => {
  const data = new Uint8ClampedArray(24);
  data.set([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 128, 255, 255, 255, 0]);
  const pixels = { data, width: 3, height: 2 };
  expect([...imageRows(pixels, input).data]).toEqual([76, 150, 29, 128, 0, 0]);
  expect([...imageRows(pixels, colour).data.slice(0, 12)]).toEqual([
    255, 0, 0, 0, 255, 0, 0, 0, 255, 128, 128, 128,
  ]);
});

test('colour images nest by height, width and channel', () => {
  const image = [0, 1].map((row) => [0, 1, 2].map((column) => [row, column, 7]));
  const flat = image.flat(2);
  expect(imageRows(image, colour)).toEqual({ rows: 1, data: Uint8Array.from(flat) });
  expect(imageRows([image, image], colour).rows).toBe(2);
});

describe('a wrong image is refused where it is wrong', () => {
  test.each([
    ['INPUT_SHAPE', 'x', new Uint8Array(7)],
    ['INPUT_SHAPE', 'x', [1, 2, 3]],
    ['INPUT_SHAPE', 'x', 5],
    ['INPUT_SHAPE', 'x', null],
    ['INPUT_SHAPE', 'x', 'image'],
    ['INPUT_SHAPE', 'x, row 1', [first, [1, 2, 3]]],
    ['INPUT_SHAPE', 'x, row 1', [first, null]],
    ['INPUT_SHAPE', 'x, row 0', [[1, 2, 3, 4, 5, 6, 7]]],
    [
      'INPUT_SHAPE',
      'x, row 1',
      [
        nested,
        [
          [1, 2, 3],
          [4, 5],
        ],
      ],
    ],
    ['INPUT_SHAPE', 'x, row 0', { ...grey(first), width: 2 }],
    ['INPUT_SHAPE', 'x, row 0', { ...grey(first), data: new Uint8ClampedArray(6) }],
    ['INPUT_TYPE', 'x, row 1, column 2', [first, [0, 0, 0.5, 0, 0, 0]]],
    ['INPUT_TYPE', 'x, row 0, column 0', Float32Array.of(-1, 0, 0, 0, 0, 0)],
    ['INPUT_TYPE', 'x, row 0, column 5', [0, 0, 0, 0, 0, 256]],
    ['INPUT_TYPE', 'x, row 0, column 1', [0, '1', 0, 0, 0, 0]],
    ['INPUT_NOT_FINITE', 'x, row 1, column 3', Float32Array.of(...first, 1, 2, 3, Number.NaN, 5, 6)],
    [
      'INPUT_NOT_FINITE',
      'x, row 0, column 2',
      [
        [1, 2, Infinity],
        [4, 5, 6],
      ],
    ],
  ])('%s at %s (fault 68, fault 70)', (code, place, x) => {
    expect(() => imageRows(x as never, input)).toThrow(expect.objectContaining({ code, place }));
  });
});

describe('latents', () => {
  test.each([
    ['flat', [0.5, -1, 2, 3]],
    ['floats', Float32Array.of(0.5, -1, 2, 3)],
    ['a list', [Float32Array.of(0.5, -1), [2, 3]]],
  ] as const)('as %s are rows', (_, z) => {
    expect(latentRows(z, 2)).toEqual({ rows: 2, data: Float32Array.of(0.5, -1, 2, 3) });
  });

  test('are refused where they are wrong', () => {
    expect(() => latentRows([1, 2, 3], 2)).toThrow(
      expect.objectContaining({ code: 'INPUT_SHAPE', place: 'z' }),
    );
    expect(() =>
      latentRows(
        [
          [1, 2],
          [3, Number.NaN],
        ],
        2,
      ),
    ).toThrow(expect.objectContaining({ code: 'INPUT_NOT_FINITE', place: 'z, row 1, column 1' }));
  });
});

describe('labels', () => {
  const names = ['ant', 'bee', '0'];

  test('are names or indices, one for all or one for each', () => {
    expect(labelIndices('bee', 2, names)).toEqual([1, 1]);
    expect(labelIndices([0, 'bee', '0'], 3, names)).toEqual([0, 1, 2]);
  });

  test.each([['wasp'], ['1'], [3], [-1], [0.5], [Number.NaN]])('%j is unknown', (label) => {
    expect(() => labelIndices(['ant', label], 2, names)).toThrow(
      expect.objectContaining({ code: 'LABEL_UNKNOWN', place: 'labels, row 1' }),
    );
  });

  test('are as many as rows', () => {
    expect(() => labelIndices(['ant'], 2, names)).toThrow(expect.objectContaining({ code: 'INPUT_SHAPE' }));
  });
});
