import { ShapeError } from '../errors.ts';
import { broadcastAt, coordinates, tensor } from '../reference.ts';
import { broadcast, type Shape, sameShape, showShape } from '../shape.ts';
import type { Op, Value } from '../value.ts';
import { reshape, rows, transpose } from './layout.ts';

interface Transposes {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

const flags = (y: Value) => ({ transA: y.attributes.transA === 1, transB: y.attributes.transB === 1 });

const gemmOp: Op = {
  name: 'Gemm',
  reference: (y, [a, b, c]) => {
    const { transA, transB } = flags(y);
    const at = (of: typeof a, swap: boolean, i: number, j: number) =>
      of!.data[swap ? j * of!.shape[1]! + i : i * of!.shape[1]! + j]!;
    const [n, inner] = transA ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!];
    const m = transB ? b!.shape[0]! : b!.shape[1]!;
    return tensor([n, m], (index) => {
      const [i, j] = [Math.floor(index / m), index % m];
      let total = c ? broadcastAt(c, [i, j]) : 0;
      for (let k = 0; k < inner; k++) total += at(a, transA, i, k) * at(b, transB, k, j);
      return total;
    });
  },
  gradient: (dy, y) => {
    const [a, b, c] = y.inputs as readonly [Value, Value, Value?];
    const { transA, transB } = flags(y);
    const da = transA ? gemm(b, dy, { transA: transB, transB: true }) : gemm(dy, b, { transB: !transB });
    const db = transB ? gemm(dy, a, { transA: true, transB: transA }) : gemm(a, dy, { transA: !transA });
    return c ? [da, db, dy] : [da, db];
  },
};

/** A·B + C for matrices, either transposed first; C broadcasts. Throws `SHAPES` where they do not fit. */
export function gemm(
  a: Value,
  b: Value,
  { transA = false, transB = false, c }: Transposes & { readonly c?: Value } = {},
): Value {
  const [n, inner] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [height, m] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (a.shape.length !== 2 || b.shape.length !== 2 || inner !== height) {
    const problem = `${showShape(a.shape)}${transA ? 'ᵀ' : ''} times ${showShape(b.shape)}${transB ? 'ᵀ' : ''}`;
    throw new ShapeError('SHAPES', problem, 'Gemm', 'Both must be matrices with an equal inner dimension.');
  }
  if (c && !sameShape(broadcast('Gemm', c.shape, [n, m]), [n, m])) {
    const problem = `${showShape(c.shape)} cannot be added to ${showShape([n, m])}`;
    throw new ShapeError('SHAPES', problem, 'Gemm', 'It must broadcast to the product.');
  }
  const inputs = c ? [a, b, c] : [a, b];
  return {
    op: gemmOp,
    inputs,
    shape: [n, m],
    type: a.type,
    attributes: { transA: Number(transA), transB: Number(transB) },
  };
}

const matmulOp: Op = {
  name: 'MatMul',
  reference: (_, [a, b]) => {
    const [n, inner] = a!.shape.slice(-2) as [number, number];
    const m = b!.shape.at(-1)!;
    const shape = [...broadcast('MatMul', a!.shape.slice(0, -2), b!.shape.slice(0, -2)), n, m] as number[];
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      const [batch, i, j] = [at.slice(0, -2), at.at(-2)!, at.at(-1)!];
      let total = 0;
      for (let k = 0; k < inner; k++)
        total += broadcastAt(a!, [...batch, i, k]) * broadcastAt(b!, [...batch, k, j]);
      return total;
    });
  },
  gradient: (dy, y) => {
    const [a, b] = y.inputs as readonly [Value, Value];
    return [matmul(dy, transpose(b)), matmul(transpose(a), dy)];
  },
};

/** A·B over the last two axes, the axes before them broadcast. Throws `SHAPES` where they do not fit. */
export function matmul(a: Value, b: Value): Value {
  if (a.shape.length === 2 && b.shape.length === 2) return gemm(a, b);
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new ShapeError(
      'SHAPES',
      `${showShape(a.shape)} times ${showShape(b.shape)}`,
      'MatMul',
      'The inner dimensions must be equal.',
    );
  }
  const leading = broadcast('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return {
    op: matmulOp,
    inputs: [a, b],
    shape: [...leading, a.shape.at(-2)!, b.shape.at(-1)!],
    type: a.type,
    attributes: {},
  };
}

/** x·W + b along the last axis of x, whatever axes stand before it: one product over all rows. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const shape: Shape = [...x.shape.slice(0, -1), weight.shape[1]!];
  const product = gemm(rows(x), weight, bias ? { c: bias } : {});
  return sameShape(product.shape, shape) ? product : reshape(product, shape);
}
