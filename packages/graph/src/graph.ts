import { GraphError } from './errors.ts';
import { showShape } from './shape.ts';
import { type LeafValue, leavesOf, type Value } from './value.ts';

/** Named outputs, and the named leaves that they reach: what can be printed, encoded and run. */
export interface Graph {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Value>>;
  readonly inputs: readonly LeafValue<'input'>[];
  readonly parameters: readonly LeafValue<'parameter'>[];
  readonly noises: readonly LeafValue<'noise'>[];
}

/** The graph of these outputs. Throws `LEAF_NAMES` where two leaves, or an output and a leaf, share a name. */
export function graph(name: string, outputs: Readonly<Record<string, Value>>): Graph {
  const values = Object.values(outputs);
  const taken = new Map<string, Value>();
  for (const leaf of leavesOf(values, 'input', 'parameter', 'noise')) {
    const before = taken.get(leaf.leaf.name);
    if (before) {
      const problem = `two leaves are named '${leaf.leaf.name}', ${showShape(before.shape)} and ${showShape(leaf.shape)}`;
      throw new GraphError('LEAF_NAMES', problem, `graph '${name}'`, 'Share one leaf, or name them apart.');
    }
    taken.set(leaf.leaf.name, leaf);
  }
  const hidden = Object.keys(outputs).find((output) => taken.has(output));
  if (hidden !== undefined) {
    const problem = `an output and a leaf are both named '${hidden}'`;
    throw new GraphError('LEAF_NAMES', problem, `graph '${name}'`, 'Name the output otherwise.');
  }
  return {
    name,
    outputs,
    inputs: leavesOf(values, 'input'),
    parameters: leavesOf(values, 'parameter'),
    noises: leavesOf(values, 'noise'),
  };
}
