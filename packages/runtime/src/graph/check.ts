import { GraphRefused, GraphTooLarge, WeightNotFinite } from '../errors.ts';
import { type Known, operators } from './operators.ts';
import { elementTypes, type GraphFile, type GraphNode, readGraph, sizeOf, type Weight } from './read.ts';

/** Rows that sizes are reckoned for: few, so that what does not grow with them is seen, too. */
const ROWS = 16;
/** What values alive at the same time may take, at so many rows; the largest that we ship take 8 MB. */
export const MOST_BYTES = 2 ** 28;
/** Multiplications of one run, at so many rows: some seconds' work; the largest that we ship take 0.3 · 10⁹. */
export const MOST_PRODUCTS = 2 ** 38;

/**
 * Whether a head is a graph that we could have written, found out before anything of it runs: known operators alone, each
 * after its inputs, nothing from outside the file, weights that are finite, and sizes, which all follow from the shapes of
 * the inputs, within limits. Throws GRAPH_REFUSED, GRAPH_TOO_LARGE, WEIGHT_NOT_FINITE, BUNDLE_TOO_NEW; `place` names the file.
 */
export function checkGraph(bytes: Uint8Array, place: string): void {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const graph = readGraph(plain, place, ROWS);
  for (const weight of graph.weights) requireFinite(weight, place);
  const values = namedValues(graph, place);
  let products = 0;
  for (const node of graph.nodes) products += compute(node, values);
  const missing = graph.outputs.find((name) => !values.has(name));
  if (missing !== undefined) throw new GraphRefused(place, `nothing computes its output '${missing}'`);
  if (products > MOST_PRODUCTS) throw new GraphTooLarge(place, `${products} products for ${ROWS} rows`);
  requireRoom(graph, values, place);
}

type Values = Map<string, Known>;

function namedValues({ inputs, weights }: GraphFile, place: string): Values {
  const values: Values = new Map();
  for (const input of inputs) add(values, input.name, input, place);
  for (const weight of weights) add(values, weight.name, { ...weight, weight }, place);
  return values;
}

function add(values: Values, name: string, value: Known, place: string): void {
  if (name === '' || values.has(name)) throw new GraphRefused(place, `two values are named '${name}'`);
  sizeOf(value.shape, place);
  values.set(name, value);
}

/** Adds what a node computes, as far as it is known; how many products it takes. */
function compute(node: GraphNode, values: Values): number {
  const { place } = node;
  const operator = Object.hasOwn(operators, node.op) ? operators[node.op]! : undefined;
  if (operator?.domain !== node.domain) throw new GraphRefused(place, 'no export writes this operator');
  const [least, most] = operator.inputs;
  if (node.inputs.length < least || node.inputs.length > most)
    throw new GraphRefused(place, `it has ${node.inputs.length} inputs`);
  const odd = [...node.integers.keys(), ...node.others].find((name) => !operator.attributes.includes(name));
  if (odd !== undefined) throw new GraphRefused(place, `it has an attribute '${odd}'`);
  const inputs = node.inputs.map((name) => known(values, name, node));
  const found = operator.outputs(node, inputs);
  if (node.outputs.length > found.length)
    throw new GraphRefused(place, `it has ${node.outputs.length} outputs`);
  node.outputs.forEach((name, i) => {
    const { type, shape } = found[i]!;
    add(values, name, { type, shape }, place);
  });
  return productsOf(node, inputs, found[0]!);
}

function known(values: Values, name: string, { place }: GraphNode): Known {
  const value = values.get(name);
  if (value) return value;
  throw new GraphRefused(
    place,
    `nothing before it computes its input '${name}', or it goes round in a circle`,
  );
}

const multiplying: Readonly<Record<string, (a: Known, b: Known, transA: boolean) => number>> = {
  Gemm: ({ shape }, _, transA) => shape[transA ? 0 : 1]!,
  MatMul: ({ shape }) => shape.at(-1)!,
  Conv: (_, { shape }) => shape[1]! * shape[2]! * shape[3]!,
  ConvTranspose: (_, { shape }) => shape[0]! * shape[2]! * shape[3]!,
};

function productsOf({ op, place, integers }: GraphNode, [a, b]: readonly Known[], { shape }: Known): number {
  const inner = multiplying[op];
  return inner ? sizeOf(shape, place) * inner(a!, b!, integers.get('transA')?.[0] === 1) : 0;
}

/** Throws GRAPH_TOO_LARGE where values that are needed at the same time take too much. */
function requireRoom(graph: GraphFile, values: Values, place: string): void {
  const last = new Map<string, number>();
  graph.nodes.forEach(({ inputs, outputs }, i) => {
    for (const name of [...outputs, ...inputs]) last.set(name, i);
  });
  for (const name of graph.outputs) last.set(name, graph.nodes.length);
  let bytes = graph.inputs.reduce((sum, input) => sum + bytesOf(input, place), 0);
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) bytes += bytesOf(values.get(name)!, node.place);
    if (bytes > MOST_BYTES)
      throw new GraphTooLarge(node.place, `${Math.round(bytes / 2 ** 20)} MB at once, for ${ROWS} rows`);
    for (const name of new Set([...node.outputs, ...node.inputs])) {
      const value = values.get(name)!;
      if (last.get(name) === i && !value.weight) bytes -= bytesOf(value, place);
    }
  });
}

const bytesPerElement = Object.fromEntries(
  Object.values(elementTypes).map(({ name, bytes }) => [name, bytes]),
);

function bytesOf({ type, shape }: Known, place: string): number {
  return sizeOf(shape, place) * bytesPerElement[type]!;
}

/** Throws WEIGHT_NOT_FINITE. An exponent whose bits are all set is an infinity or no number. */
function requireFinite({ name, type, data }: Weight, place: string): void {
  if (type !== 'float32' && type !== 'float64') return;
  const [size, low] = type === 'float32' ? [4, 0x80] : [8, 0xf0];
  for (let end = size; end <= data.length; end += size)
    if ((data[end - 1]! & 0x7f) === 0x7f && data[end - 2]! >= low) throw new WeightNotFinite(place, name);
}
