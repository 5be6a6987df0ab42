import { type Graph, graph } from './graph.ts';
import { rebuilt } from './rebuilt.ts';
import { showData } from './typed-data.ts';
import type { Value } from './value.ts';

/** What values must have in common to be equal: the op, all that it is told, and its inputs by their numbers. */
function keyOf({ op, type, shape, attributes, leaf }: Value, inputs: readonly number[]): string {
  const told = JSON.stringify([op.domain, op.name, op.output, type, shape, attributes, inputs]);
  return leaf?.kind === 'constant' ? told + showData(leaf.data) : told;
}

/** The same graph, equal values computed once (common subexpression elimination). Named leaves are themselves alone. */
export function withoutRepeats({ name, outputs }: Graph): Graph {
  const numbers = new Map<Value, number>();
  const known = new Map<string, Value>();
  const firstLike = (value: Value): Value => {
    if (value.leaf && value.leaf.kind !== 'constant') return value;
    const key = keyOf(
      value,
      value.inputs.map((input) => numbers.get(input)!),
    );
    const first = known.get(key) ?? value;
    known.set(key, first);
    return first;
  };
  const made = rebuilt(Object.values(outputs), (_, ofMade) => {
    const first = firstLike(ofMade);
    if (!numbers.has(first)) numbers.set(first, numbers.size);
    return first;
  });
  return graph(name, Object.fromEntries(Object.entries(outputs).map(([of, value]) => [of, made(value)])));
}
