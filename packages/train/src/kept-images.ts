import { chooseRows, range, shuffle, type TrainingSet } from '@semivae/data';
import type { Tensors as StoredTensors } from '@semivae/graph';
import type { Recipe } from '@semivae/recipe';
import { streamOf } from '@semivae/runtime/core';

const MOST_CALIBRATION = 2000;
/** Rows with which 1 % of false alarms can be kept. */
const LEAST_CALIBRATION = 99;
const MOST_NUMBERS = 2 ** 24;

function someOf(rows: Int32Array, most: number, seed: number, use: number): Int32Array {
  const order = Int32Array.from(rows);
  shuffle(order, seed, use, 0);
  return order.slice(0, most).sort();
}

function pixelsOf({ copy, width }: TrainingSet, rows: Int32Array): StoredTensors[string] {
  const bytes = new Uint8Array(rows.length * width);
  copy(rows, bytes);
  return { shape: [rows.length, width], data: Float32Array.from(bytes) };
}

/** Half of the test rows, so that the others can judge; none where these are too few to keep any rate by. */
function calibrationRows({ rows }: TrainingSet, most: number): number {
  const half = Math.min(MOST_CALIBRATION, most, Math.floor(rows / 2));
  return half < LEAST_CALIBRATION ? 0 : half;
}

/** Rows that a run of images keeps, by number: training rows to compare with, test rows to calibrate on. */
export interface KeptImageRows {
  readonly reference: Int32Array;
  readonly calibration: Int32Array;
}

/** Draws the rows that a run of images keeps; a pure function of recipe and seed. Of large images there are fewer. */
export function chooseKeptImages(
  recipe: Recipe,
  set: TrainingSet,
  test: TrainingSet,
  seed: number,
): KeptImageRows {
  const most = Math.floor(MOST_NUMBERS / set.width);
  const { train } = chooseRows(recipe, set, seed);
  return {
    reference: someOf(train, Math.min(most, recipe.score.neighbours), seed, streamOf('referenceRows')),
    calibration: someOf(range(test.rows), calibrationRows(test, most), seed, streamOf('calibrationRows')),
  };
}

/** Whether a run of images keeps some: its score is a distance, and it has a score. */
export const keepsImages = ({ score, objective }: Recipe): boolean =>
  score.neighbours > 1 && objective.kind !== 'supervised';

/** The pixels that a run of images keeps where its score is a distance: `reference` and `calibration`, bytes [rows, pixels]. */
export function keptImages(recipe: Recipe, set: TrainingSet, test: TrainingSet, seed: number): StoredTensors {
  const { reference, calibration } = chooseKeptImages(recipe, set, test, seed);
  return { reference: pixelsOf(set, reference), calibration: pixelsOf(test, calibration) };
}
