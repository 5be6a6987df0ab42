import {
  abs,
  add,
  and,
  argMax,
  averagePool,
  bernoulliLogProbability,
  bounded,
  type ConvTransposeOptions,
  cast,
  clip,
  concat,
  constant,
  conv,
  convTranspose,
  cos,
  div,
  equal,
  exp,
  expand,
  type Feeds,
  floor,
  gather,
  gatherElements,
  gemm,
  gradients,
  greater,
  input,
  integers,
  // biome-ignore lint/suspicious/noShadowRestrictedNames: the graph's own
  isNaN,
  type LeafValue,
  labelEncoder,
  leakyRelu,
  less,
  linear,
  log,
  logGamma,
  logSigmoid,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maxPool,
  mean,
  min,
  mul,
  neg,
  not,
  oneHot,
  or,
  pad,
  pow,
  product,
  reciprocal,
  reduceMax,
  relu,
  reshape,
  rows,
  sigmoid,
  sign,
  signedLog,
  silu,
  sin,
  sizeOf,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  squeeze,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  texts,
  topK,
  transpose,
  unsqueeze,
  type Value,
  where,
  withGradient,
} from '@semivae/graph';
import { normals } from './numbers.ts';

/** One use of one exported function of the graph language, and a point at which its slope is to be judged. */
export interface Example {
  /** The function's name, and after a comma what is special here. */
  readonly name: string;
  readonly build: (...inputs: Value[]) => Value;
  /** A tensor for each input of `build`. */
  readonly at: readonly Tensor[];
}

type Shaping = (number: number) => number;
const positive: Shaping = (number) => Math.exp(number / 2);
/** At least a tenth from the kink at 0. */
const besides: Shaping = (number) => number + Math.sign(number) / 10;
const share: Shaping = (number) => 1 / (1 + Math.exp(-number));
/** Where the parts of a smooth function have kinks. */
const zero: Shaping = () => 0;
const large: Shaping = (number) => 40 * number;

function example(
  name: string,
  build: Example['build'],
  shapes: readonly (readonly number[])[],
  shaping?: Shaping,
) {
  return { name, build, at: shapes.map((shape, i) => normals(shape, `${name} ${i}`, shaping)) };
}

