import { type Dimension, fixed, type Shape } from './shape.ts';
import type { ElementType, Initial, Leaf, LeafValue, Op, TypedData, Value } from './value.ts';

const leafOp = (name: string): Op => ({
  name,
  reference: () => {
    throw new Error(`${name} is fed, not computed`);
  },
});
const ops = {
  input: leafOp('Input'),
  parameter: leafOp('Parameter'),
  noise: leafOp('Noise'),
  constant: leafOp('Constant'),
};

const leafValue = <L extends Leaf>(leaf: L, shape: Shape, type: ElementType) => ({
  op: ops[leaf.kind],
  inputs: [],
  shape,
  type,
  attributes: {},
  leaf,
});

/** A tensor given at every run. */
export const input = (name: string, shape: Shape, type: ElementType = 'float32'): LeafValue<'input'> =>
  leafValue({ kind: 'input', name }, shape, type);

/** A tensor that training changes and that shipping freezes. */
export const parameter = (name: string, shape: Shape, initial: Initial): LeafValue<'parameter'> =>
  leafValue({ kind: 'parameter', name, initial }, shape, 'float32');

/** Fresh standard normal or uniform [0, 1) numbers at every run. */
export const noise = (
  name: string,
  shape: Shape,
  distribution: 'normal' | 'uniform' = 'normal',
): LeafValue<'noise'> => leafValue({ kind: 'noise', name, distribution }, shape, 'float32');

function typeOf(data: TypedData): ElementType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Uint8Array ? 'uint8' : 'string';
}

/** A tensor known when the graph is written; its element type is its data's, unless bytes are said to be `bool`. */
export const constant = (data: TypedData, shape: readonly number[], type = typeOf(data)): Value =>
  leafValue({ kind: 'constant', data }, fixed(shape), type);

const single: Partial<Record<ElementType, (number: number) => TypedData>> = {
  float64: (number) => Float64Array.of(number),
  int64: (number) => BigInt64Array.of(BigInt(number)),
  uint8: (number) => Uint8Array.of(number),
};

/** A number as a rank-0 constant: float64, int64 or uint8 where that is asked for, else float32. */
export const scalar = (number: number, type: ElementType = 'float32'): Value =>
  constant(single[type]?.(number) ?? Float32Array.of(number), []);

/** Texts as a constant, of rank 1 unless another shape is given. */
export const texts = (all: readonly string[], shape: readonly number[] = [all.length]): Value =>
  constant(all, shape);

/** Whole numbers as a rank-1 int64 constant: axes, shapes, indices. */
export const integers = (numbers: readonly Dimension[]): Value =>
  constant(
    BigInt64Array.from(numbers, (each) => (typeof each === 'number' ? BigInt(each) : -1n)),
    [numbers.length],
    'int64',
  );

/** The identity matrix: every class as a one-hot row. */
export const identityMatrix = (size: number): Value =>
  constant(
    Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
    [size, size],
  );
