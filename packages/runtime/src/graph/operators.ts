import { GraphRefused } from '../errors.ts';
import { type ElementType, elementTypes, type GraphNode, MOST_AXES, sizeOf, type Weight } from './read.ts';

/** What is known of a value before anything runs. */
export interface Known {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The value itself, where it is part of the file. */
  readonly weight?: Weight;
}

type Shaped = (node: Node, ...inputs: Known[]) => Known | readonly Known[];

/** An operator that our files have: how many inputs it takes, its attributes, and what comes out. */
export interface Operator {
  readonly inputs: readonly [least: number, most: number];
  readonly attributes: readonly string[];
  readonly outputs: (node: GraphNode, inputs: readonly Known[]) => readonly Known[];
  readonly domain: string;
}

/** A node, and how its rule reads it. */
interface Node extends GraphNode {
  one(attribute: string, otherwise: number): number;
  many(attribute: string, otherwise?: readonly number[]): readonly number[];
  fail(problem: string): never;
}

function operator(
  inputs: Operator['inputs'],
  attributes: readonly string[],
  shaped: Shaped,
  domain = '',
): Operator {
  const outputs: Operator['outputs'] = (node, given) => [shaped(readable(node), ...given)].flat() as Known[];
  return { inputs, attributes, outputs, domain };
}

function readable(node: GraphNode): Node {
  const fail = (problem: string): never => {
    throw new GraphRefused(node.place, problem);
  };
  const many = (attribute: string, otherwise?: readonly number[]) =>
    node.integers.get(attribute) ?? otherwise ?? fail(`it lacks ${attribute}`);
  return { ...node, fail, many, one: (attribute, otherwise) => many(attribute, [otherwise])[0] ?? otherwise };
}

