import { fileNames } from '@semivae/export/node';
import { type Calibration, type Model, permutation, requireRows, thresholdFor } from '@semivae/runtime';
import { CommandFailure } from '../failure.ts';
import { imageScores } from '../image-scores.ts';
import { inPortions } from '../image-source.ts';
import type { Output } from '../output.ts';
import type { Pictures } from '../pictures.ts';
import { picturesOf, type ScoreImagesOptions } from './score-images.ts';

/** Scores beyond these would make a manifest large and no p-value that anybody asks for finer. */
const MOST = 10_000;

/** So many pictures at random, in their order. */
function someOf({ bytes, names }: Pictures): Pictures {
  if (names.length <= MOST) return { bytes, names };
  const width = bytes.length / names.length;
  const rows = permutation(names.length, 0, 0).subarray(0, MOST).sort();
  const picked = new Uint8Array(MOST * width);
  rows.forEach((row, i) => picked.set(bytes.subarray(row * width, (row + 1) * width), i * width));
  return { bytes: picked, names: Array.from(rows, (row) => names[row]!) };
}

/**
 * Scores of ordinary images, as a calibration. Throws `SCORE_BOUND` for a bundle whose score is the bound,
 * `CALIBRATION_TOO_FEW`.
 */
export async function calibratedImages(
  model: Model,
  bundle: string,
  files: readonly string[],
  options: ScoreImagesOptions & { readonly fpr: number },
  output: Output,
): Promise<Calibration> {
  const { manifest } = model;
  if (manifest.score.kind === 'bound') throw ofBound(bundle);
  if (options.split === 'train')
    output.note(
      'warning rows of a training set may be those that were trained on: the threshold is then too low, and false alarms are more than is said',
    );
  const pictures = someOf(await picturesOf(bundle, files, options, manifest, output));
  const { length: rows } = pictures.names;
  requireRows(rows, options.fpr);
  const name = options.data ?? (files.length === 1 ? files[0]! : `${files.length} files`);
  const found = await inPortions({ bytes: pictures.bytes, rows, name }, (bytes) => imageScores(model, bytes));
  const scores = found.map(({ score }) => score).sort((a, b) => a - b);
  return {
    rows,
    fpr: options.fpr,
    threshold: thresholdFor(scores, options.fpr),
    scores,
    data: `${rows} images of ${fileNames(name)}, said to be ordinary`,
    scorer: manifest.heads.scorer.sha256,
  };
}

function ofBound(bundle: string): CommandFailure {
  const problem = 'its score is the bound, by which images are not told apart, and has no p-values';
  const remedy =
    'Train with --set score.neighbours=2000 and export: such a bundle keeps images to compare with.';
  return new CommandFailure('SCORE_BOUND', bundle, problem, remedy);
}
