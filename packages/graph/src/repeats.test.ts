import { expect, test } from 'vitest';
import { graph } from './graph.ts';
import { constant, input, noise } from './leaves.ts';
import { add, div, exp, mul, sub } from './ops/elementwise.ts';
import { sum } from './ops/reduce.ts';
import { interpret, tensor } from './reference.ts';
import { withoutRepeats } from './repeats.ts';
import { reached, type Value } from './value.ts';

const x = input('x', [3]);
const two = () => constant(Float32Array.of(2), [1]);
const opsOf = (value: Value) => reached([value]).flatMap(({ op, leaf }) => (leaf ? [] : [op.name]));
const rewritten = (y: Value): Value => withoutRepeats(graph('g', { y })).outputs.y!;

test('equal values are computed once, however deep they lie, and give what they gave', () => {
  const part = () => exp(mul(x, two()));
  const y = add(part(), sub(part(), 1));
  expect(opsOf(rewritten(y))).toEqual(['Mul', 'Exp', 'Sub', 'Add']);
  const feeds = { x: tensor([3], (i) => i / 3) };
  expect(interpret([rewritten(y)], feeds)).toEqual(interpret([y], feeds));
});

test('values that differ in an input, a constant, an attribute or a leaf stay apart', () => {
  const drawn = (name: string) => noise(name, [3], 'normal');
  for (const [a, b] of [
    [sub(x, two()), sub(two(), x)],
    [mul(x, 2), mul(x, 3)],
    [sum(x, [0]), sum(x, [0], { keep: true })],
    [exp(drawn('first')), exp(drawn('second'))],
    [div(x, constant(Float32Array.of(0), [1])), div(x, constant(Float32Array.of(-0), [1]))],
  ] as const)
    expect(opsOf(rewritten(add(a, b))).length).toBe(3);
});
