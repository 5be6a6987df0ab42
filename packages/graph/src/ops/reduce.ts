import { integers } from '../leaves.ts';
import { coordinates, flatIndex, tensor } from '../reference.ts';
import { axisOf, padded, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Op, Value } from '../value.ts';
import { div, equal, mul, sub, where } from './elementwise.ts';
import { reshape } from './layout.ts';

interface Options {
  readonly keep?: boolean;
}

const withoutAxes = (shape: Shape, axes: readonly number[], keep: boolean): Shape =>
  keep ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : shape.filter((_, i) => !axes.includes(i));

function reduceBy(
  a: Tensor,
  axes: readonly number[],
  keep: boolean,
  start: number,
  step: (so: number, far: number) => number,
): Tensor {
  const kept = withoutAxes(a.shape, axes, true) as number[];
  const result = tensor(kept, () => start);
  a.data.forEach((each, index) => {
    const at = coordinates(index, a.shape).map((i, axis) => (axes.includes(axis) ? 0 : i));
    const to = flatIndex(at, kept);
    result.data[to] = step(result.data[to]!, each);
  });
  return { shape: withoutAxes(a.shape, axes, keep) as number[], data: result.data };
}

/** A slope of a reduced value, with the axes that were reduced put back as ones. */
function restored(dy: Value, y: Value, axes: readonly number[]): Value {
  const full = padded(dy.shape, y.shape.length);
  if (y.attributes.keepdims) return reshape(dy, full);
  const shape = [...full];
  for (const axis of axes) shape.splice(axis, 0, 1);
  return reshape(dy, shape);
}

const axesInput = (y: Value): number[] =>
  Array.from((y.inputs[1]!.leaf as { data: BigInt64Array }).data, Number);

const sumOp: Op = {
  name: 'ReduceSum',
  kind: 'reduction',
  reference: (y, [a, axes]) =>
    reduceBy(a!, [...axes!.data], y.attributes.keepdims === 1, 0, (sum, each) => sum + each),
  gradient: (dy, y) => [restored(dy, y, axesInput(y)), null],
};

const allAxes = (a: Value, axes?: readonly number[]): number[] =>
  (axes ?? a.shape.map((_, axis) => axis))
    .map((axis) => axisOf(a.shape, axis))
    .sort((left, right) => left - right);

/** Summed over the axes (all of them when none are named). */
export function sum(a: Value, axes?: readonly number[], { keep = false }: Options = {}): Value {
  const over = allAxes(a, axes);
  if (over.length === 0) return a;
  const inputs = [a, integers(over)];
  return {
    op: sumOp,
    inputs,
    shape: withoutAxes(a.shape, over, keep),
    type: a.type,
    attributes: { keepdims: Number(keep) },
  };
}

const maxOp: Op = {
  name: 'ReduceMax',
  kind: 'reduction',
  reference: (y, [a]) =>
    reduceBy(a!, y.attributes.axes as readonly number[], y.attributes.keepdims === 1, -Infinity, Math.max),
  gradient: (dy, y) => {
    const axes = y.attributes.axes as readonly number[];
    return [where(equal(y.inputs[0]!, restored(y, y, axes)), restored(dy, y, axes), 0)];
  },
};

/** The largest over the axes; where several are largest, each of them gets the slope. */
export function reduceMax(a: Value, axes?: readonly number[], { keep = false }: Options = {}): Value {
  const over = allAxes(a, axes);
  const attributes = { axes: over, keepdims: Number(keep) };
  return { op: maxOp, inputs: [a], shape: withoutAxes(a.shape, over, keep), type: a.type, attributes };
}

const productOp: Op = {
  name: 'ReduceProd',
  kind: 'reduction',
  reference: (y, [a]) =>
    reduceBy(
      a!,
      y.attributes.axes as readonly number[],
      y.attributes.keepdims === 1,
      1,
      (so, each) => so * each,
    ),
  gradient: (dy, y) => {
    const axes = y.attributes.axes as readonly number[];
    return [div(mul(restored(dy, y, axes), restored(y, y, axes)), y.inputs[0]!)];
  },
};

/** Multiplied over the axes (all of them when none are named); a slope is right only where no element is 0. */
export function product(a: Value, axes?: readonly number[], { keep = false }: Options = {}): Value {
  const over = allAxes(a, axes);
  const attributes = { axes: over, keepdims: Number(keep) };
  return { op: productOp, inputs: [a], shape: withoutAxes(a.shape, over, keep), type: a.type, attributes };
}

const argMaxOp: Op = {
  name: 'ArgMax',
  reference: (y, [a]) => {
    const axis = y.attributes.axis as number;
    const shape = withoutAxes(a!.shape, [axis], false) as number[];
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      const along = Array.from(
        { length: a!.shape[axis]! },
        (_, i) => a!.data[flatIndex(at.toSpliced(axis, 0, i), a!.shape)]!,
      );
      return along.indexOf(Math.max(...along));
    });
  },
};

/** The index (int64) of the largest along an axis, the first one at a tie. */
export function argMax(a: Value, along = -1): Value {
  const axis = axisOf(a.shape, along);
  return {
    op: argMaxOp,
    inputs: [a],
    shape: withoutAxes(a.shape, [axis], false),
    type: 'int64',
    attributes: { axis, keepdims: 0 },
  };
}

/** e^x over the sum of e^x along the last axis of a tensor, row by row. */
function softmaxRows(a: Tensor, finish: (shifted: number, total: number) => number): Tensor {
  const width = a.shape.at(-1)!;
  const result = new Float64Array(a.data.length);
  for (let row = 0; row < a.data.length; row += width) {
    const values = a.data.subarray(row, row + width);
    const top = Math.max(...values);
    const total = values.reduce((sum, each) => sum + Math.exp(each - top), 0);
    values.forEach((each, i) => {
      result[row + i] = finish(each - top, total);
    });
  }
  return { shape: a.shape, data: result };
}

const softmaxOp: Op = {
  name: 'Softmax',
  reference: (_, [a]) => softmaxRows(a!, (shifted, total) => Math.exp(shifted) / total),
  gradient: (dy, y) => {
    const weighted = mul(dy, y);
    return [sub(weighted, mul(y, sum(weighted, [-1], { keep: true })))];
  },
};

const logSoftmaxOp: Op = {
  name: 'LogSoftmax',
  reference: (_, [a]) => softmaxRows(a!, (shifted, total) => shifted - Math.log(total)),
  gradient: (dy, y) => [sub(dy, mul(softmax(y.inputs[0]!), sum(dy, [-1], { keep: true })))],
};

const alongLast = (op: Op, a: Value): Value => ({
  op,
  inputs: [a],
  shape: a.shape,
  type: a.type,
  attributes: { axis: -1 },
});

/** Probabilities along the last axis. */
export const softmax = (a: Value): Value => alongLast(softmaxOp, a);
/** Log-probabilities along the last axis. */
export const logSoftmax = (a: Value): Value => alongLast(logSoftmaxOp, a);
