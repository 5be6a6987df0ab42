import { ShapeError } from '../errors.ts';
import { integers } from '../leaves.ts';
import { broadcastAt, coordinates, flatIndex, settledShape, tensor } from '../reference.ts';
import {
  axisOf,
  broadcast,
  type Dimension,
  fixed,
  fixedSize,
  productOf,
  type Shape,
  sameShape,
  showShape,
} from '../shape.ts';
import type { Op, Value } from '../value.ts';

const reshapeOp: Op = {
  name: 'Reshape',
  reference: (y, [a]) => ({ shape: settledShape(y.shape, a!.data.length), data: a!.data }),
  gradient: (dy, y) => [reshape(dy, y.inputs[0]!.shape), null],
};

/** The same elements in another shape; one dimension may be free. Throws `RESHAPE` when the sizes differ. */
export function reshape(a: Value, shape: Shape): Value {
  if (sameShape(a.shape, shape)) return a;
  const free = (dimensions: Shape) => dimensions.filter((each) => typeof each === 'string').length;
  if (fixedSize(a.shape) !== fixedSize(shape) || free(a.shape) !== free(shape) || free(shape) > 1) {
    const problem = `${showShape(a.shape)} has not as many elements as ${showShape(shape)}`;
    throw new ShapeError(
      'RESHAPE',
      problem,
      'Reshape',
      'At most one dimension may be free, the rest must multiply up.',
    );
  }
  if (a.leaf?.kind === 'constant') return { ...a, shape };
  const source = a.op === reshapeOp && !a.slope ? a.inputs[0]! : a;
  if (sameShape(source.shape, shape)) return source;
  return { op: reshapeOp, inputs: [source, integers(shape)], shape, type: a.type, attributes: {} };
}

/** With an axis of size 1 put in at `axis` of the result. */
export function unsqueeze(a: Value, axis: number): Value {
  const at = axis < 0 ? axis + a.shape.length + 1 : axis;
  return reshape(a, [...a.shape.slice(0, at), 1, ...a.shape.slice(at)]);
}

/** Without the axis, which must have size 1. */
export function squeeze(a: Value, axis: number): Value {
  const at = axisOf(a.shape, axis);
  return reshape(a, [...a.shape.slice(0, at), ...a.shape.slice(at + 1)]);
}

/** Every axis before the last folded into one: rows. */
export function rows(a: Value): Value {
  return reshape(a, [productOf(a.shape.slice(0, -1)), a.shape.at(-1)!]);
}

