import { stopGradient } from './ops/elementwise.ts';
import { rebuilt } from './rebuilt.ts';
import type { LeafValue, Value } from './value.ts';

/**
 * What a value would be with others in place of some of its leaves: the same ops, made anew where they reach one of those.
 * No slope passes through it.
 */
export function replaced(value: Value, by: (leaf: LeafValue) => Value | undefined): Value {
  const isNamed = ({ leaf }: Value) => leaf !== undefined && leaf.kind !== 'constant';
  const made = rebuilt([value], (each, ofMade) => (isNamed(each) && by(each as LeafValue)) || ofMade);
  return stopGradient(made(value));
}
