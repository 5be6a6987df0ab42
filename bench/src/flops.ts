import { fixed, type Graph, reached, type Value } from '@semivae/graph';

/** 2·m·n·k of one product: the last axis of a matrix on the left is summed over, its first if transposed. */
function productFlops({ op, inputs, shape, attributes }: Value): number {
  if (op.name !== 'Gemm' && op.name !== 'MatMul') return 0;
  const left = fixed(inputs[0]!.shape);
  const inner = attributes.transA === 1 ? left.at(-2)! : left.at(-1)!;
  return 2 * inner * fixed(shape).reduce((product, size) => product * size, 1);
}

/** Floating-point operations of a graph's matrix products, each counted once. */
export const matrixProductFlops = ({ outputs }: Graph): number =>
  reached(Object.values(outputs)).reduce((total, value) => total + productFlops(value), 0);
