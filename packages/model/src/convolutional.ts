import {
  add,
  conv,
  convTranspose,
  parameter,
  reshape,
  rows,
  ShapeError,
  slice,
  transpose,
  type Value,
} from '@semivae/graph';
import type { Values } from './families/family.ts';
import { type Activation, activations, type Features, mlp, type Network, weightInitial } from './layers.ts';
import { batchNormalisation, type Pass, shippedPass } from './pass.ts';

/** Images in rows of features: pixels row by row, channels innermost. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export interface ConvolutionalOptions {
  readonly image: ImageSize;
  /** Channels of each stage; every stage halves the sides of an encoder's images, or doubles those of a decoder's. */
  readonly channels: readonly number[];
  /** Residual blocks in each stage (He et al. 2016). */
  readonly blocks?: number;
  /** Hidden layers between the smallest images and what has no pixels. */
  readonly hidden?: readonly number[];
  readonly activation?: Activation;
  /** Whether channels, over rows and pixels, and hidden features are normalised before their activation. */
  readonly normalised?: boolean;
  /** The share of a hidden layer's features that are left out at random in training. */
  readonly dropout?: number;
  /** The sides of an encoder's kernels, odd, stage by stage; 3 where they are not told. */
  readonly kernels?: readonly number[];
}

type Layer = (images: Value, pass: Pass) => Value;

const KERNEL = 3;
const AROUND = [1, 1, 1, 1] as const;
const STRIDES = [2, 2] as const;

const pixelsOf = ({ width, height, channels }: ImageSize): number => width * height * channels;

/** The sides after each stage, the whole image's first. */
const sidesOf = ({ height, width }: ImageSize, stages: number): (readonly [number, number])[] =>
  Array.from({ length: stages + 1 }, (_, i) => [Math.ceil(height / 2 ** i), Math.ceil(width / 2 ** i)]);

const biasOf = (name: string, channels: number): Value =>
  parameter(`${name}/bias`, [channels], { kind: 'constant', value: 0 });

/** Square kernels over `from` channels; an image's sides are kept, or halved by a stride of 2. */
function convolution(
  name: string,
  from: number,
  to: number,
  { gain = 2, halved = false, biased = true, kernel = KERNEL } = {},
): Layer {
  const weight = parameter(
    `${name}/weight`,
    [to, from, kernel, kernel],
    weightInitial(from * kernel ** 2, gain),
  );
  const bias = biased && { bias: biasOf(name, to) };
  const half = (kernel - 1) / 2;
  const pads = [half, half, half, half] as const;
  return (images) => conv(images, weight, { ...bias, pads, ...(halved && { strides: STRIDES }) });
}

/** From images of half the sides to images of these sides. A pixel is made of a quarter of the kernel's. */
function doubling(
  name: string,
  from: number,
  to: number,
  sides: readonly [number, number],
  gain: number,
): Layer {
  const weight = parameter(
    `${name}/weight`,
    [from, to, KERNEL, KERNEL],
    weightInitial((from * KERNEL ** 2) / 4, gain),
  );
  const bias = biasOf(name, to);
  const outputPadding = sides.map((side) => 1 - (side % 2)) as unknown as readonly [number, number];
  return (images) => convTranspose(images, weight, { bias, pads: AROUND, strides: STRIDES, outputPadding });
}

const chained =
  (layers: readonly Layer[]): Layer =>
  (images, pass) =>
    layers.reduce((so, layer) => layer(so, pass), images);

const CHANNELS = -3;

/** An activation, of normalised channels where that is asked for. */
function activated(
  name: string,
  channels: number,
  { activation = 'relu', normalised = false }: ConvolutionalOptions,
): Layer {
  const activate: Layer = activations[activation];
  return normalised ? chained([batchNormalisation(name, channels, CHANNELS), activate]) : activate;
}

/** h + convolution(f(convolution(f(h))))  (He et al. 2016, full pre-activation). */
function residual(name: string, channels: number, options: ConvolutionalOptions): Layer {
  const change = chained([
    activated(name, channels, options),
    convolution(`${name}/first`, channels, channels, { biased: !options.normalised }),
    activated(`${name}/first`, channels, options),
    convolution(`${name}/second`, channels, channels, { gain: 1 }),
  ]);
  return (images, pass) => add(images, change(images, pass));
}

const blocksOf = (name: string, channels: number, options: ConvolutionalOptions): Layer[] =>
  Array.from({ length: options.blocks ?? 0 }, (_, i) => residual(`${name}/block${i + 1}`, channels, options));

/** Rows of features as images [rows, channels, height, width], whatever axes stand before the features. */
function asImages(features: Value, { width, height, channels }: ImageSize): Value {
  const flat = rows(features);
  if (channels === 1) return reshape(flat, [flat.shape[0]!, 1, height, width]);
  return transpose(reshape(flat, [flat.shape[0]!, height, width, channels]), [0, 3, 1, 2]);
}

