import type { ElementType, Value } from '@semivae/graph';
import type * as tfjs from '@tensorflow/tfjs';
import { conv, convTranspose } from './tensorflow-convolution.ts';
import type { Rule, TensorFlow } from './tensorflow-rule.ts';

/** TensorFlow.js has neither bytes nor long integers, which are int32 there, nor float64, which is float32. */
export const dtypes = {
  float32: 'float32',
  float64: 'float32',
  uint8: 'int32',
  int64: 'int32',
  bool: 'bool',
  string: 'string',
} as const;

type Tensor = tfjs.Tensor;

const unary =
  (compute: (tf: TensorFlow, a: Tensor) => Tensor): Rule =>
  (tf, [a]) =>
    compute(tf, a!);

type Binary = (tf: TensorFlow, a: Tensor, b: Tensor) => Tensor;

const binary =
  (compute: Binary): Rule =>
  (tf, [a, b]) =>
    compute(tf, a!, b!);

/** For what TensorFlow.js differentiates as if nothing was broadcast: both are spread out first. */
const spread = (compute: Binary): Rule =>
  binary((tf, a, b) => {
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    return compute(tf, tf.broadcastTo(a, shape), tf.broadcastTo(b, shape));
  });

/** No slope passes. TensorFlow.js knows no gradient of a comparison, and refuses to go past one. */
const flat =
  (rule: Rule): Rule =>
  (tf, inputs, y) =>
    tf.customGrad(() => ({
      value: rule(tf, inputs, y),
      gradFunc: () => inputs.map(({ shape }) => tf.zeros(shape)),
    }))(...inputs);

/** The numbers of a constant input, such as axes. */
const numbers = (y: Value, input: number): number[] =>
  Array.from((y.inputs[input]!.leaf as { data: BigInt64Array }).data, Number);

const axesOf = (y: Value) => y.attributes.axes as number[];
const axisOf = (y: Value) => y.attributes.axis as number;
const keeps = (y: Value) => y.attributes.keepdims === 1;

/** A shape of which one size may be left to TensorFlow.js. */
const shapeOf = (y: Value): number[] => y.shape.map((size) => (typeof size === 'number' ? size : -1));

/** Texts are moved by their places in a list of all of them: few kernels, and none of wasm, take texts. */
const moving =
  (rule: Rule): Rule =>
  (tf, inputs, y) => {
    if (y.type !== 'string') return rule(tf, inputs, y);
    const all: string[] = [];
    const placed = inputs.map((each) => {
      if (each.dtype !== 'string') return each;
      const start = all.length;
      all.push(...(each.dataSync() as unknown as string[]));
      return tf.reshape(tf.range(start, all.length, 1, 'int32'), each.shape);
    });
    const found = rule(tf, placed, y);
    const texts = Array.from(found.dataSync(), (place) => all[place]!);
    return tf.tensor(texts, found.shape, 'string');
  };

/** Each text's place in the keys. */
const labelEncoder: Rule = (tf, [a], y) => {
  const { keys_strings: keys, default_int64: missing } = y.attributes;
  const places = new Map((keys as readonly string[]).map((key, i) => [key, i]));
  const texts = a!.dataSync() as unknown as readonly string[];
  const found = texts.map((text) => places.get(text) ?? (missing as number));
  return tf.tensor(found, a!.shape, 'int32');
};

/** The indices of tf.topk, which knows the largest only. */
const topK: Rule = (tf, [a], y) => {
  const sense = y.attributes.largest === 1 ? a! : tf.neg(a!);
  return tf.topk(sense, y.shape.at(-1) as number).indices;
};

/** By products with one-hot rows, whose gradient every backend has. */
const gatherElements: Rule = (tf, [a, indices]) => {
  const rows = tf.cast(tf.oneHot(tf.cast(indices!, 'int32'), a!.shape.at(-1)!), 'float32');
  return tf.sum(tf.mul(rows, tf.expandDims(a!, -2)), -1);
};

const gemm: Rule = (tf, [a, b, c], { attributes: { transA, transB } }) => {
  const product = tf.matMul(a!, b!, transA === 1, transB === 1);
  return c ? tf.add(product, c) : product;
};

/** The gradient of tf.matMul, too, forgets what was broadcast: the axes before the matrices are spread out. */
const matmul = binary((tf, a, b) => {
  const leading = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const spreadOut = (each: Tensor) => tf.broadcastTo(each, [...leading, ...each.shape.slice(-2)]);
  return tf.matMul(spreadOut(a), spreadOut(b));
});

