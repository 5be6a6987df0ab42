import { expect, test } from 'vitest';
import { gradients } from './gradients.ts';
import { input, parameter } from './leaves.ts';
import { add, exp, mul } from './ops/elementwise.ts';
import { sum } from './ops/reduce.ts';
import { interpret, tensor } from './reference.ts';
import { replaced } from './replaced.ts';
import { leavesOf, type Value } from './value.ts';

const [x, w] = [input('x', [3]), parameter('w', [3], { kind: 'constant', value: 1 })];
const other = input('v', [3]);
const shared = exp(x);
const value = sum(add(mul(shared, w), w));
const forW = (leaf: Value) => (leaf === w ? other : undefined);
const feed = (of: number) => tensor([3], (i) => of + i);

test('is what the same ops give of other leaves', () => {
  const [found] = interpret([replaced(value, forW)], { x: feed(0), v: feed(5) });
  expect(found).toEqual(interpret([value], { x: feed(0), w: feed(5) })[0]);
});

test('shares what reaches none of those', () => {
  const reads = leavesOf([replaced(value, forW)], 'input', 'parameter');
  expect(reads).toEqual([x, other]);
  expect(replaced(shared, forW).inputs[0]).toBe(shared);
});

test('passes no slope', () => {
  expect(() => gradients(replaced(value, forW), [x])).toThrow(expect.objectContaining({ code: 'NO_SLOPE' }));
});
