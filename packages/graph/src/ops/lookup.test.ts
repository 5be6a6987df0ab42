import { expect, test } from 'vitest';
import { constant, input, integers, texts } from '../leaves.ts';
import { interpret, textsOf, textTensor } from '../reference.ts';
import type { Value } from '../value.ts';
import { gather } from './gather.ts';
import { gatherElements, labelEncoder, topK } from './lookup.ts';

const numbersOf = (value: Value): number[] => Array.from(interpret([value], {})[0]!.data);
const row = (...numbers: number[]) => constant(Float64Array.from(numbers), [numbers.length]);

test('a text is its place among the keys, or what stands for the rest', () => {
  const cells = texts(['b', '', 'nowhere', 'a']);
  expect(numbersOf(labelEncoder(cells, ['a', 'b', '']))).toEqual([1, 2, -1, 0]);
  expect(numbersOf(labelEncoder(cells, ['a', 'b', ''], { missing: 7 }))).toEqual([1, 2, 7, 0]);
});

test('the best come first, and of equals the one that stands first', () => {
  const scores = row(3, 9, -1, 9, 3);
  const [largest, smallest] = [topK(scores, 3), topK(scores, 3, { largest: false })];
  expect([numbersOf(largest.values), numbersOf(largest.indices)]).toEqual([
    [9, 9, 3],
    [1, 3, 0],
  ]);
  expect([numbersOf(smallest.values), numbersOf(smallest.indices)]).toEqual([
    [-1, 3, 3],
    [2, 0, 4],
  ]);
});

test('every row has indices of its own', () => {
  const table = constant(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const indices = constant(BigInt64Array.of(2n, 0n, 1n, 1n), [2, 2], 'int64');
  expect(numbersOf(gatherElements(table, indices))).toEqual([3, 1, 5, 5]);
});

test('texts that are fed come out as they went in', () => {
  const names = input('names', ['rows', 2], 'string');
  const given = textTensor([2, 2], ['a', 'ü', '', 'a']);
  const [second] = interpret([gather(names, integers([1]), 1)], { names: given });
  expect([second!.shape, textsOf(second!)]).toEqual([
    [2, 1],
    ['ü', 'a'],
  ]);
});
