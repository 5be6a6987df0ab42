import { SemivaeError } from '@semivae/runtime/core';

/** What calling every score of at least `threshold` an anomaly gives. */
export interface OperatingPoint {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** Recall: the share of the anomalous rows that are found. */
  readonly truePositiveRate: number;
  /** The share of the normal rows that are called anomalous. */
  readonly falsePositiveRate: number;
  /** The share of the rows called anomalous that are; 1 where none is called. */
  readonly precision: number;
}

function counted(anomalous: readonly boolean[], scores: ArrayLike<number>): readonly [number, number] {
  if (anomalous.length !== scores.length) {
    const problem = `${scores.length} scores and ${anomalous.length} labels`;
    throw new SemivaeError('LABELS_DIFFER', 'detection', problem, 'Give a label for each score.');
  }
  const positives = anomalous.filter(Boolean).length;
  if (!positives || positives === anomalous.length) {
    const problem = positives ? 'no normal row' : 'no anomalous row';
    throw new SemivaeError('ONE_CLASS', 'detection', problem, 'Give rows of both kinds.');
  }
  return [positives, anomalous.length - positives];
}

/**
 * Every threshold's operating point, from none called to all called; equal scores are called together. The higher
 * the score, the more anomalous. Throws SemivaeError unless both kinds of rows are there.
 */
export function rocCurve(scores: ArrayLike<number>, anomalous: readonly boolean[]): OperatingPoint[] {
  const [positives, negatives] = counted(anomalous, scores);
  const point = (threshold: number, truePositives: number, falsePositives: number): OperatingPoint => ({
    threshold,
    truePositives,
    falsePositives,
    truePositiveRate: truePositives / positives,
    falsePositiveRate: falsePositives / negatives,
    precision: truePositives + falsePositives ? truePositives / (truePositives + falsePositives) : 1,
  });
  const order = anomalous.map((_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  const points = [point(Number.POSITIVE_INFINITY, 0, 0)];
  let [hits, alarms] = [0, 0];
  order.forEach((row, rank) => {
    if (anomalous[row]) hits++;
    else alarms++;
    const next = order[rank + 1];
    if (next === undefined || scores[next] !== scores[row]) points.push(point(scores[row]!, hits, alarms));
  });
  return points;
}

const stepSum = (points: readonly OperatingPoint[], area: (a: OperatingPoint, b: OperatingPoint) => number) =>
  points.slice(1).reduce((sum, point, before) => sum + area(points[before]!, point), 0);

/** P(an anomalous row scores above a normal one), ties counting half: the area under the ROC curve. */
export const areaUnderRoc = (scores: ArrayLike<number>, anomalous: readonly boolean[]): number =>
  stepSum(
    rocCurve(scores, anomalous),
    (a, b) => ((b.falsePositiveRate - a.falsePositiveRate) * (a.truePositiveRate + b.truePositiveRate)) / 2,
  );

/** Σ (recallₙ − recallₙ₋₁) · precisionₙ over falling thresholds, equal scores taken together. */
export const averagePrecision = (scores: ArrayLike<number>, anomalous: readonly boolean[]): number =>
  stepSum(rocCurve(scores, anomalous), (a, b) => (b.truePositiveRate - a.truePositiveRate) * b.precision);
