import { ShapeError } from '../errors.ts';
import { coordinates, tensor } from '../reference.ts';
import { type Dimension, fixed, type Shape, showShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Attributes, Op, Value } from '../value.ts';
import { mul } from './elementwise.ts';
import { concat, reshape, slice, transpose } from './layout.ts';
import { reduceMax, sum } from './reduce.ts';

type Pair = readonly [number, number];

/** How a kernel goes over the rows and the columns of images. */
interface Geometry {
  readonly strides: Pair;
  /** Zeros around an image: top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: Pair;
  /** Channels fall into so many groups, each with kernels of its own. */
  readonly group: number;
}

/** What is left out is 1, and pads are 0. `bias` [channels out] is added to every pixel. */
export interface ConvOptions extends Partial<Geometry> {
  readonly bias?: Value;
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Rows and columns that the result has more at its end, below the stride or the dilation. */
  readonly outputPadding?: Pair;
}

const geometryOf = ({ strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], group = 1 }: ConvOptions) =>
  ({ strides, pads, dilations, group }) satisfies Geometry & Attributes;

const told = ({ attributes }: Value) => attributes as unknown as Geometry;

const AXES = [0, 1] as const;

/** Pixels that a kernel reaches over. */
const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** Pixels of an axis, and the zeros around it, that no step of the kernel reaches. */
const unreached = (size: number, steps: number, kernel: number, axis: 0 | 1, of: Geometry): number =>
  size +
  of.pads[axis] +
  of.pads[axis + 2]! -
  reach(kernel, of.dilations[axis]) -
  (steps - 1) * of.strides[axis];

const stepsOver = (size: number, kernel: number, axis: 0 | 1, of: Geometry): number =>
  Math.floor(unreached(size, 1, kernel, axis, of) / of.strides[axis]) + 1;

/** A pixel, which is 0 outside of the image. */
function pixel({ shape, data }: Tensor, n: number, channel: number, row: number, column: number): number {
  const [, channels, height, width] = shape as readonly [number, number, number, number];
  const inside = row >= 0 && row < height && column >= 0 && column < width;
  return inside ? data[((n * channels + channel) * height + row) * width + column]! : 0;
}

const swapped = (a: Value): Value => transpose(a, [1, 0, 2, 3]);

const channelsOf = (a: Value, group: number, which: number): Value => {
  const size = (a.shape[1] as number) / group;
  return slice(a, 1, which * size, (which + 1) * size);
};

const upTo = (times: number): number[] => Array.from({ length: times }, (_, i) => i);

/** d loss / d kernel of one group: a convolution over images for channels, its steps and dilations exchanged. */
function slopeOfGroup(image: Value, dy: Value, kernel: Pair, of: Geometry): Value {
  const spare = AXES.map((axis) => {
    const [size, steps] = [image.shape[axis + 2], dy.shape[axis + 2]] as readonly [number, number];
    return Math.min(of.pads[axis + 2]!, unreached(size, steps, kernel[axis], axis, of));
  }) as unknown as Pair;
  const [top, left, bottom, right] = of.pads;
  const found = conv(swapped(image), swapped(dy), {
    strides: of.dilations,
    dilations: of.strides,
    pads: [top, left, bottom - spare[0], right - spare[1]],
  });
  return swapped(slice(slice(found, 2, 0, kernel[0]), 3, 0, kernel[1]));
}

/** d loss / d kernel, from the images that a convolution is of and the slope of what it gives. */
function slopeOfKernel(image: Value, dy: Value, { shape }: Value, of: Geometry): Value {
  const kernel = fixed(shape.slice(2)) as unknown as Pair;
  const groups = upTo(of.group).map((which) =>
    slopeOfGroup(channelsOf(image, of.group, which), channelsOf(dy, of.group, which), kernel, of),
  );
  return concat(groups, 0);
}

const slopeOfBias = (dy: Value): Value => sum(dy, [0, 2, 3]);

