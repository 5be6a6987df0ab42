import { ShapeError } from '../errors.ts';
import { integers } from '../leaves.ts';
import { coordinates, flatIndex, tensor } from '../reference.ts';
import { axisOf, fixed, showShape } from '../shape.ts';
import type { Op, Value } from '../value.ts';
import { cast, equal } from './elementwise.ts';
import { reshape, transpose, unsqueeze } from './layout.ts';
import { matmul } from './linear.ts';

const gatherOp: Op = {
  name: 'Gather',
  reference: (y, [a, indices]) => {
    const axis = y.attributes.axis as number;
    const rank = indices!.shape.length;
    const shape = [...a!.shape.slice(0, axis), ...indices!.shape, ...a!.shape.slice(axis + 1)];
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      const picked =
        rank === 0
          ? indices!.data[0]!
          : indices!.data[flatIndex(at.slice(axis, axis + rank), indices!.shape)]!;
      return a!.data[flatIndex([...at.slice(0, axis), picked, ...at.slice(axis + rank)], a!.shape)]!;
    });
  },
  // d a = (one-hot of the indices)ᵀ · dy, with the gathered axis in front.
  gradient: (dy, y) => {
    const [a, indices] = y.inputs as readonly [Value, Value];
    const axis = y.attributes.axis as number;
    const size = a.shape[axis] as number;
    const others = a.shape.filter((_, i) => i !== axis);
    const count = fixed(indices.shape).reduce((product, each) => product * each, 1);
    const rank = indices.shape.length;
    const order = dy.shape.map((_, i) => i);
    const front = [...order.slice(axis, axis + rank), ...order.slice(0, axis), ...order.slice(axis + rank)];
    const width = fixed(others).reduce((product, each) => product * each, 1);
    const gathered = reshape(transpose(dy, front), [count, width]);
    const summed = reshape(matmul(transpose(oneHot(reshape(indices, [count]), size)), gathered), [
      size,
      ...others,
    ]);
    const back = a.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
    return [transpose(summed, back), null];
  },
};

/** The slices of `a` at int64 indices along an axis; the index's own shape takes the axis' place. */
export function gather(a: Value, indices: Value, along = 0): Value {
  if (indices.type !== 'int64') {
    throw new ShapeError(
      'TYPES',
      `indices of type ${indices.type}`,
      `Gather of ${showShape(a.shape)}`,
      'Use int64 indices.',
    );
  }
  const axis = axisOf(a.shape, along);
  const shape = [...a.shape.slice(0, axis), ...indices.shape, ...a.shape.slice(axis + 1)];
  return { op: gatherOp, inputs: [a, indices], shape, type: a.type, attributes: { axis } };
}

/** float32 rows with a one at each int64 index. */
export function oneHot(indices: Value, size: number): Value {
  const classes = integers(Array.from({ length: size }, (_, i) => i));
  return cast(equal(unsqueeze(indices, -1), classes), 'float32');
}
