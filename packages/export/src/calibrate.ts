import type { RawRows } from '@semivae/data';
import { load, type Model } from '@semivae/runtime';
import { type Calibration, memoryFiles, thresholdFor } from '@semivae/runtime/core';
import { ExportError } from './errors.ts';
import type { BundleFiles } from './ship-options.ts';

export interface CalibrateOptions {
  /** The rate of false alarms that the threshold keeps. */
  readonly fpr: number;
  /** What the rows are, in words. */
  readonly data: string;
}

/** The scores that the files of a bundle give raw rows, asked as an app asks. Throws `SCORE_NOT_FINITE`. */
async function scoresOf(files: BundleFiles, { columns }: RawRows): Promise<Float32Array> {
  return asked(files, async (model) => (await model.scoreColumns(columns)).score);
}

async function asked(
  files: BundleFiles,
  ask: (model: Model) => Promise<Float32Array>,
): Promise<Float32Array> {
  const model = await load(memoryFiles(files));
  try {
    const score = await ask(model);
    const bad = score.findIndex((each) => !Number.isFinite(each));
    if (bad >= 0) throw notFinite(bad, score[bad]!);
    return score;
  } finally {
    await model.dispose();
  }
}

function notFinite(row: number, score: number): ExportError {
  const remedy = 'Train it again with a smaller optimizer.learningRate.';
  return new ExportError(
    'SCORE_NOT_FINITE',
    `calibration row ${row + 1}`,
    `its score is ${score}, so the model is of no use`,
    remedy,
  );
}

/**
 * The calibration of a bundle by the very files that ship: their scores of raw rows that training never saw, ascending,
 * with all their digits so that equal ones stay equal. Throws `CALIBRATION_TOO_FEW`, `SCORE_NOT_FINITE`.
 */
export async function calibrate(
  files: BundleFiles,
  rows: RawRows,
  { fpr, data }: CalibrateOptions,
): Promise<Calibration> {
  return calibrationOf(await scoresOf(files, rows), fpr, data);
}

/** The same of images, bytes [rows, pixels]. */
export async function calibrateImages(
  files: BundleFiles,
  bytes: Uint8Array,
  { fpr, data }: CalibrateOptions,
): Promise<Calibration> {
  const ask = async (model: Model) => Float32Array.from(await model.score(bytes), ({ score }) => score);
  return calibrationOf(await asked(files, ask), fpr, data);
}

function calibrationOf(found: Float32Array, fpr: number, data: string): Calibration {
  const scores = Array.from(found.sort());
  return { rows: scores.length, fpr, threshold: thresholdFor(scores, fpr), scores, data };
}
