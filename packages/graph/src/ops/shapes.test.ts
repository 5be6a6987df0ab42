import { describe, expect, test } from 'vitest';
import { mean } from '../functions.ts';
import { input, integers, texts } from '../leaves.ts';
import { interpret, tensor } from '../reference.ts';
import { reached, type Value } from '../value.ts';
import { add, cast, equal, max, min, where } from './elementwise.ts';
import { gather } from './gather.ts';
import { concat, expand, reshape, rows, slice, squeeze, transpose, unsqueeze } from './layout.ts';
import { gemm, linear, matmul } from './linear.ts';
import { gatherElements, labelEncoder, topK } from './lookup.ts';
import { argMax, softmax, sum } from './reduce.ts';

const matrix = input('matrix', [2, 3]);
const cube = input('cube', [2, 3, 4]);
const batch = input('batch rows', ['batch', 10, 3]);

describe('a shape that does not fit is refused, by op and shapes', () => {
  const wrong: readonly [string, () => Value, RegExp][] = [
    ['SHAPES', () => add(matrix, input('b', [2])), /^Add: .*\[2, 3\].*\[2\]/],
    ['SHAPES', () => where(input('c', [4], 'bool'), matrix, 0), /^Where: .*\[4\].*\[2, 3\]/],
    ['SHAPES', () => gemm(matrix, matrix), /^Gemm: \[2, 3\] times \[2, 3\]/],
    ['SHAPES', () => gemm(matrix, cube), /^Gemm: /],
    ['SHAPES', () => gemm(matrix, matrix, { transA: true, transB: true }), /\[2, 3\]ᵀ times \[2, 3\]ᵀ/],
    ['SHAPES', () => gemm(matrix, matrix, { transB: true, c: input('c', [5]) }), /^Gemm: .*\[5\].*\[2, 2\]/],
    [
      'SHAPES',
      () => gemm(matrix, matrix, { transB: true, c: input('c', [7, 2, 2]) }),
      /^Gemm: .*\[7, 2, 2\]/,
    ],
    ['SHAPES', () => matmul(cube, cube), /^MatMul: \[2, 3, 4\] times \[2, 3, 4\]/],
    ['SHAPES', () => matmul(cube, input('b', [3, 4, 2])), /^MatMul: shapes \[2\] and \[3\]/],
    ['SHAPES', () => concat([matrix, cube], 0), /^Concat: \[2, 3\] and \[2, 3, 4\]/],
    ['SHAPES', () => expand(matrix, [1, 3]), /^Expand: \[2, 3\]/],
    ['RESHAPE', () => reshape(matrix, [4]), /^Reshape: \[2, 3\].*\[4\]/],
    ['RESHAPE', () => squeeze(matrix, 0), /^Reshape: \[2, 3\]/],
    ['RANGE', () => slice(matrix, 1, 2, 4), /^Slice of \[2, 3\]: no range 2 to 4 on axis 1/],
    ['AXIS', () => sum(matrix, [2]), /^\[2, 3\]: no axis 2/],
    ['TYPES', () => add(matrix, cast(matrix, 'int64')), /^Add: a float32 and a int64/],
    ['TYPES', () => where(matrix, 1, 0), /^Where: a float32 condition/],
    [
      'TYPES',
      () => where(input('c', [3], 'bool'), matrix, cast(matrix, 'int64')),
      /^Where: a float32 and a int64/,
    ],
    ['TYPES', () => gather(matrix, matrix), /^Gather of \[2, 3\]: indices of type float32/],
    ['TYPES', () => gatherElements(matrix, matrix), /^GatherElements of \[2, 3\]: indices of type float32/],
    ['SHAPES', () => gatherElements(matrix, integers([0, 1])), /^GatherElements of \[2, 3\]: indices \[2\]/],
    ['RANGE', () => topK(matrix, 4).values, /^TopK of \[2, 3\]: no 4 of 3/],
    ['RANGE', () => topK(matrix, 0).values, /^TopK of \[2, 3\]: no 0 of 3/],
    ['TYPES', () => labelEncoder(matrix, ['a']), /^LabelEncoder of \[2, 3\]: float32 instead of texts/],
    ['KEYS', () => labelEncoder(texts(['a']), []), /^LabelEncoder of \[1\]: no keys/],
    ['KEYS', () => labelEncoder(texts(['a']), ['b', 'ä', 'ä']), /the key "ä" is there twice/],
    ['TYPES', () => equal(texts(['a']), texts(['a'])), /^Equal: texts \[1\]/],
    ['TYPES', () => add(texts(['a']), 1), /^Add: a string and a float32/],
    ['TYPES', () => cast(texts(['a']), 'float32'), /^Cast: string \[1\] to float32/],
    ['TYPES', () => cast(matrix, 'string'), /^Cast: float32 \[2, 3\] to string/],
    ['SYMBOLIC', () => mean(batch), /'batch'/],
  ];
  test.each(wrong.map(([code, build, message]) => ({ code, build, message })))('$code: $message', (each) => {
    const { code, build, message } = each;
    expect(build).toThrow(expect.objectContaining({ code }));
    expect(build).toThrow(message);
  });
});

