import { InputType } from './errors.ts';
import { type Files, placeOf } from './files.ts';
import { type Heads, type HeadsOptions, headsOf } from './heads.ts';
import { type Image, imagesOf } from './image.ts';
import {
  type Images,
  imageRows,
  type Label,
  type Latents,
  labelIndex,
  labelIndices,
  latentRows,
} from './inputs.ts';
import { type HeadName, type Manifest, manifestFile, readManifest } from './manifest.ts';
import { fillNormal, reservedStreams } from './random.ts';
import type { Host } from './session.ts';

export interface LoadOptions extends HeadsOptions {
  /** Heads to open at once rather than when first used. */
  readonly preload?: readonly HeadName[];
}

/** The most probable class of a row, and the probability of each class in the order of `manifest.labels`. */
export interface Classification {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
  readonly probabilities: Float32Array;
}

/** q(z|x,y) of a row, a diagonal Gaussian; `label` is the y it was encoded with. */
export interface Code {
  readonly label?: string;
  readonly mean: Float32Array;
  readonly standardDeviation: Float32Array;
}

export interface LabelOptions {
  /** The class of each row, or of all; by default the most probable. */
  readonly labels?: Label | readonly Label[];
}

export interface GenerateOptions {
  /** By default images go through the classes in turn. */
  readonly label?: Label;
  /** How many; by default one, or one of each class if no label is given. */
  readonly count?: number;
  /** Image i depends on the seed, on i and on its class alone, and is drawn with equal noise on every host. */
  readonly seed?: number;
  /** Scales the noise: 0 gives the centre of the prior, 1 (the default) the prior itself. */
  readonly temperature?: number;
}

/** A loaded bundle. Rows in, one answer for each row out, in order. */
export interface Model {
  readonly manifest: Manifest;
  /** q(y|x). Throws HEAD_MISSING for a model without classes. */
  classify(x: Images): Promise<Classification[]>;
  /** q(z|x,y). */
  encode(x: Images, options?: LabelOptions): Promise<Code[]>;
  /** The mean of p(x|y,z). */
  decode(z: Latents, labels?: Label | readonly Label[]): Promise<Image[]>;
  /** Images of p(x|y,z), z drawn from the prior. */
  generate(options?: GenerateOptions): Promise<Image[]>;
  /** Each image decoded again from the mean of its code. */
  reconstruct(x: Images, options?: LabelOptions): Promise<Image[]>;
  /** The negative of a lower bound on log p(x), in nats: the higher, the stranger. */
  score(x: Images): Promise<number[]>;
  /** Frees the sessions; every later call throws DISPOSED. */
  dispose(): Promise<void>;
}

/** Loads a bundle onto a host. Throws BUNDLE_…, RUNTIME_MISSING. */
export async function loadWith(host: Host, files: Files, options: LoadOptions = {}): Promise<Model> {
  const { preload = [], ...rest } = options;
  const [bytes] = await Promise.all([files.read(manifestFile), host.start()]);
  const text = new TextDecoder().decode(bytes);
  const manifest = readManifest(text, placeOf(files, manifestFile));
  const heads = headsOf(host, files, manifest, rest);
  await Promise.all(preload.map((name) => heads.open(name)));
  return modelOf(manifest, heads);
}

function modelOf(manifest: Manifest, heads: Heads): Model {
  return {
    manifest,
    classify: (x) => classify(manifest, heads, x),
    encode: (x, options) => encode(manifest, heads, x, options),
    decode: (z, labels) => decode(manifest, heads, z, labels),
    generate: (options) => generate(manifest, heads, options),
    reconstruct: (x, options) => reconstruct(manifest, heads, x, options),
    score: (x) => score(manifest, heads, x),
    dispose: () => heads.dispose(),
  };
}

async function classify(
  { input, labels }: Manifest,
  heads: Heads,
  images: Images,
): Promise<Classification[]> {
  const { rows, data: x } = imageRows(images, input);
  const [all] = await heads.run('classifier', rows, { x }, ['probabilities']);
  return rowsOf(all!, labels.length).map((probabilities) => {
    const probability = Math.max(...probabilities);
    const index = probabilities.indexOf(probability);
    return { label: labels[index]!, index, probability, probabilities };
  });
}