const convOp: Op = {
  name: 'Conv',
  // y[n, m, i, j] = b[m] + Σ x[n, c, i·s − p + k·d, …] · w[m, c, k, l]
  reference: (y, [x, w, bias]) => {
    const of = told(y);
    const [channels, inGroup, height, width] = w!.shape as readonly [number, number, number, number];
    const rows = stepsOver(x!.shape[2]!, height, 0, of);
    const columns = stepsOver(x!.shape[3]!, width, 1, of);
    const shape = [x!.shape[0]!, channels, rows, columns];
    return tensor(shape, (index) => {
      const [n, m, i, j] = coordinates(index, shape) as [number, number, number, number];
      const first = Math.floor((m * of.group) / channels) * inGroup;
      let total = bias?.data[m] ?? 0;
      for (let c = 0; c < inGroup; c++)
        for (let k = 0; k < height; k++)
          for (let l = 0; l < width; l++) {
            const row = i * of.strides[0] - of.pads[0] + k * of.dilations[0];
            const column = j * of.strides[1] - of.pads[1] + l * of.dilations[1];
            total += pixel(x!, n, first + c, row, column) * pixel(w!, m, c, k, l);
          }
      return total;
    });
  },
  gradient: (dy, y) => {
    const [x, w, bias] = y.inputs as readonly [Value, Value, Value?];
    const of = told(y);
    const outputPadding = AXES.map((axis) => {
      const [size, steps, kernel] = [x, y, w].map((each) => each.shape[axis + 2] as number);
      return unreached(size!, steps!, kernel!, axis, of);
    }) as unknown as Pair;
    const slopes = [convTranspose(dy, w, { ...of, outputPadding }), slopeOfKernel(x, dy, w, of)];
    return bias ? [...slopes, slopeOfBias(dy)] : slopes;
  },
};

const convTransposeOp: Op = {
  name: 'ConvTranspose',
  // y[n, m, i, j] = b[m] + Σ x[n, c, (i + p − k·d) / s, …] · w[c, m, k, l], where the division comes out even
  reference: (y, [x, w, bias]) => {
    const of = told(y);
    const [, inGroup, height, width] = w!.shape as readonly [number, number, number, number];
    const shape = [x!.shape[0]!, ...fixed(y.shape.slice(1))];
    const channels = x!.shape[1]! / of.group;
    return tensor(shape, (index) => {
      const [n, m, i, j] = coordinates(index, shape) as [number, number, number, number];
      const first = Math.floor(m / inGroup) * channels;
      let total = bias?.data[m] ?? 0;
      for (let c = first; c < first + channels; c++)
        for (let k = 0; k < height; k++)
          for (let l = 0; l < width; l++) {
            const row = (i + of.pads[0] - k * of.dilations[0]) / of.strides[0];
            const column = (j + of.pads[1] - l * of.dilations[1]) / of.strides[1];
            if (Number.isInteger(row) && Number.isInteger(column))
              total += pixel(x!, n, c, row, column) * pixel(w!, c, m % inGroup, k, l);
          }
      return total;
    });
  },
  gradient: (dy, y) => {
    const [x, w, bias] = y.inputs as readonly [Value, Value, Value?];
    const of = told(y);
    const slopes = [conv(dy, w, of), slopeOfKernel(dy, x, w, of)];
    return bias ? [...slopes, slopeOfBias(dy)] : slopes;
  },
};

function refuse(op: Op, x: Value, w: Value, remedy: string): never {
  const problem = `images ${showShape(x.shape)} and kernels ${showShape(w.shape)}`;
  throw new ShapeError('SHAPES', problem, op.name, remedy);
}

function checkImages(op: Op, x: Value, w: Value, of: Geometry): void {
  const known = [x.shape.slice(1), w.shape].flat().every((each) => typeof each === 'number');
  if (x.shape.length !== 4 || w.shape.length !== 4 || !known)
    refuse(op, x, w, 'Both have four axes, of which only the first of the images may be free.');
  const whole = [...of.strides, ...of.dilations, of.group].every(
    (each) => Number.isInteger(each) && each > 0,
  );
  if (!whole || of.pads.some((each) => !Number.isInteger(each) || each < 0))
    refuse(op, x, w, 'Strides, dilations and groups are whole numbers from 1, pads from 0.');
}

