import {
  batchRows,
  labelledOrder,
  type RowOrder,
  type Rows,
  rowOrder,
  type TrainingSet,
} from '@semivae/data';
import { type Graph, type LeafValue, sizeOf } from '@semivae/graph';
import type { ImageColumns } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import { fillNormal, fillUniform, streamOf, type Tensor, type Tensors } from '@semivae/runtime/core';
import {
  LABELLED_MOVED,
  LABELLED_X,
  LABELLED_Y,
  UNLABELLED_MOVED,
  UNLABELLED_X,
  UNLABELLED_Y,
} from './assemble.ts';
import { type MoveDraw, type Mover, openMover } from './augmentation/moves.ts';
import { TrainingError } from './errors.ts';

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
  /** The same rows, moved at random, where they are asked for. */
  readonly moved?: { readonly x: Uint8Array; readonly move: Mover };
  /** What is believed of their classes, where it is asked for. */
  readonly beliefs?: Float32Array;
}

/** Copies what is believed of these rows, side by side. */
function copyBeliefs(chosen: Int32Array, from: Float32Array, classes: number, out: Float32Array): void {
  for (let i = 0; i < chosen.length; i++) {
    for (let k = 0; k < classes; k++) out[i * classes + k] = from[chosen[i]! * classes + k]!;
  }
}

function fillSource(
  { order, chosen, x, y, moved, beliefs: out }: Source,
  { copy, labels, classes, beliefs }: TrainingSet,
  step: number,
): void {
  batchRows(order, step, chosen);
  copy(chosen, x);
  moved?.move(x as Uint8Array, moved.x, step);
  if (out) copyBeliefs(chosen, beliefs!, classes.length, out);
  for (let i = 0; i < chosen.length; i++) y[i] = BigInt(labels[chosen[i]!]!);
}

const openSource = (order: RowOrder, size: number, { type, width }: TrainingSet): Source => ({
  order,
  chosen: new Int32Array(size),
  x: type === 'uint8' ? new Uint8Array(size * width) : new Float32Array(size * width),
  y: new BigInt64Array(size),
});

/** Room for what is believed of some rows. Throws `BELIEFS_MISSING` where nothing is. */
function openBeliefs(size: number, { name, beliefs, classes }: TrainingSet): Float32Array {
  if (beliefs) return new Float32Array(size * classes.length);
  const remedy = 'Add what believed() finds to the set, or set objective.start.weight to 0.';
  throw new TrainingError('BELIEFS_MISSING', name, 'nothing is believed of its rows to start with', remedy);
}

/** The moved images of a source. */
function openMoves(
  { x, chosen }: Source,
  { augmentation }: Recipe,
  { columns }: TrainingSet,
  draw: MoveDraw,
) {
  const move = openMover(columns as ImageColumns, chosen.length, augmentation, draw);
  return { x: new Uint8Array(x.length), move };
}

/** Rows of one kind by the names of a step's inputs: as they are, moved, and their classes, known or believed. */
interface Kind {
  readonly x: string;
  readonly moved: string;
  readonly y?: string;
  readonly believed?: string;
  readonly moves: number;
  readonly size: number;
  readonly order: () => RowOrder;
}

function kindsOf({ batch }: Recipe, set: TrainingSet, rows: Rows, seed: number): readonly Kind[] {
  return [
    {
      x: UNLABELLED_X,
      moved: UNLABELLED_MOVED,
      believed: UNLABELLED_Y,
      moves: streamOf('unlabelledMoves'),
      size: batch.unlabelled,
      order: () => rowOrder(rows.train, seed, streamOf('unlabelledOrder'), set.together),
    },
    {
      x: LABELLED_X,
      moved: LABELLED_MOVED,
      y: LABELLED_Y,
      moves: streamOf('labelledMoves'),
      size: batch.labelled,
      order: () => labelledOrder(rows.labelled, seed),
    },
  ];
}

/** The batches that a step asks for by the names of its inputs. */
function openBatches(
  names: readonly string[],
  recipe: Recipe,
  set: TrainingSet,
  rows: Rows,
  seed: number,
): Feeder {
  const feeds: Record<string, Tensor> = {};
  const asks = (name: string | undefined): name is string => name !== undefined && names.includes(name);
  const asked = (name: string | undefined, type: Tensor['type'], dims: number[], data: Tensor['data']) => {
    if (asks(name)) feeds[name] = { type, dims, data };
  };
  const sources = kindsOf(recipe, set, rows, seed)
    .filter(({ x, moved }) => asks(x) || asks(moved))
    .map(({ x, moved, y, believed, moves, size, order }): Source => {
      const source = openSource(order(), size, set);
      const own = asks(moved) && openMoves(source, recipe, set, { seed, stream: moves });
      const beliefs = asks(believed) && openBeliefs(size, set);
      asked(x, set.type, [size, set.width], source.x);
      asked(y, 'int64', [size], source.y);
      if (own) asked(moved, 'uint8', [size, set.width], own.x);
      if (beliefs) asked(believed, 'float32', [size, set.classes.length], beliefs);
      return { ...source, ...(own && { moved: own }), ...(beliefs && { beliefs }) };
    });
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