async function encode(
  manifest: Manifest,
  heads: Heads,
  images: Images,
  { labels }: LabelOptions = {},
): Promise<Code[]> {
  const { rows, data: x } = imageRows(images, manifest.input);
  const classes = await classesOf(manifest, heads, x, rows, labels);
  const y = oneHot(classes, manifest.labels.length);
  const [means, logVariances] = await heads.run('encoder', rows, { x, y }, ['mean', 'logVariance']);
  const deviations = rowsOf(logVariances!, manifest.latent.size);
  return rowsOf(means!, manifest.latent.size).map((mean, row) => ({
    ...labelled(manifest, classes[row]),
    mean,
    standardDeviation: deviations[row]!.map((logVariance) => Math.exp(logVariance / 2)),
  }));
}

async function decode(
  manifest: Manifest,
  heads: Heads,
  latents: Latents,
  labels?: Label | readonly Label[],
): Promise<Image[]> {
  const { rows, data: z } = latentRows(latents, manifest.latent.size);
  const classes = givenClasses(manifest, rows, labels);
  return decodeAs(manifest, heads, z, rows, classes);
}

async function generate(manifest: Manifest, heads: Heads, options: GenerateOptions = {}): Promise<Image[]> {
  const { label, seed = 0, temperature = 1 } = options;
  const classes = manifest.labels.length;
  const { count = label === undefined ? Math.max(1, classes) : 1 } = options;
  natural('count', count);
  natural('seed', seed);
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new InputType('temperature', `${temperature} is no scale`, 'Give a number from 0 up.');
  }
  const chosen = label === undefined ? undefined : labelIndex(label, manifest.labels);
  const z = new Float32Array(count * manifest.latent.size);
  fillNormal(z, { seed, stream: generateStream, step: 0 });
  const cycle = (_: unknown, row: number) => chosen ?? row % classes;
  const indices = classes === 0 ? [] : Array.from({ length: count }, cycle);
  return decodeAs(
    manifest,
    heads,
    z.map((noise) => noise * temperature),
    count,
    indices,
  );
}

const generateStream = reservedStreams;

async function reconstruct(
  manifest: Manifest,
  heads: Heads,
  images: Images,
  { labels }: LabelOptions = {},
): Promise<Image[]> {
  const { rows, data: x } = imageRows(images, manifest.input);
  const classes = await classesOf(manifest, heads, x, rows, labels);
  const y = oneHot(classes, manifest.labels.length);
  const [z] = await heads.run('encoder', rows, { x, y }, ['mean']);
  return decodeAs(manifest, heads, z!, rows, classes);
}

async function score({ input }: Manifest, heads: Heads, images: Images): Promise<number[]> {
  const { rows, data: x } = imageRows(images, input);
  const [scores] = await heads.run('scorer', rows, { x }, ['score']);
  return Array.from(scores!);
}

async function decodeAs(
  manifest: Manifest,
  heads: Heads,
  z: Float32Array,
  rows: number,
  classes: readonly number[],
): Promise<Image[]> {
  const y = oneHot(classes, manifest.labels.length);
  const [values] = await heads.run('decoder', rows, { y, z }, ['mean']);
  const labels = Array.from({ length: rows }, (_, row) => labelled(manifest, classes[row]).label);
  return imagesOf(values!, manifest.input, labels);
}

/** The given classes of each row, or else the most probable; none for a model without classes. */
async function classesOf(
  manifest: Manifest,
  heads: Heads,
  x: Uint8Array,
  rows: number,
  labels: Label | readonly Label[] | undefined,
): Promise<readonly number[]> {
  if (labels !== undefined || manifest.labels.length === 0) return givenClasses(manifest, rows, labels);
  return (await classify(manifest, heads, x)).map(({ index }) => index);
}

function givenClasses(
  { labels: names }: Manifest,
  rows: number,
  labels: Label | readonly Label[] | undefined,
): readonly number[] {
  if (labels === undefined && names.length === 0) return [];
  return labelIndices(labels ?? [], rows, names);
}

function oneHot(classes: readonly number[], size: number): Float32Array {
  const y = new Float32Array(classes.length * size);
  classes.forEach((index, row) => {
    y[row * size + index] = 1;
  });
  return y;
}

function rowsOf(values: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: values.length / size }, (_, row) => values.slice(row * size, (row + 1) * size));
}

function labelled({ labels }: Manifest, index: number | undefined): { label?: string } {
  return index === undefined ? {} : { label: labels[index]! };
}

function natural(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new InputType(name, `${value} is no natural number`, 'Give an integer from 0 up.');
}
