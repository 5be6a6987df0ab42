import { type LeafValue, type Tensors as StoredTensors, sizeOf } from '@semivae/graph';
import { fillNormal, fillUniform, type Tensor, type Tensors } from '@semivae/runtime/core';
import { assemble, type DataShape, LABELLED_X, LABELLED_Y, stepsPerEpoch, UNLABELLED_X } from './assemble.ts';
import { batchRows, copyRows, labelledOrder, type RowOrder, rowOrder } from './data/batches.ts';
import type { Dataset, Images } from './data/dataset.ts';
import { stream } from './data/shuffle.ts';
import { chooseLabelled, validationSplit } from './data/split.ts';
import type { Engine, Metrics, Stepper } from './engines/engine.ts';
import { TrainingError } from './errors.ts';
import { initialState } from './initial.ts';
import type { Recipe } from './recipe.ts';

/** Where a training stands: enough to go on from here, bit for bit. */
export interface Checkpoint {
  readonly step: number;
  /** Sums of the metrics over the steps of the epoch so far. */
  readonly sums: Metrics;
  readonly state: StoredTensors;
}

/** What `fit` yields: after every `reportEvery` steps, and after each epoch. */
export interface Report {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly epochEnded: boolean;
  /** Means over the epoch so far, in nats per row unless named otherwise. */
  readonly metrics: Metrics;
  /** The training as it stands at this moment. */
  checkpoint(): Promise<Checkpoint>;
}

export interface FitOptions {
  readonly seed: number;
  readonly engine: Engine;
  readonly resume?: Checkpoint;
  readonly reportEvery?: number;
}

/** The rows that a recipe trains on, and which of them keep their label; a pure function of recipe and seed. */
export interface Rows {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly labelled: Int32Array;
}

/** Draws the rows of a training. Throws the errors of `chooseLabelled` and `validationSplit`. */
export function chooseRows({ data }: Recipe, { rows, labels, classes }: Images, seed: number): Rows {
  const { train, validation } = validationSplit(rows, data.validation, seed);
  const labelled = data.labels
    ? chooseLabelled(labels, classes.length, data.labels, seed, train)
    : new Int32Array();
  return { train, validation, labelled };
}

/** What a graph must know of these images. */
export const shapeOf = ({ width, height, classes }: Images, rows: number): DataShape => ({
  columns: { kind: 'image', width, height, channels: 1 },
  classes: classes.length,
  rows,
});

/** Tensors that are filled anew for every step, in place. */
interface Batches {
  readonly feeds: Tensors;
  fill(step: number): void;
}

/** Rows of one kind, read in an order of their own. */
interface Source {
  readonly order: RowOrder;
  readonly chosen: Int32Array;
  readonly x: Uint8Array;
  readonly y: BigInt64Array;
}

function fillSource(
  { order, chosen, x, y }: Source,
  { bytes, width, height, labels }: Images,
  step: number,
): void {
  batchRows(order, step, chosen);
  copyRows(bytes, width * height, chosen, 0, chosen.length, x);
  for (let i = 0; i < chosen.length; i++) y[i] = BigInt(labels[chosen[i]!]!);
}

const openSource = (order: RowOrder, size: number, pixels: number): Source => ({
  order,
  chosen: new Int32Array(size),
  x: new Uint8Array(size * pixels),
  y: new BigInt64Array(size),
});

