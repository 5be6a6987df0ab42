import { sameLabel } from '@semivae/data';
import type { Recipe } from '@semivae/recipe';
import type { Calibration } from '@semivae/runtime';
import { areaUnderRoc, averagePrecision, rocCurve } from '@semivae/statistics';
import { largest } from './answer-columns.ts';
import { type Evaluation, evaluation } from './evaluation.ts';
import { CommandFailure } from './failure.ts';

/** Probabilities of classes beside what is known: [rows, classes], and for each row its class, −1 where it is unknown. */
export interface ClassifiedRows {
  readonly name: string;
  readonly labels: ArrayLike<number>;
  readonly probabilities: Float32Array;
}

/** How well a class is ranked above the others by its probability. */
export interface Ranking {
  /** The class that is looked for. */
  readonly positive: string;
  /** P(a row of it is given a higher probability of it than another row). */
  readonly auroc: number;
  readonly averagePrecision: number;
}

/** The classes of rows whose class is known, held against the most probable ones. */
export function judgeClasses(
  { labels, probabilities }: ClassifiedRows,
  classes: readonly string[],
): Evaluation {
  const known = Array.from(labels)
    .map((_, row) => row)
    .filter((row) => labels[row]! >= 0);
  const predicted = largest(probabilities, classes.length);
  return evaluation(
    known.map((row) => predicted[row]!),
    known.map((row) => labels[row]!),
    classes,
  );
}

/** How a class is ranked; undefined unless there are rows of it and others. */
export function rankClass(
  { labels, probabilities }: ClassifiedRows,
  classes: readonly string[],
  positive: string,
): Ranking | undefined {
  const at = classes.indexOf(positive);
  const known = Array.from(labels)
    .map((_, row) => row)
    .filter((row) => labels[row]! >= 0);
  const found = known.map((row) => probabilities[row * classes.length + at]!);
  const wanted = known.map((row) => labels[row] === at);
  if (!wanted.includes(true) || !wanted.includes(false)) return undefined;
  return {
    positive,
    auroc: areaUnderRoc(found, wanted),
    averagePrecision: averagePrecision(found, wanted),
  };
}

/** Labels that tell anomalies from ordinary rows. */
export interface AnomalyFlags {
  /** Rows with this label are anomalies. */
  readonly anomalyLabel?: string;
  /** Rows with this label are ordinary ones; without `anomalyLabel` all others with a label are anomalies. */
  readonly normalLabel?: string;
}

/** Flags that say what labels mean, and where they stand. */
export interface LabelOptions extends AnomalyFlags {
  readonly labelColumn?: string;
}

/** What labels mean: as the flags say, else as in the recipe, whose anomalies are those of its own column. */
export function impliedLabels(
  { data }: Recipe,
  { labelColumn = data.labelColumn, anomalyLabel, normalLabel }: LabelOptions,
): { readonly labelColumn?: string; readonly anomaly: AnomalyFlags } {
  const isOwn = anomalyLabel === undefined && normalLabel === undefined && labelColumn === data.labelColumn;
  const implied = isOwn ? data.anomalyLabel : anomalyLabel;
  return {
    ...(labelColumn !== undefined && { labelColumn }),
    anomaly: {
      ...(implied !== undefined && { anomalyLabel: implied }),
      ...(normalLabel !== undefined && { normalLabel }),
    },
  };
}

/** For each label its class, −1 where it is none of them. */
export function classIndices(labels: readonly string[], classes: readonly string[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(labels, (label) => {
    const found = known.get(label) ?? classes.findIndex((name) => sameLabel(label, name));
    known.set(label, found);
    return found;
  });
}

/**
 * For each label whether it is that of an anomaly, null where nobody knows. Where anomalies alone have a label, all other rows
 * are ordinary, as in training.
 */
export function anomalyKinds(
  labels: readonly string[],
  { anomalyLabel, normalLabel }: AnomalyFlags,
): (boolean | null)[] {
  const isAnomaly = (label: string) => anomalyLabel !== undefined && sameLabel(label, anomalyLabel);
  const named = [...new Set(labels)].filter((label) => label !== '');
  const alone = normalLabel === undefined && named.length > 0 && named.every(isAnomaly);
  const judge = (label: string): boolean | null => {
    if (label === '') return alone ? false : null;
    if (isAnomaly(label)) return true;
    if (normalLabel === undefined) return anomalyLabel === undefined ? null : false;
    if (sameLabel(label, normalLabel)) return false;
    return anomalyLabel === undefined ? true : null;
  };
  const verdicts = new Map([...new Set(labels)].map((label) => [label, judge(label)]));
  return labels.map((label) => verdicts.get(label)!);
}

/** Throws `LABEL_UNKNOWN` unless there are anomalies and ordinary rows. */
export function checkBothKinds(
  kinds: readonly (boolean | null)[],
  labels: readonly string[],
  { anomalyLabel, normalLabel }: AnomalyFlags,
  place: string,
): void {
  const lacking = [true, false].find((kind) => !kinds.includes(kind));
  if (lacking === undefined) return;
  const label = lacking ? anomalyLabel : normalLabel;
  const problem =
    label === undefined
      ? `no row is ${lacking ? 'an anomaly' : 'ordinary'}`
      : `no row is labelled '${label}'`;
  throw new CommandFailure('LABEL_UNKNOWN', place, problem, labelsSeen(labels));
}

/** What the labels are, as a remedy for one that is none of them. */
export function labelsSeen(labels: readonly string[]): string {
  const seen = [...new Set(labels)].filter(Boolean);
  const shown = [...seen.slice(0, 10), ...(seen.length > 10 ? ['…'] : [])];
  return seen.length > 0 ? `Its labels are ${shown.join(', ')}.` : 'Its column of labels is empty.';
}

/** How well scores find anomalies. */
export interface Detection {
  readonly anomalies: number;
  readonly normal: number;
  /** P(an anomaly scores above an ordinary row). */
  readonly auroc: number;
  readonly averagePrecision: number;
  /** What calling every score above the threshold an anomaly gives. */
  readonly atThreshold?: {
    /** The rate of false alarms that was asked for. */
    readonly fpr: number;
    readonly threshold: number;
    readonly falsePositiveRate: number;
    readonly recall: number;
    /** Absent where no row is called an anomaly. */
    readonly precision?: number;
  };
}

/** Judges scores where it is known what their rows are; a score that is NaN is stranger than all. */
export function judgeDetection(
  scores: readonly number[],
  kinds: readonly (boolean | null)[],
  calibration?: Pick<Calibration, 'fpr' | 'threshold'>,
): Detection {
  const rows = kinds.map((_, row) => row).filter((row) => kinds[row] !== null);
  const known = rows.map((row) => (Number.isNaN(scores[row]!) ? Infinity : scores[row]!));
  const wanted = rows.map((row) => kinds[row] === true);
  const anomalies = wanted.filter(Boolean).length;
  return {
    anomalies,
    normal: wanted.length - anomalies,
    auroc: areaUnderRoc(known, wanted),
    averagePrecision: averagePrecision(known, wanted),
    ...(calibration && { atThreshold: atThreshold(known, wanted, calibration) }),
  };
}

function atThreshold(
  scores: readonly number[],
  wanted: readonly boolean[],
  { fpr, threshold }: Pick<Calibration, 'fpr' | 'threshold'>,
) {
  const point = rocCurve(scores, wanted).findLast((each) => each.threshold > threshold)!;
  const { falsePositiveRate, truePositiveRate: recall, precision } = point;
  const called = point.truePositives + point.falsePositives > 0;
  return { fpr, threshold, falsePositiveRate, recall, ...(called && { precision }) };
}
