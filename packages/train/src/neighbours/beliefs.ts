import type { TrainingSet } from '@semivae/data';
import { graph, type StoredTensor, type Tensors } from '@semivae/graph';
import { type Gaussian, type Model, trainingRows } from '@semivae/model';
import { RecipeError } from '@semivae/recipe';
import { type BareRows, chunksOf } from '../classify.ts';
import type { Engine } from '../engines/engine.ts';
import { fed } from '../engines/onnxruntime.ts';
import { joined } from './joined.ts';
import { kMeans } from './k-means.ts';
import { layout } from './layout.ts';
import { nearestRows } from './nearest.ts';
import { propagated } from './propagation.ts';

/** A trained model, and the parameters that it ships. */
export interface TrainedModel {
  readonly model: Model;
  readonly parameters: Tensors;
}

/** The latent that q draws of x alone. Throws `START_LATENT` for a model that draws none before its class. */
function firstLatent({ name, q }: Model, values: Parameters<Model['q'][number]['at']>[0]): Gaussian {
  const first = q[0]!;
  if (first.family.name === 'gaussian') return first.at(values) as Gaussian;
  const remedy = 'Begin with a run of m1.';
  throw new RecipeError('START_LATENT', `model ${name}`, 'it has no latent of x alone', remedy);
}

/** The latent mean of each row, [rows, latent], by a trained model. Throws `START_LATENT`. */
export async function latentMeans(
  engine: Engine,
  { model, parameters }: TrainedModel,
  set: BareRows & Pick<TrainingSet, 'columns'>,
): Promise<StoredTensor> {
  const { x } = trainingRows(set.columns, 'batch', 'x');
  const { mean } = firstLatent(model, { [model.x.name]: x });
  const encoder = graph('latent means', { mean });
  const width = mean.shape[1] as number;
  const evaluator = await engine.openGraph(encoder);
  const known = Object.fromEntries(
    encoder.parameters.map(({ leaf }) => [leaf.name, fed(parameters[leaf.name]!)]),
  );
  const data = new Float32Array(set.rows * width);
  try {
    for (const { start, x } of chunksOf(set))
      data.set((await evaluator.run({ x, ...known })).mean!.data as Float32Array, start * width);
  } finally {
    await evaluator.close();
  }
  return { shape: [set.rows, width], data };
}

/** Rows as they are: bytes as shares of 255. */
function rawFeatures({ rows, width, type, copy }: BareRows): StoredTensor {
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const data = new Float32Array(rows * width);
  if (type === 'float32') copy(all, data);
  else {
    const bytes = new Uint8Array(data.length);
    copy(all, bytes);
    bytes.forEach((each, i) => {
      data[i] = each / 255;
    });
  }
  return { shape: [rows, width], data };
}

const SHARPNESS = 6;

/** Shares of each row to a power, scaled to sum 1 again: what is likely becomes likelier. */
function sharpen(beliefs: Float32Array, classes: number): void {
  for (let start = 0; start < beliefs.length; start += classes) {
    const row = beliefs.subarray(start, start + classes);
    const top = row.reduce((most, each) => Math.max(most, each), 0);
    row.forEach((each, k) => {
      row[k] = (each / top) ** SHARPNESS;
    });
    const total = row.reduce((sum, each) => sum + each, 0);
    for (let k = 0; k < classes; k++) row[k]! /= total;
  }
}

export interface BeliefsOptions {
  /** How many nearest rows a row is joined with. */
  readonly neighbours: number;
  /** The rows whose labels are seen; without any, what is believed are clusters, as many as there are classes. */
  readonly labelled: Int32Array;
  readonly seed: number;
  /** Whose latent tells which rows are near; x itself where it is absent. */
  readonly from?: TrainedModel | undefined;
}

const DIMENSIONS = 3;
/** How many nearest rows of the layout a row gets its label from. */
const LABEL_NEIGHBOURS = 10;

/** The labels that are seen, spread over rows that lie near each other. */
async function spreadLabels(engine: Engine, set: TrainingSet, labelled: Int32Array, places: StoredTensor) {
  const labels = new Int32Array(set.rows).fill(-1);
  for (const row of labelled) labels[row] = set.labels[row]!;
  const graph = joined(await nearestRows(engine, places, LABEL_NEIGHBOURS));
  const beliefs = propagated(graph, labels, set.classes.length);
  sharpen(beliefs, set.classes.length);
  return beliefs;
}

/** Two classes in one cluster, and another in two, may cost a little less than the classes do: even clusters are preferred. */
const SLACK = 0.1;

/** Rows of clusters, one-hot. */
function clusterRows({ rows, classes }: TrainingSet, places: Float32Array, seed: number): Float32Array {
  const { clusters } = kMeans(places, DIMENSIONS, classes.length, { slack: SLACK, seed });
  const beliefs = new Float32Array(rows * classes.length);
  clusters.forEach((cluster, row) => {
    beliefs[row * classes.length + cluster] = 1;
  });
  return beliefs;
}

/**
 * What is believed of the classes of all rows before training, [rows, classes] shares that sum to 1: rows are laid out in
 * few dimensions by their neighbours, and there labels spread over the near ones, or, without labels, clusters are found
 * (McConville et al. 2021). Throws `START_LATENT`.
 */
export async function believed(
  engine: Engine,
  set: TrainingSet,
  { neighbours, labelled, seed, from }: BeliefsOptions,
): Promise<Float32Array> {
  const features = from ? await latentMeans(engine, from, set) : rawFeatures(set);
  const graph = joined(await nearestRows(engine, features, neighbours));
  const data = layout(graph, { dimensions: DIMENSIONS, seed });
  if (labelled.length === 0) return clusterRows(set, data, seed);
  return spreadLabels(engine, set, labelled, { shape: [set.rows, DIMENSIONS], data });
}