/** The batches that a step asks for by the names of its inputs. */
function openBatches(
  names: readonly string[],
  { batch }: Recipe,
  images: Images,
  rows: Rows,
  seed: number,
): Batches {
  const pixels = images.width * images.height;
  const feeds: Record<string, Tensor> = {};
  const sources: Source[] = [];
  if (names.includes(UNLABELLED_X)) {
    const source = openSource(rowOrder(rows.train, seed, stream.unlabelledOrder), batch.unlabelled, pixels);
    feeds[UNLABELLED_X] = { type: 'uint8', dims: [batch.unlabelled, pixels], data: source.x };
    sources.push(source);
  }
  if (names.includes(LABELLED_X)) {
    const source = openSource(labelledOrder(rows.labelled, seed), batch.labelled, pixels);
    feeds[LABELLED_X] = { type: 'uint8', dims: [batch.labelled, pixels], data: source.x };
    feeds[LABELLED_Y] = { type: 'int64', dims: [batch.labelled], data: source.y };
    sources.push(source);
  }
  return { feeds, fill: (step) => sources.forEach((each) => fillSource(each, images, step)) };
}

/** Noise leaves as tensors; leaf i draws from Philox stream i. */
function openNoise(leaves: readonly LeafValue<'noise'>[], seed: number): Batches {
  const drawn = leaves.map(({ leaf, shape }) => ({
    leaf,
    dims: shape as number[],
    data: new Float32Array(sizeOf(shape)),
  }));
  return {
    feeds: Object.fromEntries(
      drawn.map(({ leaf, dims, data }) => [leaf.name, { type: 'float32', dims, data }]),
    ),
    fill: (step) =>
      drawn.forEach(({ leaf, data }, index) => {
        (leaf.distribution === 'normal' ? fillNormal : fillUniform)(data, { seed, stream: index, step });
      }),
  };
}

function checkFinite(loss: number | undefined, step: number): void {
  if (Number.isFinite(loss)) return;
  const remedy = 'Lower optimizer.learningRate or set optimizer.clipNorm; the last checkpoint is kept.';
  throw new TrainingError('LOSS_NOT_FINITE', `step ${step}`, `the loss is ${loss}`, remedy);
}

const added = (sums: Metrics, metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, each]) => [name, (sums[name] ?? 0) + each]));

const divided = (sums: Metrics, by: number): Metrics =>
  Object.fromEntries(Object.entries(sums).map(([name, each]) => [name, each / by]));

/**
 * Trains by a recipe. Every batch and every draw is a pure function of (seed, step), so a training resumed from any
 * checkpoint ends bit-identical to one that was never stopped. Throws `LOSS_NOT_FINITE`, naming the step.
 */
export async function* fit(recipe: Recipe, dataset: Dataset, options: FitOptions): AsyncGenerator<Report> {
  const { seed, engine, resume, reportEvery = 20 } = options;
  const rows = chooseRows(recipe, dataset.train, seed);
  const shape = shapeOf(dataset.train, rows.train.length);
  const { step: training } = assemble(recipe, shape);
  const inputs = training.graph.inputs.map(({ leaf }) => leaf.name);
  const batches = openBatches(inputs, recipe, dataset.train, rows, seed);
  const noise = openNoise(training.graph.noises, seed);
  const feeds = { ...batches.feeds, ...noise.feeds };
  const perEpoch = stepsPerEpoch(recipe, shape);
  const steps = perEpoch * recipe.epochs;
  const stepper: Stepper = await engine.openStep(
    training,
    resume?.state ?? initialState(training.state, seed),
  );
  try {
    let sums: Metrics = resume?.sums ?? {};
    for (let step = resume?.step ?? 0; step < steps; step++) {
      const within = step % perEpoch;
      batches.fill(step);
      noise.fill(step);
      const metrics = await stepper.step(feeds);
      checkFinite(metrics.loss, step + 1);
      sums = added(within === 0 ? {} : sums, metrics);
      const epochEnded = within === perEpoch - 1;
      if (!epochEnded && (step + 1) % reportEvery !== 0) continue;
      const [done, summed] = [step + 1, sums];
      yield {
        step: done,
        steps,
        epoch: Math.floor(step / perEpoch) + 1,
        epochs: recipe.epochs,
        epochEnded,
        metrics: divided(summed, within + 1),
        checkpoint: async () => ({ step: done, sums: summed, state: await stepper.state() }),
      };
    }
  } finally {
    await stepper.close();
  }
}
