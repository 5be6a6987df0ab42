import {
  constant,
  type Feeds,
  input,
  integers,
  interpret,
  type LeafValue,
  mul,
  reached,
  reshape,
  type Tensor,
  type Value,
} from '@semivae/graph';
import { examples, placed } from './examples.ts';

/** An op alone: its differentiable inputs are leaves, fed with what an example computes for them. */
interface Isolated {
  readonly value: Value;
  readonly wrt: readonly LeafValue[];
  readonly feeds: Feeds;
}

/** Conditions and indices, which have no slope, as constants. */
const frozen = ({ type }: Value, { shape, data }: Tensor): Value =>
  type === 'bool'
    ? constant(Uint8Array.from(data), shape, 'bool')
    : reshape(integers(Array.from(data)), shape);

function isolated(node: Value, at: Feeds): Isolated {
  const found = interpret(node.inputs, at).map(({ shape, data }) => ({ shape, data: data.map(Math.fround) }));
  const inputs = node.inputs.map((each, i) => {
    if (each.leaf?.kind === 'constant') return each;
    return each.type === 'float32' ? input(`input ${i}`, found[i]!.shape) : frozen(each, found[i]!);
  });
  const { slope: _, ...value } = { ...node, inputs };
  const wrt = inputs.filter((each): each is LeafValue => each.leaf?.kind === 'input');
  return { value, wrt, feeds: Object.fromEntries(found.map((each, i) => [`input ${i}`, each])) };
}

const isolatedIn = ({ value, feeds }: ReturnType<typeof placed>): Isolated[] =>
  reached([value])
    .filter(({ op }) => op.gradient)
    .map((node) => isolated(node, feeds))
    .filter(({ wrt }) => wrt.length > 0);

const all = examples.flatMap((each) => isolatedIn(placed(each)));
const names = [...new Set(all.map(({ value }) => value.op.name))];

/** Every differentiable op by name, alone, at every place where the examples use it. */
export const isolatedOps: Readonly<Record<string, readonly Isolated[]>> = Object.fromEntries(
  names.map((name) => [name, all.filter(({ value }) => value.op.name === name)]),
);

/** The same value, its op's slopes a hundredth too large. */
export const withWrongRule = (value: Value): Value => ({
  ...value,
  op: {
    ...value.op,
    gradient: (dy, y) => value.op.gradient!(dy, y).map((slope) => slope && mul(slope, 1.01)),
  },
});
