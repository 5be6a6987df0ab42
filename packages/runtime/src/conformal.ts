import { CalibrationTooFew, InputType, ScoreNotFinite } from './errors.ts';

/** Hosts round differently: scores that lie this near, relative to the larger of 1 and the score, are taken for equal. */
const ROUNDING = 1e-5;

/** The largest score that is taken for equal to this one. */
const widened = (score: number): number => score + ROUNDING * Math.max(1, Math.abs(score));

/**
 * The conformal p-value of each score, (1 + #{calibration ≥ score}) / (n + 1), by binary search in the ascending
 * calibration scores of n rows that were not trained on (Vovk et al. 2005; Bates et al. 2023). For a row drawn as
 * those were, P(p ≤ α) ≤ α for every α, whatever the model. A calibration score that is less by rounding alone counts as
 * equal, so that verdicts are the same on every host. Throws SCORE_NOT_FINITE for NaN or an infinity.
 */
export function pValues(scores: ArrayLike<number>, calibration: ArrayLike<number>): Float64Array {
  requireFiniteScores(scores);
  const n = calibration.length;
  return Float64Array.from(scores, (score) => (1 + n - below(score, calibration)) / (n + 1));
}

/** Throws SCORE_NOT_FINITE, which names the first such row. */
export function requireFiniteScores(scores: ArrayLike<number>): void {
  for (let row = 0; row < scores.length; row++)
    if (!Number.isFinite(scores[row])) throw new ScoreNotFinite(`row ${row}`, scores[row]!);
}

/** How many of the ascending scores are less than `score`, by more than rounding. */
function below(score: number, ascending: ArrayLike<number>): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (widened(ascending[middle]!) >= score) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The score above which a row is an anomaly: `score > thresholdFor(calibration, fpr)` exactly where its p-value ≤ `fpr`.
 * It is the largest that is taken for equal to a calibration score, and no anomaly. Throws CALIBRATION_TOO_FEW, and
 * INPUT_TYPE unless 0 < fpr < 1.
 */
export function thresholdFor(calibration: ArrayLike<number>, fpr: number): number {
  const n = calibration.length;
  requireRows(n, fpr);
  return widened(calibration[n - ranksWithin(n, fpr)]!);
}

/** Whether a stated threshold is the one that follows, or, as older bundles have it, the calibration score itself. */
export function isThreshold(stated: number, implied: number): boolean {
  return stated <= implied && widened(stated) >= implied;
}

/**
 * The rate at which ordinary rows are called anomalies on average, ⌊fpr (n + 1)⌋ / (n + 1), if no scores tie: at most
 * `fpr`, and 0 where n rows are too few for it. Throws INPUT_TYPE unless 0 < fpr < 1.
 */
export function exactRate(n: number, fpr: number): number {
  checkRate(fpr);
  return ranksWithin(n, fpr) / (n + 1);
}

/** The fewest calibration rows with which anything can be an anomaly, ⌈1 / fpr⌉ − 1. Throws INPUT_TYPE unless 0 < fpr < 1. */
export function rowsNeeded(fpr: number): number {
  checkRate(fpr);
  const n = Math.round(1 / fpr) - 1;
  return 1 / (n + 1) <= fpr ? n : n + 1;
}

/** Throws CALIBRATION_TOO_FEW where no p-value of `n` calibration rows is as low as `fpr`, INPUT_TYPE unless 0 < fpr < 1. */
export function requireRows(n: number, fpr: number): void {
  const needed = rowsNeeded(fpr);
  if (n < needed) throw new CalibrationTooFew('fpr', n, fpr, needed);
}

/** The largest k with k / (n + 1) ≤ fpr, as floating point divides: ⌊fpr (n + 1)⌋ would miss 29 of 100 at 0.29. */
function ranksWithin(n: number, fpr: number): number {
  const k = Math.round(fpr * (n + 1));
  return k / (n + 1) <= fpr ? k : k - 1;
}

function checkRate(fpr: number): void {
  if (typeof fpr === 'number' && fpr > 0 && fpr < 1) return;
  throw new InputType(
    'fpr',
    `${String(fpr)} is no rate of false alarms`,
    'Give a number between 0 and 1, such as 0.01.',
  );
}
