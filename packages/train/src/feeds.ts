import { type Graph, type LeafValue, sizeOf } from '@semivae/graph';
import { fillNormal, fillUniform, type Tensor, type Tensors } from '@semivae/runtime/core';
import { LABELLED_X, LABELLED_Y, UNLABELLED_X, UNLABELLED_Y } from './assemble.ts';
import { batchRows, labelledOrder, type RowOrder, rowOrder } from './data/batches.ts';
import { stream } from './data/shuffle.ts';
import type { TrainingSet } from './data/training-set.ts';
import { TrainingError } from './errors.ts';
import type { Rows } from './fit.ts';
import type { Recipe } from './recipe.ts';

/** Tensors that are filled anew for every step, in place. */
export interface Feeder {
  readonly feeds: Tensors;
  fill(step: number): void;
}

/** Rows of one kind, read in an order of their own. */
interface Source {
  readonly order: RowOrder;
  readonly chosen: Int32Array;
  readonly x: Uint8Array | Float32Array;
  readonly y: BigInt64Array;
  /** What is believed of their classes, where the step asks for it. */
  readonly beliefs?: Float32Array;
}

/** Copies what is believed of these rows, side by side. */
function copyBeliefs(chosen: Int32Array, from: Float32Array, classes: number, out: Float32Array): void {
  for (let i = 0; i < chosen.length; i++) {
    for (let k = 0; k < classes; k++) out[i * classes + k] = from[chosen[i]! * classes + k]!;
  }
}

function fillSource({ order, chosen, x, y, beliefs: out }: Source, set: TrainingSet, step: number): void {
  const { copy, labels, classes, beliefs } = set;
  batchRows(order, step, chosen);
  copy(chosen, x);
  if (out) copyBeliefs(chosen, beliefs!, classes.length, out);
  for (let i = 0; i < chosen.length; i++) y[i] = BigInt(labels[chosen[i]!]!);
}

const openSource = (order: RowOrder, size: number, { type, width }: TrainingSet): Source => ({
  order,
  chosen: new Int32Array(size),
  x: type === 'uint8' ? new Uint8Array(size * width) : new Float32Array(size * width),
  y: new BigInt64Array(size),
});

function checkBelieved({ name, beliefs }: TrainingSet): void {
  if (beliefs) return;
  const remedy = 'Add what believed() finds to the set, or set objective.start.weight to 0.';
  throw new TrainingError('BELIEFS_MISSING', name, 'nothing is believed of its rows to start with', remedy);
}

/** The batches that a step asks for by the names of its inputs. */
function openBatches(
  names: readonly string[],
  { batch }: Recipe,
  set: TrainingSet,
  rows: Rows,
  seed: number,
): Feeder {
  const { type, width } = set;
  const feeds: Record<string, Tensor> = {};
  const sources: Source[] = [];
  if (names.includes(UNLABELLED_X)) {
    const order = rowOrder(rows.train, seed, stream.unlabelledOrder, set.together);
    const dims = [batch.unlabelled, set.classes.length];
    if (names.includes(UNLABELLED_Y)) checkBelieved(set);
    const beliefs = names.includes(UNLABELLED_Y) && new Float32Array(dims[0]! * dims[1]!);
    const source = { ...openSource(order, batch.unlabelled, set), ...(beliefs && { beliefs }) };
    feeds[UNLABELLED_X] = { type, dims: [batch.unlabelled, width], data: source.x };
    if (beliefs) feeds[UNLABELLED_Y] = { type: 'float32', dims, data: beliefs };
    sources.push(source);
  }
  if (names.includes(LABELLED_X)) {
    const source = openSource(labelledOrder(rows.labelled, seed), batch.labelled, set);
    feeds[LABELLED_X] = { type, dims: [batch.labelled, width], data: source.x };
    feeds[LABELLED_Y] = { type: 'int64', dims: [batch.labelled], data: source.y };
    sources.push(source);
  }
  return { feeds, fill: (step) => sources.forEach((each) => fillSource(each, set, step)) };
}

/** Noise leaves as tensors; leaf i draws from Philox stream i. */
function openNoise(leaves: readonly LeafValue<'noise'>[], seed: number): Feeder {
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

/** Everything that the steps of a training are fed besides its state: batch and noise, pure functions of (seed, step). */
export function openFeeder(
  { inputs, noises }: Graph,
  recipe: Recipe,
  set: TrainingSet,
  rows: Rows,
  seed: number,
): Feeder {
  const names = inputs.map(({ leaf }) => leaf.name);
  const parts = [openBatches(names, recipe, set, rows, seed), openNoise(noises, seed)];
  return {
    feeds: Object.assign({}, ...parts.map(({ feeds }) => feeds)),
    fill: (step) => parts.forEach((part) => part.fill(step)),
  };
}
