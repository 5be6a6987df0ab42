import type { Row } from './cells.ts';
import type { Columns } from './columns.ts';
import { drawWidth } from './contract.ts';
import type { DownloadOptions } from './download.ts';
import { InputType } from './errors.ts';
import { type Files, placeOf } from './files.ts';
import { type Form, formOf, type Given, type Made } from './form.ts';
import { type Features, type Heads, type HeadsOptions, headsOf } from './heads.ts';
import type { Image } from './image.ts';
import { type ImageAnswer, scoreImages } from './image-scores.ts';
import { type Images, type Label, type Latents, labelIndex, labelIndices, latentRows } from './inputs.ts';
import { type HeadName, type Manifest, manifestFile } from './manifest.ts';
import { openManifest } from './manifest-checksum.ts';
import { fillNormal, fillUniform } from './random.ts';
import type { Host } from './session.ts';
import { streamOf } from './streams.ts';
import { type Answer, type ColumnAnswers, mostProbable, type ScoreOptions, tablesOf } from './tables.ts';
import { openGate } from './turns.ts';

export interface LoadOptions extends HeadsOptions, DownloadOptions {
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
  /** By default images, or rows, go through the classes in turn. */
  readonly label?: Label;
  /** How many; by default one, or one of each class if no label is given. */
  readonly count?: number;
  /** Image or row i depends on the seed, on i and on its class alone, and is drawn with equal noise on every host. */
  readonly seed?: number;
  /** Scales the noise of z: 0 gives the centre of the prior, 1 (the default) the prior itself. */
  readonly temperature?: number;
}

/**
 * A loaded bundle, of images or of the rows of a table. Rows in, one answer for each row out, in order. Throws INPUT_KIND
 * where it is given, or asked for, the other of the two. `decode` and `generate` make images or rows: `generate<Row>()`.
 */
export interface Model {
  readonly manifest: Manifest;
  /** q(y|x). Throws HEAD_MISSING for a model without classes. */
  classify(x: Images | readonly Row[]): Promise<Classification[]>;
  /** q(z|x,y). */
  encode(x: Images | readonly Row[], options?: LabelOptions): Promise<Code[]>;
  /** The mean of p(x|y,z); of a column with levels, the most probable. */
  decode<X extends Image | Row = Image>(z: Latents, labels?: Label | readonly Label[]): Promise<X[]>;
  /** Images that are the means of p(x|y,z), or rows drawn from it, cell by cell; z is drawn from the prior. */
  generate<X extends Image | Row = Image>(options?: GenerateOptions): Promise<X[]>;
  /** Each image or row decoded again from the mean of its code. */
  reconstruct(x: Images, options?: LabelOptions): Promise<Image[]>;
  reconstruct(rows: readonly Row[], options?: LabelOptions): Promise<Row[]>;
  /**
   * How anomalous each image is, and where. A bundle whose `manifest.score.kind` is `bound` says no more than a number, the
   * negative of a lower bound on log p(x) in nats: `score<number>(x)`. Throws as for rows.
   */
  score<A extends ImageAnswer | number = ImageAnswer>(x: Images, options?: ScoreOptions): Promise<A[]>;
  /** How strange each row is, and why. Throws CALIBRATION_MISSING and CALIBRATION_TOO_FEW for an `fpr` that cannot be kept. */
  score(rows: readonly Row[], options?: ScoreOptions): Promise<Answer[]>;
  /** The same of whole columns, without an object for each row. */
  scoreColumns(columns: Columns, options?: ScoreOptions): Promise<ColumnAnswers>;
  /** The rows with their missing cells filled in; known cells, and what is no column of the model, stay. */
  impute(rows: readonly Row[]): Promise<Row[]>;
  /** The same of whole columns. */
  imputeColumns(columns: Columns): Promise<Columns>;
  /** Frees the sessions once the calls so far are answered; every later call throws DISPOSED. */
  dispose(): Promise<void>;
}

/** Ten thousand calibration scores and a hundred thousand names take a tenth of it. */
const mostOfManifest = 2 ** 26;

/** Loads a bundle onto a host. Throws BUNDLE_…, RUNTIME_MISSING. */
export async function loadWith(host: Host, files: Files, options: LoadOptions = {}): Promise<Model> {
  const { preload = [], timeout: _, maxBytes: __, signal: ___, ...rest } = options;
  const [bytes] = await Promise.all([files.read(manifestFile, mostOfManifest), host.start()]);
  const manifest = await openManifest(bytes, placeOf(files, manifestFile));
  const heads = headsOf(host, files, manifest, rest);
  await Promise.all(preload.map((name) => heads.open(name)));
  return modelOf(manifest, heads);
}

/** A loaded bundle, as its calls see it. */
interface Loaded {
  readonly manifest: Manifest;
  readonly heads: Heads;
  readonly form: Form;
}