/** By a product with one-hot rows where the gradient of tf.gather has no kernel, as on wasm. */
const gather: Rule = (tf, [a, indices], y) => {
  const axis = axisOf(y);
  if (tf.getKernel('UnsortedSegmentSum', tf.getBackend()))
    return tf.gather(a!, indices as tfjs.Tensor1D, axis);
  const order = a!.shape.map((_, i) => i).filter((i) => i !== axis);
  const front = tf.transpose(a!, [axis, ...order]);
  const [size, ...others] = front.shape;
  const picked = tf.cast(tf.oneHot(tf.reshape(indices!, [-1]), size!), 'float32');
  const product = tf.matMul(picked, tf.reshape(front, [size!, -1]) as tfjs.Tensor2D);
  const rows = tf.reshape(product, [...indices!.shape, ...others]);
  const rank = indices!.rank;
  const positions = rows.shape.map((_, i) => i);
  const back = [
    ...positions.slice(rank, rank + axis),
    ...positions.slice(0, rank),
    ...positions.slice(rank + axis),
  ];
  return tf.transpose(rows, back);
};

const slice: Rule = (tf, [a], y) => {
  const [[start], [end], [axis]] = [numbers(y, 1), numbers(y, 2), numbers(y, 3)];
  const begins = a!.shape.map((_, i) => (i === axis ? start! : 0));
  return tf.slice(
    a!,
    begins,
    a!.shape.map((size, i) => (i === axis ? end! - start! : size)),
  );
};

const pad: Rule = (tf, [a], y) => {
  const pads = numbers(y, 1);
  return tf.pad(
    a!,
    a!.shape.map((_, axis) => [pads[axis]!, pads[axis + a!.rank]!] as [number, number]),
  );
};

/** Every op of the graph language, by its name. */
export const tensorflowOps: Readonly<Record<string, Rule>> = {
  Add: binary((tf, a, b) => tf.add(a, b)),
  Sub: binary((tf, a, b) => tf.sub(a, b)),
  Mul: binary((tf, a, b) => tf.mul(a, b)),
  Div: binary((tf, a, b) => tf.div(a, b)),
  Pow: binary((tf, a, b) => tf.pow(a, b)),
  Max: spread((tf, a, b) => tf.maximum(a, b)),
  Min: spread((tf, a, b) => tf.minimum(a, b)),
  Equal: flat(binary((tf, a, b) => tf.equal(a, b))),
  Less: flat(binary((tf, a, b) => tf.less(a, b))),
  Greater: flat(binary((tf, a, b) => tf.greater(a, b))),
  And: flat(binary((tf, a, b) => tf.logicalAnd(a, b))),
  Or: flat(binary((tf, a, b) => tf.logicalOr(a, b))),
  Not: flat(unary((tf, a) => tf.logicalNot(a))),
  Neg: unary((tf, a) => tf.neg(a)),
  Exp: unary((tf, a) => tf.exp(a)),
  Log: unary((tf, a) => tf.log(a)),
  Sqrt: unary((tf, a) => tf.sqrt(a)),
  Reciprocal: unary((tf, a) => tf.reciprocal(a)),
  Abs: unary((tf, a) => tf.abs(a)),
  Sign: flat(unary((tf, a) => tf.sign(a))),
  Floor: flat(unary((tf, a) => tf.floor(a))),
  Sin: unary((tf, a) => tf.sin(a)),
  Cos: unary((tf, a) => tf.cos(a)),
  Tanh: unary((tf, a) => tf.tanh(a)),
  Sigmoid: unary((tf, a) => tf.sigmoid(a)),
  Relu: unary((tf, a) => tf.relu(a)),
  Identity: flat(unary((tf, a) => tf.clone(a))),
  IsNaN: flat(unary((tf, a) => tf.isNaN(a))),
  Where: moving((tf, [condition, a, b]) => tf.where(condition!, a!, b!)),
  Cast: flat((tf, [a], y) => tf.cast(a!, dtypes[y.type as Exclude<ElementType, 'string'>])),
  LabelEncoder: labelEncoder,
  Reshape: moving((tf, [a], y) => tf.reshape(a!, shapeOf(y))),
  Transpose: moving((tf, [a], y) => tf.transpose(a!, y.attributes.perm as number[])),
  Expand: moving((tf, [a], y) => tf.broadcastTo(a!, shapeOf(y))),
  Concat: moving((tf, parts, y) => tf.concat([...parts], axisOf(y))),
  Slice: moving(slice),
  Pad: pad,
  Gemm: gemm,
  MatMul: matmul,
  Conv: conv,
  ConvTranspose: convTranspose,
  Gather: moving(gather),
  GatherElements: moving(gatherElements),
  ReduceSum: (tf, [a], y) => tf.sum(a!, numbers(y, 1), keeps(y)),
  ReduceMax: (tf, [a], y) => tf.max(a!, axesOf(y), keeps(y)),
  ReduceProd: (tf, [a], y) => tf.prod(a!, axesOf(y), keeps(y)),
  ArgMax: flat((tf, [a], y) => tf.argMax(a!, axisOf(y))),
  TopK: flat(topK),
  Softmax: unary((tf, a) => tf.softmax(a)),
  LogSoftmax: unary((tf, a) => tf.logSoftmax(a)),
};
