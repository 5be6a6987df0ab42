import { stopGradient } from './ops/elementwise.ts';
import { type LeafValue, reached, type Value } from './value.ts';

/**
 * What a value would be with others in place of some of its leaves: the same ops, made anew where they reach one of those.
 * No slope passes through it.
 */
export function replaced(value: Value, by: (leaf: LeafValue) => Value | undefined): Value {
  const made = new Map<Value, Value>();
  for (const each of reached([value])) {
    const inputs = each.inputs.map((input) => made.get(input)!);
    const same = inputs.every((input, i) => input === each.inputs[i]);
    const named = each.leaf && each.leaf.kind !== 'constant';
    made.set(each, (named && by(each as LeafValue)) || (same ? each : { ...each, inputs }));
  }
  return stopGradient(made.get(value)!);
}