const transposeOp: Op = {
  name: 'Transpose',
  reference: (y, [a]) => {
    const order = y.attributes.perm as readonly number[];
    const shape = order.map((axis) => a!.shape[axis]!);
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      const source = Array<number>(shape.length);
      for (const [to, from] of order.entries()) source[from] = at[to]!;
      return a!.data[flatIndex(source, a!.shape)]!;
    });
  },
  gradient: (dy, y) => {
    const order = y.attributes.perm as readonly number[];
    return [
      transpose(
        dy,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
};

/** Axes in another order; without one, the last two swapped. */
export function transpose(a: Value, order?: readonly number[]): Value {
  const axes = a.shape.map((_, axis) => axis);
  const perm = order ?? [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
  return {
    op: transposeOp,
    inputs: [a],
    shape: perm.map((axis) => a.shape[axis]!),
    type: a.type,
    attributes: { perm },
  };
}

const expandOp: Op = {
  name: 'Expand',
  kind: 'elementwise',
  reference: (y, [a]) => {
    const shape = fixed(y.shape);
    return tensor(shape as number[], (index) => broadcastAt(a!, coordinates(index, shape)));
  },
  gradient: (dy) => [dy, null],
};

/** Broadcast to a fixed shape. Throws `SHAPES` where it does not fit. */
export function expand(a: Value, shape: Shape): Value {
  if (sameShape(a.shape, shape)) return a;
  if (!sameShape(broadcast('Expand', a.shape, shape), shape)) {
    throw new ShapeError(
      'SHAPES',
      `${showShape(a.shape)} is larger than ${showShape(shape)}`,
      'Expand',
      'Reduce it first.',
    );
  }
  return { op: expandOp, inputs: [a, integers(fixed(shape))], shape, type: a.type, attributes: {} };
}

const concatOp: Op = {
  name: 'Concat',
  reference: (y, parts) => {
    const axis = y.attributes.axis as number;
    const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
    const shape = parts[0]!.shape.map((size, i) => (i === axis ? total : size));
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      let part = 0;
      while (at[axis]! >= parts[part]!.shape[axis]!) at[axis]! -= parts[part++]!.shape[axis]!;
      return parts[part]!.data[flatIndex(at, parts[part]!.shape)]!;
    });
  },
  gradient: (dy, y) => {
    const axis = y.attributes.axis as number;
    let start = 0;
    return y.inputs.map((part) => {
      const end = start + (part.shape[axis] as number);
      const piece = slice(dy, axis, start, end);
      start = end;
      return piece;
    });
  },
};

/** Values end to end along an axis of fixed size. Throws `SHAPES` where other axes differ. */
export function concat(parts: readonly Value[], along: number): Value {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const axis = axisOf(first.shape, along);
  const others = (shape: Shape) => shape.filter((_, i) => i !== axis);
  const odd = parts.find((part) => !sameShape(others(part.shape), others(first.shape)));
  if (odd) {
    const problem = `${showShape(first.shape)} and ${showShape(odd.shape)} differ outside axis ${axis}`;
    throw new ShapeError('SHAPES', problem, 'Concat', 'Only the joined axis may differ.');
  }
  const total = fixed(parts.map((part) => part.shape[axis]!)).reduce((sum, size) => sum + size, 0);
  const shape = first.shape.map((size, i) => (i === axis ? total : size));
  return { op: concatOp, inputs: parts, shape, type: first.type, attributes: { axis } };
}

const sliceOp: Op = {
  name: 'Slice',
  reference: (_, [a, starts, ends, axes]) => {
    const [start, end, axis] = [starts!.data[0]!, ends!.data[0]!, axes!.data[0]!];
    const shape = a!.shape.map((size, i) => (i === axis ? end - start : size));
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      return a!.data[
        flatIndex(
          at.map((each, i) => (i === axis ? each + start : each)),
          a!.shape,
        )
      ]!;
    });
  },
  gradient: (dy, y) => {
    const a = y.inputs[0]!;
    const [start, , axis] = y.inputs
      .slice(1)
      .map((each) => Number((each.leaf as { data: BigInt64Array }).data[0])) as [number, number, number];
    const after = (a.shape[axis] as number) - start - (y.shape[axis] as number);
    return [pad(dy, axis, start, after), null, null, null];
  },
};

/** Elements `start` to `end` (excluded) of an axis. Throws `RANGE` outside it. */
export function slice(a: Value, along: number, start: number, end: number): Value {
  const axis = axisOf(a.shape, along);
  const size = a.shape[axis]!;
  if (start < 0 || end <= start || (typeof size === 'number' && end > size)) {
    throw new ShapeError(
      'RANGE',
      `no range ${start} to ${end} on axis ${axis}`,
      `Slice of ${showShape(a.shape)}`,
      'Stay inside it.',
    );
  }
  if (start === 0 && end === size) return a;
  const shape = a.shape.map((each, i) => (i === axis ? end - start : each));
  return {
    op: sliceOp,
    inputs: [a, integers([start]), integers([end]), integers([axis])],
    shape,
    type: a.type,
    attributes: {},
  };
}

const padOp: Op = {
  name: 'Pad',
  reference: (_, [a, pads]) => {
    const rank = a!.shape.length;
    const shape = a!.shape.map((size, i) => size + pads!.data[i]! + pads!.data[i + rank]!);
    return tensor(shape, (index) => {
      const at = coordinates(index, shape).map((each, i) => each - pads!.data[i]!);
      return at.every((each, i) => each >= 0 && each < a!.shape[i]!) ? a!.data[flatIndex(at, a!.shape)]! : 0;
    });
  },
  gradient: (dy, y) => {
    const [a, pads] = y.inputs as readonly [Value, Value];
    const before = (pads.leaf as { data: BigInt64Array }).data;
    const piece = a.shape.reduce<Value>((rest, size, axis) => {
      const start = Number(before[axis]);
      return slice(rest, axis, start, start + (size as number));
    }, dy);
    return [piece, null];
  },
};

/** Zeros put before and after along an axis. */
export function pad(a: Value, along: number, before: number, after: number): Value {
  if (before === 0 && after === 0) return a;
  const axis = axisOf(a.shape, along);
  const zeros = a.shape.map(() => 0);
  const pads = [zeros.with(axis, before), zeros.with(axis, after)].flat();
  const shape: Dimension[] = a.shape.map((size, i) =>
    i === axis ? (size as number) + before + after : size,
  );
  return { op: padOp, inputs: [a, integers(pads)], shape, type: a.type, attributes: {} };
}
