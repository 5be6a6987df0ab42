import { GraphError } from './errors.ts';
import { fixed, padded, type Shape, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';
import { reached, type TypedData, type Value } from './value.ts';

export const tensor = (shape: readonly number[], fill: (index: number) => number): Tensor => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, (_, index) => fill(index)),
});

const met: string[] = [];
const places = new Map<string, number>();

function placeOf(text: string): number {
  const place = places.get(text) ?? met.push(text) - 1;
  places.set(text, place);
  return place;
}

/** Texts as the interpreter takes them. */
export const textTensor = (shape: readonly number[], texts: readonly string[]): Tensor => ({
  shape,
  data: Float64Array.from(texts, placeOf),
});

/** The texts of a value of type `string`, row-major, as the interpreter has computed it. */
export const textsOf = ({ data }: Tensor): string[] => Array.from(data, (place) => met[place]!);

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The coordinates of the element at a flat index. */
export const coordinates = (index: number, shape: readonly number[]): number[] =>
  stridesOf(shape).map((stride, axis) => Math.floor(index / stride) % shape[axis]!);

/** The flat index of the element at these coordinates. */
export const flatIndex = (at: readonly number[], shape: readonly number[]): number =>
  stridesOf(shape).reduce((sum, stride, axis) => sum + stride * at[axis]!, 0);

/** The element of `source` that broadcasting puts at these coordinates. */
export function broadcastAt(source: Tensor, at: readonly number[]): number {
  const own = at.slice(at.length - source.shape.length);
  return source.data[
    flatIndex(
      own.map((i, axis) => (source.shape[axis] === 1 ? 0 : i)),
      source.shape,
    )
  ]!;
}

/** The shape that tensors broadcast to. */
export function broadcastShape(tensors: readonly Tensor[]): number[] {
  const rank = Math.max(...tensors.map((each) => each.shape.length));
  const shapes = tensors.map((each) => padded(each.shape, rank) as readonly number[]);
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis]!);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

export type Feeds = Readonly<Record<string, Tensor>>;

const constantTensor = (shape: readonly number[], data: TypedData): Tensor =>
  Array.isArray(data)
    ? textTensor(shape, data)
    : { shape, data: Float64Array.from(data as ArrayLike<number>, Number) };

function leafTensor(value: Value, feeds: Feeds): Tensor {
  const leaf = value.leaf!;
  if (leaf.kind === 'constant') return constantTensor(fixed(value.shape), leaf.data);
  const fed = feeds[leaf.name];
  if (fed) return fed;
  throw new GraphError(
    'FEED_MISSING',
    `nothing was fed for ${leaf.kind} '${leaf.name}'`,
    'reference',
    'Feed every leaf.',
  );
}

/**
 * The outputs computed in float64, one obvious loop per op: slow, and the judge of gradients in tests.
 * Throws `FEED_MISSING` for a leaf without a value. A value that is `held` is taken as given instead of computed.
 */
export function interpret(
  outputs: readonly Value[],
  feeds: Feeds,
  held: ReadonlyMap<Value, Tensor> = new Map(),
): Tensor[] {
  const known = new Map<Value, Tensor>();
  for (const value of reached(outputs)) {
    const inputs = value.inputs.map((input) => known.get(input)!);
    const compute = () => (value.leaf ? leafTensor(value, feeds) : value.op.reference(value, inputs));
    known.set(value, held.get(value) ?? compute());
  }
  return outputs.map((output) => known.get(output)!);
}

/** The shape of a result whose free dimensions are filled in from what was computed. */
export const settledShape = (shape: Shape, total: number): number[] => {
  const known = shape.filter((each) => typeof each === 'number').reduce((product, each) => product * each, 1);
  return shape.map((each) => (typeof each === 'number' ? each : total / known));
};
