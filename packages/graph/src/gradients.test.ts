import { expect, test } from 'vitest';
import { gradients } from './gradients.ts';
import { input, parameter } from './leaves.ts';
import { add, mul, stopGradient } from './ops/elementwise.ts';
import { sum } from './ops/reduce.ts';
import { reached } from './value.ts';

const w = parameter('w', [1000, 1000], { kind: 'constant', value: 0 });

test('what the loss does not depend on is refused by name', () => {
  const other = parameter('other', [2], { kind: 'constant', value: 0 });
  const message = expect.objectContaining({ code: 'NO_SLOPE', place: 'other' });
  expect(() => gradients(sum(w), [other])).toThrow(message);
  expect(() => gradients(sum(stopGradient(other)), [other])).toThrow(message);
});

test('the slope of a sum is not spread out before it must be', () => {
  const [slope] = gradients(sum(add(mul(w, 3), 1)), [w]);
  const large = reached([slope!]).filter(({ shape }) => shape.length === 2 && shape[0] === 1000);
  expect(large.map(({ op }) => op.name)).toEqual(['Expand']);
});

test('slopes of slopes are slopes', async () => {
  const { interpret } = await import('./reference.ts');
  const a = input('a', []);
  const cube = mul(mul(a, a), a);
  const [first] = gradients(cube, [a]);
  const [second] = gradients(first!, [a]);
  const [found] = interpret([second!], { a: { shape: [], data: Float64Array.of(5) } });
  expect(found!.data[0]).toBe(30);
});
