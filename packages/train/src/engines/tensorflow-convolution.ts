import type { Value } from '@semivae/graph';
import type * as tfjs from '@tensorflow/tfjs';
import type { Rule, TensorFlow } from './tensorflow-rule.ts';

type Tensor = tfjs.Tensor4D;
type Pair = readonly [number, number];

/** How a kernel goes over images; zeros may be put around them, or, where a pad is negative, pixels cut off. */
interface Walk {
  readonly strides: Pair;
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
}

interface Told extends Walk {
  readonly dilations: Pair;
  readonly group: number;
}

const told = ({ attributes }: Value) => attributes as unknown as Told;

/** Channels go last in TensorFlow.js: images [n, h, w, c], kernels [h, w, c, channels out]. */
const channelsLast = (tf: TensorFlow, x: tfjs.Tensor) => tf.transpose(x, [0, 2, 3, 1]) as Tensor;
const channelsFirst = (tf: TensorFlow, x: tfjs.Tensor) => tf.transpose(x, [0, 3, 1, 2]) as Tensor;

/** With `step` − 1 zeros put between neighbours on an axis. */
function spread(tf: TensorFlow, a: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return a;
  const size = a.shape[axis]!;
  const [before, after] = [a.shape.slice(0, axis), a.shape.slice(axis + 1)];
  const count = (shape: number[]) => shape.reduce((product, each) => product * each, 1);
  const pairs = [0, 0, step - 1, 0].map((zeros) => [0, zeros] as [number, number]);
  const apart = tf.pad(tf.reshape(a, [count(before), size, 1, count(after)]), pairs);
  const whole = tf.reshape(apart, a.shape.with(axis, size * step) as Tensor['shape']) as Tensor;
  return cut(tf, whole, axis, 0, (size - 1) * step + 1);
}

function cut(tf: TensorFlow, a: Tensor, axis: number, start: number, count: number): Tensor {
  const begin = a.shape.map((_, i) => (i === axis ? start : 0));
  return tf.slice(a as tfjs.Tensor, begin, a.shape.with(axis, count)) as Tensor;
}

/** Every `step`th of an axis from `start`, `count` of them, by reshaping: TensorFlow.js derives no strided slice. */
function every(tf: TensorFlow, a: Tensor, axis: number, start: number, step: number, count: number): Tensor {
  if (step === 1) return cut(tf, a, axis, start, count);
  const missing = Math.max(0, start + count * step - a.shape[axis]!);
  const pairs = a.shape.map((_, i) => [0, i === axis ? missing : 0] as [number, number]);
  const longer = tf.pad(a, pairs) as Tensor;
  const part = cut(tf, longer, axis, start, count * step);
  const apart: tfjs.Tensor = tf.reshape(part, part.shape.toSpliced(axis, 1, count, step));
  const begin = apart.shape.map(() => 0);
  const first = tf.slice(apart, begin, apart.shape.with(axis + 1, 1));
  return tf.reshape(first, part.shape.with(axis, count) as Tensor['shape']) as Tensor;
}

/** Zeros put around, or pixels cut off. */
function around(tf: TensorFlow, x: Tensor, [top, left, bottom, right]: readonly number[]): Tensor {
  const zeros = [top!, left!, bottom!, right!].map((each) => Math.max(0, each));
  const cuts = [top!, left!, bottom!, right!].map((each) => Math.max(0, -each));
  const wide = tf.pad(x, [
    [0, 0],
    [zeros[0]!, zeros[2]!],
    [zeros[1]!, zeros[3]!],
    [0, 0],
  ]) as Tensor;
  const rows = cut(tf, wide, 1, cuts[0]!, wide.shape[1] - cuts[0]! - cuts[2]!);
  return cut(tf, rows, 2, cuts[1]!, rows.shape[2] - cuts[1]! - cuts[3]!);
}

