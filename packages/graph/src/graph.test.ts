import { expect, test } from 'vitest';
import { gradients } from './gradients.ts';
import { graph } from './graph.ts';
import { input, noise, parameter } from './leaves.ts';
import { add, mul } from './ops/elementwise.ts';
import { linear } from './ops/linear.ts';
import { sum } from './ops/reduce.ts';
import { print } from './print.ts';
import { reached, type Value } from './value.ts';

const x = input('x', ['batch', 3]);
const w = parameter('w', [3, 2], { kind: 'normal', scale: 0.1 });
const e = noise('e', [2]);
const small = graph('small', { y: add(linear(x, w), mul(e, 0.5)) });

test('a graph is what its outputs reach', () => {
  expect(small.inputs).toEqual([x]);
  expect(small.parameters).toEqual([w]);
  expect(small.noises).toEqual([e]);
  expect(graph('one', { y: add(x, 1) }).parameters).toEqual([]);
});

test('names are not shared: by two leaves, or by an output and a leaf', () => {
  const code = expect.objectContaining({ code: 'LEAF_NAMES' });
  expect(() => graph('two', { y: add(x, input('x', [3])) })).toThrow(code);
  expect(() => graph('two', { y: add(x, input('x', [3])) })).toThrow(/'x', \[batch, 3\] and \[3\]/);
  expect(() => graph('same', { x: add(x, 1) })).toThrow(code);
});

test('a graph prints a line for each leaf, node and output', () => {
  expect(print(small)).toBe(
    [
      'graph small',
      '  input x float32[batch, 3]',
      '  noise e float32[2]',
      '  parameter w float32[3, 2]',
      '  %1 = Gemm(x, w) float32[batch, 2]',
      '  %2 = Mul(e, 0.5) float32[2]',
      '  %3 = Add(%1, %2) float32[batch, 2]',
      '  y <- %3',
      '',
    ].join('\n'),
  );
});

test('values come after their inputs, once each, however deep the graph', () => {
  let deep: Value = x;
  for (let i = 0; i < 20_000; i++) deep = add(deep, deep);
  const order = reached([deep]);
  expect(order).toHaveLength(20_001);
  expect(order.indexOf(x)).toBe(0);
  const shallow = parameter('shallow', [], { kind: 'constant', value: 0 });
  let loss: Value = shallow;
  for (let i = 0; i < 1_000; i++) loss = mul(loss, 1);
  expect(gradients(sum(loss), [shallow])).toHaveLength(1);
});