const matrix = [2, 3];
const cube = [2, 3, 4];
const bits = (...values: number[]) => constant(Uint8Array.from(values), [values.length], 'bool');
/** Geometries in every case that the rules of convolutions treat apart. */
const geometries: readonly (readonly [string, ConvTransposeOptions])[] = [
  ['plain', {}],
  ['strided', { strides: [2, 3] }],
  ['padded', { pads: [1, 1, 1, 1] }],
  ['padded unevenly', { pads: [0, 2, 1, 0] }],
  ['dilated', { dilations: [2, 1] }],
  ['strided and padded', { strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['strided and dilated', { strides: [2, 3], dilations: [1, 2], pads: [1, 0, 2, 1] }],
  ['in groups', { group: 2, strides: [1, 2], pads: [0, 1, 0, 1] }],
];
const kernelsOf = (channels: number, out: number, { group = 1 }: ConvTransposeOptions) =>
  [channels, out / group, 2, 3] as const;
const wholes = (values: readonly number[], shape: readonly number[]) => reshape(integers(values), shape);
/** A text for every row of numbers. */
const named = (a: Value) => gather(texts(['x', '', 'ü', 'y']), argMax(a));
const placeOf = (a: Value) => asNumber(labelEncoder(a, ['x', '', 'ü', 'y']));
const whereLess = (a: Value) => where(less(a, 0), floor(a), 0.5);
const spreadOut = (x: Value, w: Value, bias: Value) =>
  exp(convTranspose(x, w, { bias, strides: [2, 3], dilations: [3, 1], outputPadding: [1, 2] }));
/** Slopes of what is not linear, so that they have slopes of their own, as rows of one length. */
const slopesOf = (value: Value, ...wrt: readonly Value[]) =>
  gradients(sum(exp(mul(value, 0.5))), wrt).map((slope) => reshape(slope, [sizeOf(slope.shape)]));
const asNumber = (a: Value) => cast(a, 'float32');

/** Every differentiable function, in every case that its gradient treats apart. */
export const examples: readonly Example[] = [
  example('add', add, [matrix, matrix]),
  example('add, broadcast on the left', add, [[1, 3], matrix]),
  example('add, broadcast on the right', add, [cube, [2, 1, 4]]),
  example('add, the right of lower rank', add, [cube, [4]]),
  example('add, the left of rank 0', add, [[], matrix]),
  example('add, both broadcast', add, [
    [2, 1, 4],
    [3, 1],
  ]),
  example('add, a value to itself', (a) => add(a, a), [matrix]),
  example('sub', sub, [matrix, matrix]),
  example('sub, from a number', (a) => sub(1, a), [matrix]),
  example('sub, the left of lower rank', sub, [[3], matrix]),
  example('mul', mul, [matrix, matrix]),
  example('mul, both broadcast', mul, [
    [2, 1, 4],
    [3, 1],
  ]),
  example('mul, a value with itself', (a) => mul(a, a), [matrix]),
  example('div', div, [matrix, matrix], besides),
  example(
    'div, both broadcast',
    div,
    [
      [2, 1],
      [1, 3],
    ],
    besides,
  ),
  example('pow', pow, [matrix, matrix], positive),
  example(
    'pow, both broadcast',
    pow,
    [
      [2, 1],
      [1, 3],
    ],
    positive,
  ),
  example('max', max, [matrix, matrix]),
  example('max, with a number', (a) => max(a, 0.25), [matrix]),
  example('max, both broadcast', max, [
    [2, 1],
    [1, 3],
  ]),
  example('min', min, [matrix, matrix]),
  example('min, the left of lower rank', min, [[3], matrix]),
  example('neg', neg, [matrix]),
  example('exp', exp, [matrix]),
  example('log', log, [matrix], positive),
  example('sqrt', sqrt, [matrix], positive),
  example('reciprocal', reciprocal, [matrix], besides),
  example('abs', abs, [matrix], besides),
  example('sin', sin, [matrix]),
  example('cos', cos, [matrix]),
  example('tanh', tanh, [matrix]),
  example('sigmoid', sigmoid, [matrix]),
  example('relu', relu, [matrix], besides),
  example('where', (a, b) => where(bits(1, 0, 1), a, b), [matrix, matrix]),
  example('where, the condition is largest', (a, b) => where(bits(1, 0, 1), a, b), [[2, 1], []]),
  example('where, with a number', (a) => where(greater(a, 0), a, 0.5), [matrix], besides),
  example('cast, of what a slope does not need', (a) => mul(a, asNumber(greater(a, 0))), [matrix], besides),
  example('withGradient', (a) => withGradient(exp(a), [a], (dy) => [mul(dy, exp(a))]), [matrix]),
  example(
    'withGradient, of two that broadcast',
    (a, b) => withGradient(mul(exp(a), b), [a, b], (dy) => [mul(dy, mul(exp(a), b)), mul(dy, exp(a))]),
    [[2, 1], [3]],
  ),
  example('reshape', (a) => exp(reshape(a, [3, 2])), [matrix]),
  example('reshape, twice', (a) => exp(reshape(reshape(a, [4, 6]), [3, 8])), [cube]),
  example('reshape, of a broadcast slope', (a) => sum(reshape(sum(a, [1]), [4, 2]), [0]), [cube]),
  example('unsqueeze', (a, b) => mul(unsqueeze(a, 1), b), [matrix, cube.with(0, 1).with(2, 3)]),
  example('unsqueeze, at the end', (a, b) => mul(unsqueeze(a, -1), b), [matrix, [4]]),
  example('squeeze', (a) => exp(squeeze(a, -2)), [[2, 1, 3]]),
  example('rows', (a) => exp(rows(a)), [cube]),
  example('transpose', (a) => exp(transpose(a)), [cube]),
  example('transpose, in an order that is not its own inverse', (a) => exp(transpose(a, [1, 2, 0])), [cube]),
  example('expand', (a) => expand(exp(a), cube), [[3, 1]]),
  example('concat', (a, b, c) => exp(concat([a, b, c], 1)), [matrix, [2, 1], [2, 2]]),
  example('concat, on the first axis', (a, b) => exp(concat([a, b], 0)), [cube, [1, 3, 4]]),
  example('concat, a value with itself', (a) => exp(concat([a, a], -1)), [matrix]),
  example('slice', (a) => exp(slice(a, 1, 1, 3)), [cube]),
  example('slice, two that overlap', (a) => mul(slice(a, -1, 0, 3), slice(a, -1, 1, 4)), [cube]),
  example('pad', (a) => exp(pad(a, 1, 2, 1)), [matrix]),
  example('gemm', (a, b) => gemm(a, b), [matrix, [3, 4]]),
  example('gemm, with a vector added', (a, b, c) => gemm(a, b, { c }), [matrix, [3, 4], [4]]),
  example('gemm, with a matrix added', (a, b, c) => gemm(a, b, { c }), [matrix, [3, 4], [2, 4]]),
  example('gemm, with a column added', (a, b, c) => gemm(a, b, { c }), [matrix, [3, 4], [2, 1]]),
  ...[false, true].flatMap((transA) =>
    [false, true].map((transB) =>
      example(
        `gemm, ${transA ? 'Aᵀ' : 'A'}·${transB ? 'Bᵀ' : 'B'} + c`,
        (a, b, c) => gemm(a, b, { transA, transB, c }),
        [transA ? [3, 2] : [2, 3], transB ? [4, 3] : [3, 4], [4]],
      ),
    ),
  ),
  ...[false, true].flatMap((transA) =>
    [false, true].map((transB) =>
      example(
        `gemm, ${transA ? 'Aᵀ' : 'A'}·${transB ? 'Bᵀ' : 'B'}`,
        (a, b) => exp(gemm(a, b, { transA, transB })),
        [transA ? [3, 2] : [2, 3], transB ? [4, 3] : [3, 4]],
      ),
    ),
  ),
  example('gemm, a matrix with itself', (a) => gemm(a, a, { transB: true }), [matrix]),
  example('matmul', matmul, [matrix, [3, 4]]),
  example('matmul, of stacks', matmul, [cube, [2, 4, 2]]),
  example('matmul, one matrix for a stack', matmul, [cube, [4, 2]]),
  example('matmul, a stack for one matrix', matmul, [matrix, [4, 3, 2]]),
  example('matmul, leading axes broadcast', matmul, [
    [2, 1, 2, 3],
    [4, 3, 2],
  ]),
  ...geometries.flatMap(([title, options]) => [
    example(`conv, ${title}`, (x, w) => conv(x, w, options), [[2, 4, 5, 7], kernelsOf(6, 4, options)]),
    example(`convTranspose, ${title}`, (x, w) => convTranspose(x, w, options), [
      [2, 4, 3, 2],
      kernelsOf(4, 6, options),
    ]),
  ]),
  example('conv, with a bias', (x, w, bias) => exp(conv(x, w, { bias, strides: [3, 1] })), [
    [1, 2, 7, 3],
    [3, 2, 2, 2],
    [3],
  ]),
  example('convTranspose, with a bias and output padding', spreadOut, [[2, 2, 3, 2], [2, 3, 2, 3], [3]]),
  example(
    'conv, its slopes',
    (x, w) => concat(slopesOf(conv(x, w, { strides: [2, 1], pads: [1, 0, 0, 1] }), x, w), 0),
    [
      [2, 1, 4, 3],
      [2, 1, 3, 2],
    ],
  ),
  example(
    'convTranspose, its slopes',
    (x, w) => concat(slopesOf(convTranspose(x, w, { strides: [2, 1], pads: [1, 0, 0, 1] }), x, w), 0),
    [
      [2, 1, 2, 3],
      [1, 2, 3, 2],
    ],
  ),
  example('averagePool', (a) => exp(averagePool(a, 2)), [[2, 3, 4, 2]]),
  example('maxPool', (a) => exp(maxPool(a, 2)), [[2, 3, 2, 4]]),
  example('linear', (x, w, b) => linear(x, w, b), [matrix, [3, 4], [4]]),
  example('linear, over axes before the rows', (x, w, b) => exp(linear(x, w, b)), [cube, [4, 2], [2]]),
  example('linear, without a bias', (x, w) => linear(x, w), [cube, [4, 2]]),
  example('linear, of a vector', (x, w) => linear(x, w), [[3], [3, 4]]),
  example('gather', (a) => exp(gather(a, wholes([1, 0, 1], [3]))), [matrix]),
  example('gather, on a middle axis', (a) => exp(gather(a, wholes([2, 0], [2]), 1)), [cube]),
  example('gather, on the last axis by a matrix', (a) => exp(gather(a, wholes([2, 0, 2, 1], [2, 2]), -1)), [
    [2, 3],
  ]),
  example('gather, of one index', (a) => exp(gather(a, wholes([1], []), 1)), [cube]),
  example('gatherElements', (a) => exp(gatherElements(a, wholes([2, 0, 1, 1], [2, 2]))), [matrix]),
  example(
    'gatherElements, more than there are',
    (a) => exp(gatherElements(a, wholes([3, 0, 1, 1, 2], [1, 1, 5]))),
    [[1, 1, 4]],
  ),
  example('topK', (a) => exp(topK(a, 2).values), [cube]),
  example('topK, the smallest', (a) => exp(topK(a, 3, { largest: false }).values), [cube]),
  example('sum', (a) => sum(a), [cube]),
  example('sum, over axes', (a) => exp(sum(a, [0, 2])), [cube]),
  example('sum, with axes kept', (a) => mul(sum(a, [-1], { keep: true }), a), [cube]),
  example('sum, of a sum', (a) => sum(sum(a, [1]), [0]), [cube]),
  example('sum, of what broadcasts', (a, b) => sum(mul(a, sum(b, [0])), [0]), [cube, [2, 1, 4]]),
  example('sum, of a sum of what broadcasts', (a, b) => sum(add(a, b)), [
    [2, 1, 4],
    [3, 1],
  ]),
  example('reduceMax', (a) => reduceMax(a), [cube]),
  example('reduceMax, over an axis', (a) => exp(reduceMax(a, [1])), [cube]),
  example('reduceMax, with axes kept', (a) => mul(reduceMax(a, [0, 2], { keep: true }), a), [cube]),
  example('product', (a) => product(a), [matrix], positive),
  example('product, over axes', (a) => exp(product(a, [0, 2])), [cube], share),
  example('product, with axes kept', (a) => mul(product(a, [-1], { keep: true }), a), [cube], besides),
  example('product', (a) => product(a), [matrix], besides),
  example('product, over an axis', (a) => exp(product(a, [1])), [cube], besides),
  example('product, with axes kept', (a) => mul(product(a, [0, 2], { keep: true }), a), [cube], besides),
  example('softmax', softmax, [cube]),
  example('softmax, of large numbers', softmax, [matrix], large),
  example('logSoftmax', logSoftmax, [cube]),
  example('logSoftmax, of large numbers', logSoftmax, [matrix], large),
  example('square', square, [matrix]),
  example('clip', (a) => clip(a, -0.5, 0.75), [cube]),
  example('clip, between values', (a, low) => clip(a, low, add(low, 0.5)), [matrix, [3]]),
  example('signedLog', signedLog, [matrix]),
  example('signedLog, of large numbers', signedLog, [matrix], large),
  example('logGamma', logGamma, [cube], positive),
  example('logGamma, of large numbers', (a) => logGamma(mul(a, 1000)), [matrix], positive),
  example('logGamma, near 0', (a) => logGamma(mul(a, 0.01)), [matrix], positive),
  example('mean', (a) => exp(mean(a)), [cube]),
  example('mean, over an axis', (a) => exp(mean(a, [-2])), [cube]),
  example('logSumExp', (a) => logSumExp(a), [cube]),
  example('logSumExp, over the first axis', (a) => logSumExp(a, 0), [cube]),
  example('logSumExp, of large numbers', (a) => logSumExp(a), [matrix], large),
  example('softplus', softplus, [matrix]),
  example('softplus, of large numbers', softplus, [matrix], large),
  example('logSigmoid', logSigmoid, [matrix]),
  example('logSigmoid, of large numbers', logSigmoid, [matrix], large),
  example('softplus, at 0', softplus, [matrix], zero),
  example('bernoulliLogProbability, of logits 0', bernoulliLogProbability, [matrix, matrix], zero),
  example('silu', silu, [matrix]),
  example('leakyRelu', (a) => leakyRelu(a), [matrix], besides),
  example('leakyRelu, of another share', (a) => leakyRelu(a, 0.5), [matrix], besides),
  example('bounded', (a) => bounded(a, 2), [matrix]),
  example('bernoulliLogProbability', (x, l) => bernoulliLogProbability(sigmoid(x), l), [matrix, matrix]),
  example('bernoulliLogProbability, of large logits', bernoulliLogProbability, [matrix, matrix], large),
  example(
    'bernoulliLogProbability, of rows that broadcast',
    bernoulliLogProbability,
    [
      [2, 1, 4],
      [3, 4],
    ],
    share,
  ),
  example(
    'bernoulliLogProbability, of more features than one product holds',
    bernoulliLogProbability,
    [
      [1, 130],
      [2, 130],
    ],
    share,
  ),
  example(
    'bernoulliLogProbability, of a prime number of features',
    bernoulliLogProbability,
    [[127], [2, 127]],
    share,
  ),
];

/** The functions through which no slope passes. */
export const flat: readonly Example[] = [
  example('equal', (a) => asNumber(equal(floor(a), 0)), [cube]),
  example('less', (a, b) => asNumber(less(a, b)), [matrix, [3]]),
  example('greater', (a, b) => asNumber(greater(a, b)), [[3], matrix]),
  example('and', (a, b) => asNumber(and(less(a, 0), less(b, 0))), [matrix, matrix]),
  example('or', (a, b) => asNumber(or(less(a, 0), less(b, 0))), [matrix, matrix]),
  example('not', (a) => asNumber(not(less(a, 0))), [matrix]),
  example('sign', sign, [matrix]),
  example('floor', floor, [matrix]),
  example('argMax', (a) => asNumber(argMax(a)), [cube]),
  example('argMax, on the first axis', (a) => asNumber(argMax(a, 0)), [cube]),
  example('argMax, of float64 numbers', (a) => asNumber(argMax(cast(a, 'float64'))), [cube]),
  example('isNaN', (a) => asNumber(isNaN(log(a))), [matrix]),
  example('isNaN, of float64 numbers', (a) => asNumber(isNaN(log(cast(a, 'float64')))), [matrix]),
  example('topK, the indices', (a) => asNumber(topK(a, 2).indices), [cube]),
  example('topK, the indices at ties', (a) => asNumber(topK(floor(a), 4).indices), [cube]),
  example(
    'topK, the indices of the smallest at ties',
    (a) => asNumber(topK(floor(a), 3, { largest: false }).indices),
    [cube],
  ),
  example('labelEncoder', (a) => asNumber(labelEncoder(named(a), ['ü', '', 'x'])), [cube]),
  example(
    'labelEncoder, with a place for the rest',
    (a) => asNumber(labelEncoder(named(a), ['y', 'ü'], { missing: 7 })),
    [cube],
  ),
  example('gather, of texts', (a) => placeOf(gather(named(a), wholes([2, 0], [2]), 1)), [cube]),
  example('gather, of one column of texts', (a) => placeOf(gather(named(a), wholes([1], []), 1)), [cube]),
  example('gatherElements, of texts', (a) => placeOf(gatherElements(named(a), wholes([2, 0], [2, 1]))), [
    cube,
  ]),
  example('where, of texts', (a) => placeOf(where(bits(1, 0, 1), named(a), texts(['no']))), [cube]),
  example('concat, of texts', (a) => placeOf(concat([named(a), texts(['no', 'x'], [2, 1])], 1)), [cube]),
  example('reshape, of texts', (a) => placeOf(reshape(named(a), [3, 2])), [cube]),
  example('unsqueeze, of texts', (a) => placeOf(unsqueeze(named(a), 1)), [cube]),
  example('transpose, of texts', (a) => placeOf(transpose(named(a))), [cube]),
  example('slice, of texts', (a) => placeOf(slice(named(a), 1, 1, 3)), [cube]),
  example('expand, of texts', (a) => placeOf(expand(unsqueeze(named(a), 1), [2, 4, 3])), [cube]),
  example('stopGradient, of texts', (a) => placeOf(stopGradient(named(a))), [cube]),
  example('oneHot', (a) => oneHot(argMax(a), 4), [cube]),
  example('cast, to bytes', (a) => asNumber(cast(abs(a), 'uint8')), [matrix]),
  example(
    'cast, to float64 and back',
    (a) => asNumber(clip(sub(cast(a, 'float64'), 3), -3, constant(Float64Array.of(-2.5), []))),
    [matrix],
  ),
  example('where, of float64 numbers', (a) => asNumber(whereLess(cast(a, 'float64'))), [matrix]),
  example('stopGradient', stopGradient, [matrix]),
];

/** The example's value of leaves `a`, `b`, `c`, and what is fed to them. */
export function placed({ build, at }: Example): {
  value: Value;
  wrt: Readonly<Record<string, LeafValue>>;
  feeds: Feeds;
} {
  const leaves = at.map(({ shape }, i) => input('abc'[i]!, shape));
  const byName = <T>(of: readonly T[]) => Object.fromEntries(of.map((each, i) => ['abc'[i]!, each]));
  return { value: build(...leaves), wrt: byName(leaves), feeds: byName(at) };
}

/** Σ of a value, each element weighted apart: no fault of a slope cancels in it. */
export function weighted(value: Value): Value {
  const { shape, data } = normals(value.shape as number[], 'weights');
  return sum(mul(value, constant(Float32Array.from(data), shape)));
}
