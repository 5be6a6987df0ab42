import { logGamma } from './log-gamma.ts';

/** log of the number of ways to choose k of n; −∞ where there is none. */
const logChoose = (n: number, k: number): number =>
  k < 0 || k > n ? Number.NEGATIVE_INFINITY : logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/**
 * How likely at least `alarms` of `rows` new scores lie above the `rank`-th highest of `calibration` ones, if all are drawn
 * alike and none tie (Wilks 1942): the upper tail of a beta-binomial, whose rate is Beta(rank, calibration + 1 − rank) because
 * the threshold is itself drawn. It is P(H < rank), H of `alarms + rank − 1` draws from all scores being of the calibration.
 */
export function exceedancePValue(
  alarms: number,
  rows: number,
  { rank, calibration }: { readonly rank: number; readonly calibration: number },
): number {
  if (alarms <= 0) return 1;
  if (alarms > rows || rank < 1) return 0;
  const draws = alarms + rank - 1;
  const all = logChoose(rows + calibration, draws);
  const terms = Array.from({ length: rank }, (_, of) =>
    Math.exp(logChoose(calibration, of) + logChoose(rows, draws - of) - all),
  );
  return Math.min(
    1,
    terms.reduce((sum, each) => sum + each, 0),
  );
}