const result = (
  op: Op,
  x: Value,
  w: Value,
  bias: Value | undefined,
  shape: Shape,
  attributes: Attributes,
) => ({
  op,
  inputs: bias ? [x, w, bias] : [x, w],
  shape,
  type: x.type,
  attributes,
});

/**
 * Images [n, channels, height, width] under kernels [channels out, channels / group, height, width], turned by no half
 * circle: ONNX's Conv. Throws `SHAPES` where they do not fit, or the kernel reaches over more than there is.
 */
export function conv(x: Value, w: Value, { bias, ...options }: ConvOptions = {}): Value {
  const of = geometryOf(options);
  checkImages(convOp, x, w, of);
  const [channels, inGroup, ...kernel] = w.shape as readonly [number, number, number, number];
  if (x.shape[1] !== inGroup * of.group || channels % of.group !== 0)
    refuse(
      convOp,
      x,
      w,
      `With ${of.group} groups, axis 1 of the kernels is a ${of.group}th of the channels.`,
    );
  const sizes = AXES.map((axis) => stepsOver(x.shape[axis + 2] as number, kernel[axis]!, axis, of));
  if (sizes.some((size) => size < 1))
    refuse(convOp, x, w, 'Use a smaller kernel or dilation, or larger pads.');
  return result(convOp, x, w, bias, [x.shape[0] as Dimension, channels, ...sizes], of);
}

/**
 * The adjoint of `conv`: images [n, channels, height, width] spread out by kernels [channels, channels out / group, height,
 * width] to size (size − 1)·stride + reach − pads + outputPadding: ONNX's ConvTranspose. Throws `SHAPES`.
 */
export function convTranspose(
  x: Value,
  w: Value,
  { bias, outputPadding = [0, 0], ...options }: ConvTransposeOptions = {},
): Value {
  const of = geometryOf(options);
  checkImages(convTransposeOp, x, w, of);
  const [channels, inGroup, ...kernel] = w.shape as readonly [number, number, number, number];
  if (x.shape[1] !== channels || channels % of.group !== 0)
    refuse(convTransposeOp, x, w, 'Axis 0 of the kernels is the channels, a multiple of the groups.');
  const sizes = AXES.map((axis) => {
    const full = ((x.shape[axis + 2] as number) - 1) * of.strides[axis];
    return full - unreached(0, 1, kernel[axis]!, axis, of) + outputPadding[axis];
  });
  const most = AXES.map((axis) => Math.max(of.strides[axis], of.dilations[axis]));
  if (sizes.some((size) => size < 1) || AXES.some((axis) => outputPadding[axis] >= most[axis]!))
    refuse(convTransposeOp, x, w, 'Use smaller pads, and an outputPadding below the stride or the dilation.');
  const attributes = { ...of, output_padding: outputPadding };
  const shape = [x.shape[0] as Dimension, inGroup * of.group, ...sizes];
  return result(convTransposeOp, x, w, bias, shape, attributes);
}

/** Rows and columns taken apart into windows that do not overlap: [n, c, h/size, size, w/size, size]. */
function windows(a: Value, size: number): Value {
  const [n, channels, height, width] = a.shape as readonly [Dimension, number, number, number];
  if (a.shape.length === 4 && height % size === 0 && width % size === 0)
    return reshape(a, [n, channels, height / size, size, width / size, size]);
  const remedy = 'Images have four axes, and sides that are multiples of the window.';
  throw new ShapeError('SHAPES', `windows of ${size} over ${showShape(a.shape)}`, 'pool', remedy);
}

/** The mean of every window of size² pixels, which do not overlap. Throws `SHAPES` where they do not fit. */
export const averagePool = (a: Value, size: number): Value =>
  mul(sum(windows(a, size), [3, 5]), 1 / size ** 2);

/** The largest of every window of size² pixels, which do not overlap; ties as in `reduceMax`. Throws `SHAPES`. */
export const maxPool = (a: Value, size: number): Value => reduceMax(windows(a, size), [3, 5]);
