import { type Graph, graph } from './graph.ts';
import { showData } from './typed-data.ts';
import { reached, type Value } from './value.ts';

/** What values must have in common to be equal: the op, all that it is told, and its inputs by their numbers. */
function keyOf({ op, type, shape, attributes, leaf }: Value, inputs: readonly number[]): string {
  const told = JSON.stringify([op.domain, op.name, op.output, type, shape, attributes, inputs]);
  return leaf?.kind === 'constant' ? told + showData(leaf.data) : told;
}

/** The same graph, equal values computed once (common subexpression elimination). Named leaves are themselves alone. */
export function withoutRepeats({ name, outputs }: Graph): Graph {
  const made = new Map<Value, Value>();
  const numbers = new Map<Value, number>();
  const known = new Map<string, Value>();
  const onlyOf = (value: Value): Value => {
    if (value.leaf && value.leaf.kind !== 'constant') return value;
    const key = keyOf(
      value,
      value.inputs.map((input) => numbers.get(input)!),
    );
    const first = known.get(key) ?? value;
    known.set(key, first);
    return first;
  };
  for (const each of reached(Object.values(outputs))) {
    const inputs = each.inputs.map((input) => made.get(input)!);
    const same = inputs.every((input, i) => input === each.inputs[i]);
    const only = onlyOf(same ? each : { ...each, inputs });
    made.set(each, only);
    if (!numbers.has(only)) numbers.set(only, numbers.size);
  }
  const kept = Object.entries(outputs).map(([of, value]) => [of, made.get(value)!]);
  return graph(name, Object.fromEntries(kept));
}