/** Images as rows of features, channels innermost. */
function asFeatures(images: Value): Value {
  const [n, ...sizes] = images.shape;
  const last = images.shape[1] === 1 ? images : transpose(images, [0, 2, 3, 1]);
  return reshape(last, [n!, sizes.reduce<number>((product, each) => product * (each as number), 1)]);
}

/** Stages of a strided convolution, an activation and residual blocks, from images to features. */
function trunk(name: string, options: ConvolutionalOptions): Layer {
  const { image, channels, blocks = 0, normalised = false, kernels = [] } = options;
  const from = (stage: number) => (stage === 0 ? image.channels : channels[stage - 1]!);
  const biased = blocks > 0 || !normalised;
  const stages = channels.flatMap((to, i) => [
    convolution(`${name}/stage${i + 1}`, from(i), to, { halved: true, biased, kernel: kernels[i] ?? KERNEL }),
    ...blocksOf(`${name}/stage${i + 1}`, to, options),
    activated(`${name}/stage${i + 1}`, to, options),
  ]);
  const layers = chained(stages);
  return (features, pass) => {
    const found = asFeatures(layers(asImages(features, image), pass));
    return reshape(found, [...features.shape.slice(0, -1), found.shape[1]!]);
  };
}

function misfit(name: string, problem: string, { image }: ConvolutionalOptions): ShapeError {
  const remedy = `Images of ${image.height} × ${image.width} × ${image.channels} have ${pixelsOf(image)} features.`;
  return new ShapeError('SHAPES', problem, name, remedy);
}

/**
 * From parents of which some are images, known by their size, to features: convolutions halve the sides stage by stage;
 * the other parents join in a multilayer perceptron behind them. Throws `SHAPES` where no parent is an image.
 */
export const imageEncoder =
  (options: ConvolutionalOptions): Network =>
  (name, parents, outputs) => {
    const { image, channels, hidden = [] } = options;
    const sides = sidesOf(image, channels.length).at(-1)!;
    const isImage = (parent: Features) => parent.size === pixelsOf(image);
    const seen = parents.filter(isImage).map((parent) => ({
      name: parent.name,
      look: trunk(parents.filter(isImage).length > 1 ? `${name}/${parent.name}` : name, options),
    }));
    if (seen.length === 0) throw misfit(name, 'no parent is an image', options);
    const size = sides[0] * sides[1] * (channels.at(-1) ?? image.channels);
    const below = parents.map((parent) => (isImage(parent) ? { name: parent.name, size } : parent));
    const head = mlp(hidden, options)(name, below, outputs);
    return (values, pass = shippedPass) => {
      const features = seen.map((each) => [each.name, each.look(values[each.name]!, pass)] as const);
      return head({ ...values, ...Object.fromEntries(features) }, pass);
    };
  };

/** The outputs by name, one after the other along the channels of some images, as rows of features. */
function taken(images: Value, names: readonly string[], channels: number, leading: Value['shape']): Values {
  return Object.fromEntries(
    names.map((name, i) => {
      const features = asFeatures(slice(images, 1, i * channels, (i + 1) * channels));
      return [name, reshape(features, [...leading, features.shape[1]!])];
    }),
  );
}

/**
 * From parents that are features to outputs that are images, all of one size: a multilayer perceptron makes the smallest
 * images, transposed convolutions double their sides stage by stage. Throws `SHAPES` for an output of another size.
 */
export const imageDecoder =
  (options: ConvolutionalOptions): Network =>
  (name, parents, outputs) => {
    const { image, channels, hidden = [] } = options;
    const names = Object.keys(outputs);
    const odd = names.find((each) => outputs[each] !== pixelsOf(image));
    if (odd) throw misfit(name, `${odd} has ${outputs[odd]} features`, options);
    const sides = sidesOf(image, channels.length);
    const [height, width] = sides.at(-1)!;
    const smallest = { width, height, channels: channels.at(-1) ?? image.channels * names.length };
    const features = mlp(hidden, options)(name, parents, { image: pixelsOf(smallest) });
    const stages = channels.toReversed().flatMap((from, i) => {
      const stage = channels.length - 1 - i;
      const at = `${name}/stage${stage + 1}`;
      const to = stage === 0 ? image.channels * names.length : channels[stage - 1]!;
      return [
        ...blocksOf(at, from, options),
        activated(at, from, options),
        doubling(at, from, to, sides[stage]!, stage === 0 ? 1 : 2),
      ];
    });
    const layers = chained(stages);
    return (values, pass = shippedPass) => {
      const { image: small } = features(values, pass);
      const images = layers(asImages(small!, smallest), pass);
      return taken(images, names, image.channels, small!.shape.slice(0, -1));
    };
  };