describe('a free batch', () => {
  test('goes through layers, folded into rows and back', () => {
    const out = linear(batch, input('w', [3, 4]), input('b', [4]));
    expect(out.shape).toEqual(['batch', 10, 4]);
    expect(reached([out]).map(({ shape }) => shape)).toContainEqual(['10batch', 4]);
    expect(rows(batch).shape).toEqual(['10batch', 3]);
    expect(unsqueeze(batch, 1).shape).toEqual(['batch', 1, 10, 3]);
    expect(transpose(batch).shape).toEqual(['batch', 3, 10]);
    expect(argMax(softmax(batch)).shape).toEqual(['batch', 10]);
    expect(gather(batch, integers([1, 0]), 1).shape).toEqual(['batch', 2, 3]);
    expect(gather(matrix, argMax(batch)).shape).toEqual(['batch', 10, 3]);
    expect(topK(batch, 2).values.shape).toEqual(['batch', 10, 2]);
    expect(mean(batch, [1]).shape).toEqual(['batch', 3]);
  });

  test.each([1, 2, 7])('of %i rows is computed row by row', (size) => {
    const out = sum(linear(batch, input('w', [3, 4])), [1, 2]);
    const data = tensor([size, 10, 3], (i) => Math.sin(i));
    const w = tensor([3, 4], (i) => i - 5);
    const [whole] = interpret([out], { 'batch rows': data, w });
    const last = { shape: [1, 10, 3], data: data.data.slice(-30) };
    const [alone] = interpret([out], { 'batch rows': last, w });
    expect(whole!.shape).toEqual([size]);
    expect(whole!.data.at(-1)).toBe(alone!.data[0]);
  });
});

describe('a reshape', () => {
  test('of a reshape is one, and none where the shape is back', () => {
    expect(reshape(reshape(cube, [6, 4]), [24]).inputs[0]).toBe(cube);
    expect(squeeze(unsqueeze(cube, 1), 1)).toBe(cube);
  });

  test('of a constant is a constant', () => {
    expect(reshape(integers([1, 2]), [1, 2])).toMatchObject({ shape: [1, 2], leaf: { kind: 'constant' } });
  });
});

test('a number takes the element type of the value beside it', () => {
  const types = ['float32', 'float64', 'int64', 'uint8'] as const;
  for (const type of types) {
    expect(add(1, input('a', [2], type)).inputs.map((each) => each.type)).toEqual([type, type]);
    expect(where(input('c', [2], 'bool'), input('a', [2], type), 1).type).toBe(type);
  }
});

test('what changes nothing adds no node', () => {
  expect(slice(matrix, 1, 0, 3)).toBe(matrix);
  expect(sum(matrix, [])).toBe(matrix);
  expect(cast(matrix, 'float32')).toBe(matrix);
  expect(expand(matrix, [2, 3])).toBe(matrix);
});

test('at a tie the first is the larger and the smaller one', async () => {
  const { gradients } = await import('../gradients.ts');
  const [a, b] = [input('a', []), input('b', [])];
  const tie = { a: tensor([], () => 2), b: tensor([], () => 2) };
  for (const either of [max, min]) {
    const slopes = interpret(gradients(either(a, b), [a, b]), tie);
    expect(slopes.map(({ data }) => data[0])).toEqual([1, 0]);
  }
});
