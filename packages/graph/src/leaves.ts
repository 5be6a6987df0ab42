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

/** A tensor known when the graph is written. */
export const constant = (data: TypedData, shape: readonly number[], type: ElementType = 'float32'): Value =>
  leafValue({ kind: 'constant', data }, fixed(shape), type);

/** A number as a rank-0 float32 constant. */
export const scalar = (number: number): Value => constant(Float32Array.of(number), []);

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
