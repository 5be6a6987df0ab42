import { requireFiniteScores } from './conformal.ts';
import type { Features, Heads } from './heads.ts';
import type { Image } from './image.ts';
import type { Rows } from './inputs.ts';
import type { ImageInput, Manifest } from './manifest.ts';
import { judgeOf, mostProbable, type ScoreOptions } from './tables.ts';

/** How anomalous an image is, and where. */
export interface ImageAnswer {
  /** As `manifest.score` says; the higher, the more anomalous. */
  readonly score: number;
  /** The negative of a lower bound on log p(x), in nats. */
  readonly nll: number;
  /** The conformal p-value of the score, if the bundle is calibrated. */
  readonly pValue?: number;
  /** Whether the p-value is at most the rate of false alarms. */
  readonly anomaly?: boolean;
  /** What each pixel adds to the score: an image of numbers that add up to it. */
  readonly contributions: Image;
  /** The most probable class, if the model has classes. */
  readonly label?: string;
  readonly index?: number;
  readonly probability?: number;
  /** In the order of `manifest.labels`. */
  readonly probabilities?: Float32Array;
  /** The mean of q(z|x). */
  readonly mean: Float32Array;
}

interface Judged {
  readonly pValue?: Float64Array;
  readonly anomaly?: Uint8Array;
}

const scored = ['score', 'nll', 'contributions', 'mean'] as const;

const part = (values: Float32Array, size: number, row: number): Float32Array =>
  values.slice(row * size, (row + 1) * size);

/** Scores alone of a bundle whose score is the bound, as it says no more; else answers. Throws CALIBRATION_MISSING, CALIBRATION_TOO_FEW, INPUT_TYPE. */
export async function scoreImages(
  manifest: Manifest,
  heads: Heads,
  { rows, data }: Rows<Features>,
  { fpr }: ScoreOptions = {},
): Promise<(number | ImageAnswer)[]> {
  const { width, height, channels } = manifest.input as ImageInput;
  const judge = judgeOf(manifest, fpr);
  if (manifest.score.kind === 'bound') {
    const { score } = await heads.run('scorer', rows, data, ['score']);
    requireFiniteScores(score);
    return Array.from(score);
  }
  const { labels, latent } = manifest;
  const wanted = labels.length > 0 ? ([...scored, 'probabilities'] as const) : scored;
  const found = await heads.run<string>('scorer', rows, data, wanted);
  requireFiniteScores(found.score as Float32Array);
  const { pValue, anomaly }: Judged = judge(found.score as Float32Array);
  const of = (name: string, size: number, row: number) => part(found[name] as Float32Array, size, row);
  return Array.from({ length: rows }, (_, row) => ({
    score: found.score![row] as number,
    nll: found.nll![row] as number,
    ...(pValue && anomaly && { pValue: pValue[row]!, anomaly: anomaly[row] === 1 }),
    contributions: { width, height, channels, values: of('contributions', width * height * channels, row) },
    ...(labels.length > 0 && mostProbable(of('probabilities', labels.length, row), labels)),
    mean: of('mean', latent.size, row),
  }));
}
