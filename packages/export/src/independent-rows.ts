import { cast, constant, type Graph, graph, matmul, rebuilt, reshape, type Value } from '@semivae/graph';

/** Ops of which ONNX Runtime computes the last few numbers of a float32 tensor, or of a thread's share, otherwise than the rest. */
const UNEVEN: readonly string[] = ['Log', 'Sin', 'Cos'];

/** In float64 the two ways differ by far less than float32 tells apart. */
const inFloat64 = (value: Value, [a]: readonly Value[]): Value =>
  cast({ ...value, inputs: [cast(a!, 'float64')], type: 'float64' }, 'float32');

const ones = (size: number, shape: readonly number[]): Value =>
  constant(new Float32Array(size).fill(1), shape);

const sizeOf = (shape: Value['shape']): number =>
  shape.reduce<number>((size, each) => size * Number(each), 1);

/** A sum over neighbouring axes as a product with ones: ReduceSum adds up a row by how it lies in memory. */
function asProduct(value: Value, [a]: readonly Value[]): Value | undefined {
  const { data } = value.inputs[1]!.leaf as { readonly data: BigInt64Array };
  const axes = Array.from(data, Number);
  const [first, last] = [axes[0]!, axes.at(-1)!];
  const [before, over, after] = [
    a!.shape.slice(0, first),
    a!.shape.slice(first, last + 1),
    a!.shape.slice(last + 1),
  ];
  const fixed = [...over, ...after].every((each) => typeof each === 'number');
  if (first === 0 || !fixed || axes.length !== over.length) return undefined;
  const size = sizeOf(over);
  const sum =
    after.length === 0
      ? matmul(reshape(a!, [...before, size]), ones(size, [size, 1]))
      : matmul(ones(size, [1, size]), reshape(a!, [...before, size, sizeOf(after)]));
  return reshape(sum, value.shape);
}

function rewritten(value: Value, inputs: readonly Value[]): Value | undefined {
  if (value.type !== 'float32') return undefined;
  if (UNEVEN.includes(value.op.name)) return inFloat64(value, inputs);
  return value.op.name === 'ReduceSum' ? asProduct(value, inputs) : undefined;
}

/**
 * The same graph, of ops by which ONNX Runtime answers a row bit for bit alike wherever it stands in a batch of whatever
 * size, on whatever number of threads.
 */
export function independentRows({ name, outputs }: Graph): Graph {
  const made = rebuilt(Object.values(outputs), (each, ofMade) => rewritten(each, ofMade.inputs) ?? ofMade);
  return graph(name, Object.fromEntries(Object.entries(outputs).map(([of, value]) => [of, made(value)])));
}