function modelOf(manifest: Manifest, heads: Heads): Model {
  const loaded: Loaded = { manifest, heads, form: formOf(manifest) };
  const tables = tablesOf(manifest, heads);
  const score = async (x: Given, options?: ScoreOptions): Promise<(number | ImageAnswer)[] | Answer[]> =>
    manifest.input.kind === 'image'
      ? scoreImages(manifest, heads, loaded.form.read(x), options)
      : tables.score(x as readonly Row[], options);
  const gate = openGate(manifest.name);
  const call =
    <Args extends unknown[], T>(ask: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      gate.pass(() => ask(...args));
  return {
    manifest,
    classify: call((x) => classify(loaded, x)),
    encode: call((x, options) => encode(loaded, x, options)),
    decode: call((z, labels) => decode(loaded, z, labels) as Promise<never[]>),
    generate: call((options) => generate(loaded, options) as Promise<never[]>),
    reconstruct: call(
      (x: Given, options?: LabelOptions) => reconstruct(loaded, x, options) as Promise<never[]>,
    ),
    score: call(score) as Model['score'],
    scoreColumns: call(tables.scoreColumns),
    impute: call(tables.impute),
    imputeColumns: call(tables.imputeColumns),
    async dispose() {
      await gate.close();
      await heads.dispose();
    },
  };
}

async function classify({ manifest, heads, form }: Loaded, x: Given): Promise<Classification[]> {
  const { rows, data } = form.read(x);
  return classifyRead(manifest, heads, rows, data);
}

async function classifyRead(
  { labels }: Manifest,
  heads: Heads,
  rows: number,
  features: Features,
): Promise<Classification[]> {
  const { probabilities } = await heads.run('classifier', rows, features, ['probabilities']);
  return rowsOf(probabilities, labels.length).map((each) => mostProbable(each, labels));
}

async function encode({ manifest, heads, form }: Loaded, x: Given, options?: LabelOptions): Promise<Code[]> {
  const { rows, data } = form.read(x);
  const classes = await classesOf(manifest, heads, rows, data, options);
  const y = oneHot(classes, manifest.labels.length);
  const found = await heads.run('encoder', rows, { ...data, y }, ['mean', 'logVariance']);
  const deviations = rowsOf(found.logVariance, manifest.latent.size);
  return rowsOf(found.mean, manifest.latent.size).map((mean, row) => ({
    ...labelled(manifest, classes[row]),
    mean,
    standardDeviation: deviations[row]!.map((logVariance) => Math.exp(logVariance / 2)),
  }));
}

async function decode(loaded: Loaded, latents: Latents, labels?: Label | readonly Label[]): Promise<Made[]> {
  const { rows, data: z } = latentRows(latents, loaded.manifest.latent.size);
  return decodeAs(loaded, z, rows, givenClasses(loaded.manifest, rows, labels));
}

async function generate(loaded: Loaded, options: GenerateOptions = {}): Promise<Made[]> {
  const { labels, latent } = loaded.manifest;
  const { label, seed = 0, temperature = 1 } = options;
  const classes = labels.length;
  const { count = label === undefined ? Math.max(1, classes) : 1 } = options;
  natural('count', count);
  natural('seed', seed);
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new InputType('temperature', `${temperature} is no scale`, 'Give a number from 0 up.');
  }
  const chosen = label === undefined ? undefined : labelIndex(label, labels);
  const noise = new Float32Array(count * latent.size);
  fillNormal(noise, { seed, stream: streamOf('generatedRows'), step: 0 });
  const cycle = (_: unknown, row: number) => chosen ?? row % classes;
  const indices = classes === 0 ? [] : Array.from({ length: count }, cycle);
  const z = noise.map((each) => each * temperature);
  return loaded.manifest.input.kind === 'table'
    ? drawRows(loaded, z, count, indices, seed)
    : decodeAs(loaded, z, count, indices);
}

/** Rows of a table are drawn cell by cell: their means would be rows that nobody has. Throws HEAD_MISSING. */
async function drawRows(
  loaded: Loaded,
  z: Float32Array,
  rows: number,
  classes: readonly number[],
  seed: number,
): Promise<Made[]> {
  const uniforms = new Float32Array(rows * drawWidth(loaded.manifest));
  fillUniform(uniforms, { seed, stream: streamOf('generatedCells'), step: 0 });
  return madeBy('sampler', loaded, { z, uniforms }, rows, classes);
}

async function reconstruct(loaded: Loaded, x: Given, options?: LabelOptions): Promise<Made[]> {
  const { manifest, heads, form } = loaded;
  const { rows, data } = form.read(x);
  const classes = await classesOf(manifest, heads, rows, data, options);
  const y = oneHot(classes, manifest.labels.length);
  const { mean: z } = await heads.run('encoder', rows, { ...data, y }, ['mean']);
  return decodeAs(loaded, z, rows, classes);
}

const decodeAs = (
  loaded: Loaded,
  z: Float32Array,
  rows: number,
  classes: readonly number[],
): Promise<Made[]> => madeBy('decoder', loaded, { z }, rows, classes);

async function madeBy(
  head: 'decoder' | 'sampler',
  { manifest, heads, form }: Loaded,
  features: Features,
  rows: number,
  classes: readonly number[],
): Promise<Made[]> {
  const y = oneHot(classes, manifest.labels.length);
  const decoded = await heads.run(head, rows, { ...features, y }, form.outputs);
  const labels = Array.from({ length: rows }, (_, row) => labelled(manifest, classes[row]).label);
  return form.write(decoded, labels);
}

/** The given classes of each row, or else the most probable; none for a model without classes. */
async function classesOf(
  manifest: Manifest,
  heads: Heads,
  rows: number,
  features: Features,
  { labels }: LabelOptions = {},
): Promise<readonly number[]> {
  if (labels !== undefined || manifest.labels.length === 0) return givenClasses(manifest, rows, labels);
  return (await classifyRead(manifest, heads, rows, features)).map(({ index }) => index);
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