/** The integers of a value that is part of the file: sizes that are computed could be any. */
function integers(node: Node, { weight }: Known): readonly number[] {
  if (weight?.type !== 'int64' || weight.data.length > 8 * 2 * MOST_AXES)
    return node.fail('its sizes are not part of the file, or are too many');
  const { buffer, byteOffset, byteLength } = weight.data;
  const view = new DataView(buffer, byteOffset, byteLength);
  return Array.from({ length: byteLength / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

const elementwise = operator([1, 1], [], (_, a) => a);
const question = operator([1, 1], [], (_, a) => ({ type: 'bool', shape: a.shape }));
const together = operator([2, 2], [], (node, a, b) => ({ type: a!.type, shape: broadcast(node, a!, b!) }));
const compared = operator([2, 2], [], (node, a, b) => ({ type: 'bool', shape: broadcast(node, a!, b!) }));
const alongAxis = operator([1, 1], ['axis'], (_, a) => a);
const reduced = operator([1, 1], ['axes', 'keepdims'], (node, a) =>
  without(
    node,
    a!,
    node.many(
      'axes',
      a!.shape.map((_, i) => i),
    ),
  ),
);

/** Every operator that an export writes; a bundle with another is refused. */
export const operators: Readonly<Record<string, Operator>> = {
  ...each(elementwise, 'Abs', 'Cos', 'Exp', 'Floor', 'Identity', 'Log', 'Neg', 'Not', 'Reciprocal', 'Relu'),
  ...each(elementwise, 'Sigmoid', 'Sign', 'Sin', 'Sqrt', 'Tanh'),
  ...each(question, 'IsNaN'),
  ...each(together, 'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min'),
  ...each(compared, 'Equal', 'Less', 'Greater', 'And', 'Or'),
  ...each(alongAxis, 'Softmax', 'LogSoftmax'),
  ...each(reduced, 'ReduceMax', 'ReduceProd'),
  Where: operator([3, 3], [], (node, condition, a, b) => ({
    type: a!.type,
    shape: broadcast(node, condition!, { type: a!.type, shape: broadcast(node, a!, b!) }),
  })),
  Cast: operator([1, 1], ['to'], (node, a) => ({ type: typeOf(node, node.one('to', 0)), shape: a!.shape })),
  ReduceSum: operator([2, 2], ['keepdims'], (node, a, axes) => without(node, a!, integers(node, axes!))),
  ArgMax: operator([1, 1], ['axis', 'keepdims'], (node, a) => ({
    ...without(node, a!, [node.one('axis', 0)]),
    type: 'int64',
  })),
  Gemm: operator([2, 3], ['transA', 'transB'], gemm),
  MatMul: operator([2, 2], [], matmul),
  Reshape: operator([2, 2], [], reshape),
  Transpose: operator([1, 1], ['perm'], (node, a) => {
    const perm = node.many('perm', a!.shape.map((_, i) => i).reverse());
    if ([...perm].sort((p, q) => p - q).join() !== a!.shape.map((_, i) => i).join()) node.fail('its axes');
    return { type: a!.type, shape: perm.map((axis) => a!.shape[axis]!) };
  }),
  Expand: operator([2, 2], [], (node, a, shape) => ({
    type: a!.type,
    shape: broadcast(node, a!, { type: 'int64', shape: integers(node, shape!) }),
  })),
  Concat: operator([1, 32_768], ['axis'], concat),
  Slice: operator([4, 4], [], slice),
  Pad: operator([2, 2], [], (node, a, pads) => {
    const by = integers(node, pads!);
    const rank = a!.shape.length;
    return { type: a!.type, shape: a!.shape.map((size, i) => size + by[i]! + by[i + rank]!) };
  }),
  Gather: operator([2, 2], ['axis'], (node, a, indices) => {
    const axis = axisOf(node, a!, node.one('axis', 0));
    const { shape } = a!;
    return { type: a!.type, shape: [...shape.slice(0, axis), ...indices!.shape, ...shape.slice(axis + 1)] };
  }),
  GatherElements: operator([2, 2], ['axis'], (_, a, indices) => ({ type: a!.type, shape: indices!.shape })),
  TopK: operator([2, 2], ['axis', 'largest', 'sorted'], (node, a, k) => {
    const axis = axisOf(node, a!, node.one('axis', -1));
    const shape = a!.shape.with(axis, integers(node, k!)[0] ?? node.fail('it has no k'));
    return [
      { type: a!.type, shape },
      { type: 'int64', shape },
    ];
  }),
  LabelEncoder: operator(
    [1, 1],
    ['keys_strings', 'values_int64s', 'values_floats', 'default_int64', 'default_float'],
    (node, a) => ({ type: node.others.has('values_floats') ? 'float32' : 'int64', shape: a!.shape }),
    'ai.onnx.ml',
  ),
  Conv: operator([2, 3], ['strides', 'pads', 'dilations', 'group'], (node, x, w) => ({
    type: x!.type,
    shape: [x!.shape[0]!, w!.shape[0]!, ...[0, 1].map((axis) => convolved(node, x!, w!, axis))],
  })),
  ConvTranspose: operator(
    [2, 3],
    ['strides', 'pads', 'dilations', 'group', 'output_padding'],
    (node, x, w) => ({
      type: x!.type,
      shape: [
        x!.shape[0]!,
        w!.shape[1]! * node.one('group', 1),
        ...[0, 1].map((axis) => spread(node, x!, w!, axis)),
      ],
    }),
  ),
};

function each(of: Operator, ...names: readonly string[]): Record<string, Operator> {
  return Object.fromEntries(names.map((name) => [name, of]));
}

function typeOf(node: Node, code: number): ElementType {
  return elementTypes[code as keyof typeof elementTypes]?.name ?? node.fail(`elements of type ${code}`);
}

function axisOf(node: Node, { shape }: Known, axis: number): number {
  const at = axis < 0 ? axis + shape.length : axis;
  return at in shape ? at : node.fail(`no axis ${axis} of [${shape.join(', ')}]`);
}

function broadcast(node: Node, a: Known, b: Known): readonly number[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizeAt = ({ shape }: Known, i: number) => shape[i - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => {
    const [left, right] = [sizeAt(a, i), sizeAt(b, i)];
    if (left === right || right === 1) return left;
    return left === 1 ? right : node.fail(`[${a.shape.join(', ')}] and [${b.shape.join(', ')}] do not fit`);
  });
}

function without(node: Node, a: Known, axes: readonly number[]): Known {
  const gone = new Set(axes.map((axis) => axisOf(node, a, axis)));
  const keep = node.one('keepdims', 1) === 1;
  const shape = a.shape.flatMap((size, i) => (gone.has(i) ? (keep ? [1] : []) : [size]));
  return { type: a.type, shape };
}

function gemm(node: Node, ...[a, b]: Known[]): Known {
  const [x, y] = [a!.shape, b!.shape];
  if (x.length !== 2 || y.length !== 2) return node.fail('it multiplies what are no matrices');
  const [n, inner] = node.one('transA', 0) ? [x[1]!, x[0]!] : [x[0]!, x[1]!];
  const [height, m] = node.one('transB', 0) ? [y[1]!, y[0]!] : [y[0]!, y[1]!];
  if (inner !== height) return node.fail(`[${x.join(', ')}] and [${y.join(', ')}] do not fit`);
  return { type: a!.type, shape: [n, m] };
}

function matmul(node: Node, ...[a, b]: Known[]): Known {
  const [x, y] = [a!.shape, b!.shape];
  if (x.length < 2 || y.length < 2 || x.at(-1) !== y.at(-2))
    return node.fail(`[${x.join(', ')}] and [${y.join(', ')}] do not fit`);
  const before = ({ type, shape }: Known) => ({ type, shape: shape.slice(0, -2) });
  return { type: a!.type, shape: [...broadcast(node, before(a!), before(b!)), x.at(-2)!, y.at(-1)!] };
}

/** −1 stands for what is left, 0 for the size that was there. */
function reshape(node: Node, ...[a, to]: Known[]): Known {
  const given = integers(node, to!).map((size, i) => (size === 0 ? (a!.shape[i] ?? 0) : size));
  const known = given.reduce((product, size) => product * (size === -1 ? 1 : size), 1);
  const left = sizeOf(a!.shape, node.place) / known;
  const shape = given.map((size) => (size === -1 ? left : size));
  if (sizeOf(shape, node.place) === sizeOf(a!.shape, node.place)) return { type: a!.type, shape };
  return node.fail(`[${a!.shape.join(', ')}] has not as many elements as [${shape.join(', ')}]`);
}

function concat(node: Node, ...parts: Known[]): Known {
  const [first] = parts as [Known, ...Known[]];
  const axis = axisOf(node, first, node.one('axis', 0));
  const outside = ({ shape }: Known) => shape.toSpliced(axis, 1).join();
  const odd = parts.find(
    (part) => part.shape.length !== first.shape.length || outside(part) !== outside(first),
  );
  if (odd) return node.fail(`[${first.shape.join(', ')}] and [${odd.shape.join(', ')}] do not fit`);
  const total = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return { type: first.type, shape: first.shape.with(axis, total) };
}

function slice(node: Node, ...[a, starts, ends, axes]: Known[]): Known {
  const shape = [...a!.shape];
  const [from, to] = [integers(node, starts!), integers(node, ends!)];
  integers(node, axes!).forEach((each, i) => {
    const axis = axisOf(node, a!, each);
    const at = (place: number) =>
      Math.min(Math.max(place < 0 ? place + shape[axis]! : place, 0), shape[axis]!);
    shape[axis] = Math.max(0, at(to[i] ?? 0) - at(from[i] ?? 0));
  });
  return { type: a!.type, shape };
}

/** Pixels of an axis that a kernel reaches over, the zeros around it, and its step. */
function geometry(node: Node, w: Known, axis: number) {
  const at = (attribute: string, otherwise: number) => node.many(attribute, [])[axis] ?? otherwise;
  const pads = at('pads', 0) + (node.many('pads', [])[axis + 2] ?? 0);
  const reach =
    ((w.shape[axis + 2] ?? node.fail('its kernels have no four axes')) - 1) * at('dilations', 1) + 1;
  return { pads, reach, stride: Math.max(1, at('strides', 1)), more: at('output_padding', 0) };
}

function convolved(node: Node, x: Known, w: Known, axis: number): number {
  const { pads, reach, stride } = geometry(node, w, axis);
  return Math.floor((x.shape[axis + 2]! + pads - reach) / stride) + 1;
}

function spread(node: Node, x: Known, w: Known, axis: number): number {
  const { pads, reach, stride, more } = geometry(node, w, axis);
  return (x.shape[axis + 2]! - 1) * stride + reach - pads + more;
}