/** The pixels under each place of the kernel side by side, and one product: what is left where a kernel is missing. */
function byProducts(tf: TensorFlow, x: Tensor, w: Tensor, { strides, pads }: Walk): Tensor {
  const [height, width, channels, out] = w.shape;
  const wide = around(tf, x, pads);
  const rows = Math.floor((wide.shape[1] - height) / strides[0]) + 1;
  const columns = Math.floor((wide.shape[2] - width) / strides[1]) + 1;
  const places = Array.from({ length: height * width }, (_, i) => {
    const along = every(tf, wide, 1, Math.floor(i / width), strides[0], rows);
    return every(tf, along, 2, i % width, strides[1], columns);
  });
  const pixels = tf.reshape(tf.concat(places, 3), [-1, height * width * channels]);
  const product = tf.matMul(pixels, tf.reshape(w, [height * width * channels, out]));
  return tf.reshape(product, [x.shape[0], rows, columns, out]);
}

/** Whether the backend can derive a convolution with respect to its kernel; wasm cannot. */
const derives = (tf: TensorFlow): boolean => !!tf.getKernel('Conv2DBackpropFilter', tf.getBackend());

const convolved = (tf: TensorFlow, x: Tensor, w: Tensor, walk: Walk): Tensor =>
  derives(tf)
    ? tf.conv2d(around(tf, x, walk.pads), w, [...walk.strides], 'valid')
    : byProducts(tf, x, w, walk);

/** Dilated kernels have zeros in between: TensorFlow.js derives no dilated convolution, and computes no strided one. */
const dilated = (tf: TensorFlow, w: Tensor, [rows, columns]: Pair): Tensor =>
  spread(tf, spread(tf, w, 0, rows), 1, columns);

/** Group by group along these axes of images and kernels, and the results side by side. */
function grouped(
  tf: TensorFlow,
  group: number,
  x: Tensor,
  w: Tensor,
  kernelAxis: number,
  compute: (x: Tensor, w: Tensor) => Tensor,
): Tensor {
  if (group === 1) return compute(x, w);
  const kernels = tf.split(w, group, kernelAxis);
  const parts = tf.split(x, group, 3).map((each, i) => compute(each as Tensor, kernels[i] as Tensor));
  return tf.concat(parts, 3);
}

const finished = (tf: TensorFlow, found: Tensor, bias?: tfjs.Tensor): tfjs.Tensor =>
  channelsFirst(tf, bias ? tf.add(found, bias) : found);

/** ONNX's Conv. */
export const conv: Rule = (tf, [x, w, bias], y) => {
  const { group, dilations, ...walk } = told(y);
  const kernel = dilated(tf, tf.transpose(w!, [2, 3, 1, 0]) as Tensor, dilations);
  const found = grouped(tf, group, channelsLast(tf, x!), kernel, 3, (image, kernels) =>
    convolved(tf, image, kernels, walk),
  );
  return finished(tf, found, bias);
};

/** ONNX's ConvTranspose: a convolution, by the kernel turned round, of images with zeros between their pixels. */
export const convTranspose: Rule = (tf, [x, w, bias], y) => {
  const { group, dilations, strides, pads } = told(y);
  const turned = tf.reverse(tf.transpose(w!, [2, 3, 0, 1]), [0, 1]) as Tensor;
  const kernel = dilated(tf, turned, dilations);
  const [more, wider] = y.attributes.output_padding as unknown as Pair;
  const [height, width] = kernel.shape;
  const outer = [height - 1 - pads[0]!, width - 1 - pads[1]!, height - 1 - pads[2]!, width - 1 - pads[3]!];
  const found = grouped(tf, group, channelsLast(tf, x!), kernel, 2, (image, kernels) => {
    const apart = spread(tf, spread(tf, image, 1, strides[0]), 2, strides[1]);
    const walk = {
      strides: [1, 1],
      pads: [outer[0]!, outer[1]!, outer[2]! + more, outer[3]! + wider],
    } as const;
    return convolved(tf, apart, kernels, walk);
  });
  return finished(tf, found, bias);
};
