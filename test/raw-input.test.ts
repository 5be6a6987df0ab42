import {
  abs,
  add,
  argMax,
  bounded,
  cast,
  clip,
  concat,
  constant,
  cos,
  div,
  encode,
  equal,
  exp,
  expand,
  type Feeds,
  floor,
  gather,
  gemm,
  graph,
  greater,
  input,
  integers,
  interpret,
  // biome-ignore lint/suspicious/noShadowRestrictedNames: the graph's own
  isNaN,
  labelEncoder,
  less,
  log,
  logGamma,
  logSigmoid,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  min,
  mul,
  neg,
  pad,
  parameter,
  pow,
  product,
  reciprocal,
  reduceMax,
  relu,
  reshape,
  sigmoid,
  sign,
  signedLog,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  texts,
  textsOf,
  textTensor,
  topK,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';
import type { TensorData, Tensors } from '@semivae/runtime/core';
import { openSession as openInNode } from '@semivae/runtime/node';
import * as web from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { normals } from './numbers.ts';

type Run = (bytes: Uint8Array, feeds: Tensors) => Promise<TensorData>;

const inNode: Run = async (bytes, feeds) => {
  const session = await openInNode(bytes, { threads: 1 });
  const { y } = await session.run(feeds);
  await session.release();
  return y!.data;
};

/** ONNX Runtime's WebAssembly build, as a browser has it. */
const inWebAssembly: Run = async (bytes, feeds) => {
  web.env.wasm.numThreads = 1;
  const session = await web.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const entries = Object.entries(feeds).map(
    ([name, { type, data, dims }]) => [name, new web.Tensor(type, data as Float32Array, dims)] as const,
  );
  const { y } = await session.run(Object.fromEntries(entries));
  await session.release();
  return y!.data as TensorData;
};

const fed = ({ type }: Value, each: Tensor) => {
  if (type === 'string') return { type, dims: each.shape, data: textsOf(each) };
  if (type === 'float64') return { type, dims: each.shape, data: each.data };
  return { type: 'float32' as const, dims: each.shape, data: Float32Array.from(each.data) };
};

/** Expects a host to compute what the reference says: texts alike, float64 numbers to 1e-12, all others to 1e-5. */
async function expectSame(run: Run, y: Value, feeds: Feeds): Promise<void> {
  const of = graph('raw', { y });
  const leaves = [...of.inputs, ...of.parameters];
  const given = Object.fromEntries(leaves.map((each) => [each.leaf.name, fed(each, feeds[each.leaf.name]!)]));
  const found = Array.from((await run(encode(of), given)) as ArrayLike<number | bigint | string>);
  const [expected] = interpret([y], feeds);
  if (y.type === 'string') return expect(found).toEqual(textsOf(expected!));
  const limit = y.type === 'float64' ? 1e-12 : 1e-5;
  expect(found).toHaveLength(expected!.data.length);
  expected!.data.forEach((each, i) =>
    expect(Math.abs(Number(found[i]) - each)).toBeLessThanOrEqual(limit * Math.max(1, Math.abs(each))),
  );
}

const cells = ['a', 'ü', '', 'b', 'a', 'NaN'];
const numbers = (rows: number): Tensor =>
  normals([rows, 3], `raw numbers of ${rows}`, (number) => Math.exp(number / 2) + 1e-9);
const feedsOf = (rows: number): Feeds => ({
  numbers: numbers(rows),
  texts: textTensor(
    [rows, 2],
    Array.from({ length: 2 * rows }, (_, i) => cells[i % cells.length]!),
  ),
  x: normals([rows, 3], `x of ${rows}`),
  w: normals([5, 3], 'w'),
});

const raw = input('numbers', ['batch', 3], 'float64');
const names = input('texts', ['batch', 2], 'string');
const x = input('x', ['batch', 3]);
const w = parameter('w', [5, 3], { kind: 'normal', scale: 1 });
const column = integers([1]);
const nearest = () => topK(gemm(x, w, { transB: true }), 2);

/** Graphs for any number of rows. */
const heads: Readonly<Record<string, () => Value>> = {
  'a column of texts, numbered': () => labelEncoder(gather(names, column, 1), ['', 'ü', 'a'], { missing: 9 }),
  'texts side by side': () => concat([names, gather(names, integers([1, 0, 0]), 1)], 1),
  'texts, chosen': () => where(greater(gather(raw, integers([0, 1]), 1), 1), names, texts(['no'])),
  'texts with an axis more': () => unsqueeze(names, 1),
  'texts in one row': () => reshape(names, ['2batch']),
  'texts, turned': () => transpose(names),
  'a part of the texts': () => slice(names, 1, 1, 2),
  'the name of the largest': () => gather(texts(['one', 'zwei', 'три']), argMax(x)),
  'columns of float64': () => gather(raw, integers([2, 0]), 1),
  'float64, standardised': () =>
    cast(div(sub(raw, constant(Float64Array.of(1e9, 3, 0.1), [3])), 7), 'float32'),
  'products with the rows of a parameter': () => gemm(x, w, { transB: true }),
  'the rows that an index names': () => gather(w, nearest().indices),
  'the largest products': () => nearest().values,
};

const ofTwo = { add, sub, mul, div, pow, max, min, equal, less, greater };
const ofOne = {
  ...{
    neg,
    exp,
    log,
    sqrt,
    reciprocal,
    abs,
    sign,
    floor,
    sin,
    cos,
    tanh,
    sigmoid,
    relu,
    stopGradient,
    isNaN,
  },
  ...{ sum, reduceMax, product, argMax, softmax, logSoftmax, transpose },
  ...{ square, softplus, logSigmoid, logSumExp, logGamma, signedLog },
};
const float64: Readonly<Record<string, (a: Value) => Value>> = {
  ...Object.fromEntries(Object.entries(ofTwo).map(([name, op]) => [name, (a: Value) => op(a, 1.1)])),
  ...Object.fromEntries(Object.entries(ofOne).map(([name, op]) => [name, (a: Value) => op(a)])),
  where: (a) => where(less(a, 1), a, 0.1),
  clip: (a) => clip(a, 0.7, 1.1),
  bounded: (a) => bounded(a, 2),
  'cast to int64 and back': (a) => cast(cast(a, 'int64'), 'float64'),
  concat: (a) => concat([a, a], 1),
  slice: (a) => slice(a, 1, 1, 3),
  pad: (a) => pad(a, 1, 1, 1),
  expand: (a) => expand(slice(a, 0, 0, 1), [4, 3]),
  gemm: (a) => gemm(a, a, { transB: true }),
  matmul: (a) => matmul(unsqueeze(a, 1), transpose(unsqueeze(a, 1))),
  topK: (a) => topK(a, 2).values,
};

describe.each([
  ['Node', inNode],
  ['WebAssembly', inWebAssembly],
])('in %s', (_, run) => {
  describe.each([1, 2, 7])('%i rows give what they should:', (rows) => {
    test.each(Object.keys(heads))('%s', (name) => expectSame(run, heads[name]!(), feedsOf(rows)));
  });

  test.each(Object.keys(float64))('%s has a kernel for float64', (name) =>
    expectSame(run, float64[name]!(input('numbers', [2, 3], 'float64')), feedsOf(2)),
  );
});

/** log Γ by Stirling's formula at 30 or more. */
function exactLogGamma(a: number): number {
  let [z, skipped] = [a, 0];
  for (; z < 30; z++) skipped += Math.log(z);
  const rest = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5);
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + rest - skipped;
}

test('log Γ is right to a millionth in float32', async () => {
  const size = 2000;
  const at = tensor([size], (i) => Math.fround(10 ** ((9 * i) / (size - 1) - 3)));
  const a = input('a', [size]);
  const found = await inNode(encode(graph('log Γ', { y: logGamma(a) })), { a: fed(a, at) });
  at.data.forEach((each, i) => {
    const expected = exactLogGamma(each);
    const gap = Math.abs(Number(found[i]) - expected);
    expect(gap / Math.max(1, Math.abs(expected)), `at ${each}`).toBeLessThan(1e-6);
  });
});
