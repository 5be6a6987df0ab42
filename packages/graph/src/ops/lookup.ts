import { GraphError, ShapeError } from '../errors.ts';
import { integers } from '../leaves.ts';
import { coordinates, flatIndex, tensor, textsOf } from '../reference.ts';
import { axisOf, sameShape, showShape } from '../shape.ts';
import type { Op, Value } from '../value.ts';
import { mul } from './elementwise.ts';
import { oneHot } from './gather.ts';
import { unsqueeze } from './layout.ts';
import { sum } from './reduce.ts';

const labelEncoderOp: Op = {
  name: 'LabelEncoder',
  domain: 'ai.onnx.ml',
  reference: (y, [a]) => {
    const { keys_strings: keys, default_int64: missing } = y.attributes;
    const found = textsOf(a!).map((text) => (keys as readonly string[]).indexOf(text));
    return tensor(a!.shape, (index) => (found[index]! < 0 ? (missing as number) : found[index]!));
  },
};

function repeated(keys: readonly string[]): string | undefined {
  const seen = new Set<string>();
  const twice = keys.find((key) => seen.size === seen.add(key).size);
  return twice === undefined ? undefined : `the key ${JSON.stringify(twice)} is there twice`;
}

interface Missing {
  readonly missing?: number;
}

/**
 * Each text's place (int64) in `keys`, or `missing` (−1) where it is none of them. Throws `TYPES` for what are no texts,
 * and `KEYS` for no keys or for one that is there twice.
 */
export function labelEncoder(a: Value, keys: readonly string[], { missing = -1 }: Missing = {}): Value {
  const place = `LabelEncoder of ${showShape(a.shape)}`;
  if (a.type !== 'string')
    throw new GraphError('TYPES', `${a.type} instead of texts`, place, 'Give it a value of type string.');
  const problem = keys.length === 0 ? 'no keys' : repeated(keys);
  if (problem) throw new GraphError('KEYS', problem, place, 'Give it at least one key, and each key once.');
  const attributes = {
    keys_strings: keys,
    values_int64s: keys.map((_, i) => i),
    default_int64: missing,
  };
  return { op: labelEncoderOp, inputs: [a], shape: a.shape, type: 'int64', attributes };
}

const gatherElementsOp: Op = {
  name: 'GatherElements',
  reference: (y, [a, indices]) => {
    const axis = y.attributes.axis as number;
    return tensor(
      indices!.shape,
      (index) =>
        a!.data[flatIndex(coordinates(index, indices!.shape).with(axis, indices!.data[index]!), a!.shape)]!,
    );
  },
  // Σ over what was picked, each as a one-hot row
  gradient: (dy, y) => {
    const [a, indices] = y.inputs as readonly [Value, Value];
    return [sum(mul(unsqueeze(dy, -1), oneHot(indices, a.shape.at(-1) as number)), [-2]), null];
  },
};

/**
 * Along the last axis, the elements of `a` [..., n] at int64 indices [..., k] of their own for every row: [..., k].
 * Throws `TYPES` for other indices, and `SHAPES` where the axes before the last differ.
 */
export function gatherElements(a: Value, indices: Value): Value {
  const place = `GatherElements of ${showShape(a.shape)}`;
  if (indices.type !== 'int64')
    throw new ShapeError('TYPES', `indices of type ${indices.type}`, place, 'Use int64 indices.');
  if (!sameShape(a.shape.slice(0, -1), indices.shape.slice(0, -1))) {
    const remedy = 'The axes before the last must be equal.';
    throw new ShapeError('SHAPES', `indices ${showShape(indices.shape)}`, place, remedy);
  }
  const axis = axisOf(a.shape, -1);
  return {
    op: gatherElementsOp,
    inputs: [a, indices],
    shape: indices.shape,
    type: a.type,
    attributes: { axis },
  };
}

/** The indices: the second output of ONNX's TopK. */
const topKOp: Op = {
  name: 'TopK',
  output: 1,
  reference: (y, [a]) => {
    const size = a!.shape.at(-1)!;
    const k = y.shape.at(-1) as number;
    const shape = a!.shape.with(-1, k);
    const sense = y.attributes.largest === 1 ? -1 : 1;
    const orderOf = (row: number): number[] => {
      const values = a!.data.subarray(row * size, (row + 1) * size);
      return Array.from(values, (_, i) => i).sort((i, j) => sense * (values[i]! - values[j]!) || i - j);
    };
    return tensor(shape, (index) => orderOf(Math.floor(index / k))[index % k]!);
  },
};

interface Largest {
  readonly largest?: boolean;
}

/**
 * The k largest (or smallest) along the last axis [..., n], best first, ties by the lower index: their values and their
 * int64 indices, both [..., k]; slopes pass through the values. Throws `RANGE` where there are no k.
 */
export function topK(
  a: Value,
  k: number,
  { largest = true }: Largest = {},
): { readonly values: Value; readonly indices: Value } {
  const axis = axisOf(a.shape, -1);
  const size = a.shape[axis]!;
  if (!Number.isInteger(k) || k < 1 || (typeof size === 'number' && k > size))
    throw new ShapeError('RANGE', `no ${k} of ${size}`, `TopK of ${showShape(a.shape)}`, `Use 1 to ${size}.`);
  const indices: Value = {
    op: topKOp,
    inputs: [a, integers([k])],
    shape: a.shape.with(-1, k),
    type: 'int64',
    attributes: { axis, largest: Number(largest), sorted: 1 },
  };
  return { values: gatherElements(a, indices), indices };
}
