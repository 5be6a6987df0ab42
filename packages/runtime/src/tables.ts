import type { Row } from './cells.ts';
import {
  type Columns,
  cellOutputs,
  columnsOfCells,
  columnsOfRows,
  filledRows,
  rawTensors,
  recordOf,
  rowsOfColumns,
  unseenCells,
} from './columns.ts';
import { pValues, requireFiniteScores, requireRows } from './conformal.ts';
import { usedColumns } from './contract.ts';
import { CalibrationMissing, InputKind } from './errors.ts';
import type { Heads } from './heads.ts';
import type { Manifest, TableInput } from './manifest.ts';

export interface ScoreOptions {
  /** The rate of false alarms to keep, between 0 and 1; by default the calibration's own. */
  readonly fpr?: number;
}

/** How strange a row is, and why. */
export interface Answer {
  /** As `manifest.score` says; the higher, the stranger. */
  readonly score: number;
  /** The negative of a lower bound on log p(x), in nats. */
  readonly nll: number;
  /** The conformal p-value of the score, if the bundle is calibrated. */
  readonly pValue?: number;
  /** Whether the p-value is at most the rate of false alarms. */
  readonly anomaly?: boolean;
  /** What each column adds to the score. */
  readonly contributions: Readonly<Record<string, number>>;
  /** The columns whose value did not occur in training. */
  readonly unseen: readonly string[];
  /** The most probable class, if the model has classes. */
  readonly label?: string;
  readonly index?: number;
  readonly probability?: number;
  /** In the order of `manifest.labels`. */
  readonly probabilities?: Float32Array;
  /** The mean of q(z|x). */
  readonly mean: Float32Array;
}

/** The answers of `rows` rows; matrices are row-major. */
export interface ColumnAnswers {
  readonly rows: number;
  /** The columns of `contributions` and `unseen`. */
  readonly columns: readonly string[];
  readonly score: Float32Array;
  readonly nll: Float32Array;
  readonly pValue?: Float64Array;
  /** 1 where the p-value is at most the rate of false alarms. */
  readonly anomaly?: Uint8Array;
  /** [rows, columns], what each column adds to the score. */
  readonly contributions: Float32Array;
  /** [rows, columns], 1 where a value did not occur in training. */
  readonly unseen: Uint8Array;
  /** [rows, classes], if the model has classes. */
  readonly probabilities?: Float32Array;
  /** [rows, latent]. */
  readonly mean: Float32Array;
}

/** What only a table can be asked. */
export interface Tables {
  score(rows: readonly Row[], options?: ScoreOptions): Promise<Answer[]>;
  scoreColumns(columns: Columns, options?: ScoreOptions): Promise<ColumnAnswers>;
  impute(rows: readonly Row[]): Promise<Row[]>;
  imputeColumns(columns: Columns): Promise<Columns>;
}

/** Throws INPUT_KIND for a bundle of images. */
export function tableInput({ input, name }: Manifest): TableInput {
  if (input.kind === 'table') return input;
  throw new InputKind(
    name,
    'its input is images, not the rows of a table',
    'Give images, or load a bundle of a table.',
  );
}

export function tablesOf(manifest: Manifest, heads: Heads): Tables {
  return {
    score: (rows, options) => score(manifest, heads, rows, options),
    scoreColumns: (columns, options) => scoreColumns(manifest, heads, columns, options),
    impute: (rows) => impute(manifest, heads, rows),
    imputeColumns: (columns) => imputeColumns(manifest, heads, columns),
  };
}

async function score(
  manifest: Manifest,
  heads: Heads,
  rows: readonly Row[],
  options?: ScoreOptions,
): Promise<Answer[]> {
  const columns = columnsOfRows(rows, tableInput(manifest).columns);
  return answersOf(manifest, await scoreColumns(manifest, heads, columns, options));
}

async function scoreColumns(
  manifest: Manifest,
  heads: Heads,
  given: Columns,
  { fpr }: ScoreOptions = {},
): Promise<ColumnAnswers> {
  const { columns } = tableInput(manifest);
  const judge = judgeOf(manifest, fpr);
  const { rows, data } = rawTensors(given, columns);
  const unseen = unseenCells(given, columns, rows); // before any wait, after which the caller may have refilled its columns
  const found = await heads.run('scorer', rows, { ...data }, scorerOutputs(manifest));
  requireFiniteScores(found.score);
  return {
    rows,
    columns: usedColumns(columns).map(({ name }) => name),
    ...found,
    ...judge(found.score),
    unseen,
  };
}

const scored = ['score', 'nll', 'contributions', 'mean'] as const;

function scorerOutputs({ labels }: Manifest): readonly ((typeof scored)[number] | 'probabilities')[] {
  return labels.length > 0 ? [...scored, 'probabilities'] : scored;
}

/** p-values of scores, and which of them are anomalies. Throws CALIBRATION_MISSING, CALIBRATION_TOO_FEW, INPUT_TYPE. */
export function judgeOf({ calibration, name }: Manifest, fpr: number | undefined) {
  if (!calibration && fpr !== undefined) throw new CalibrationMissing(name);
  if (!calibration) return () => ({});
  const rate = fpr ?? calibration.fpr;
  requireRows(calibration.rows, rate);
  return (scores: Float32Array) => {
    const pValue = pValues(scores, calibration.scores);
    return { pValue, anomaly: Uint8Array.from(pValue, (p) => Number(p <= rate)) };
  };
}

function answersOf({ labels, latent }: Manifest, answers: ColumnAnswers): Answer[] {
  const { rows, columns, score, nll, pValue, anomaly, contributions, unseen, probabilities, mean } = answers;
  const part = (values: Float32Array, size: number, row: number) =>
    values.slice(row * size, (row + 1) * size);
  return Array.from({ length: rows }, (_, row) => {
    const first = row * columns.length;
    return {
      score: score[row]!,
      nll: nll[row]!,
      ...(pValue && anomaly && { pValue: pValue[row]!, anomaly: anomaly[row] === 1 }),
      contributions: recordOf(columns, (column) => contributions[first + column]!),
      unseen: columns.filter((_, column) => unseen[first + column]),
      ...(probabilities && mostProbable(part(probabilities, labels.length, row), labels)),
      mean: part(mean, latent.size, row),
    };
  });
}

/** The most probable class of a row. */
export function mostProbable(probabilities: Float32Array, labels: readonly string[]) {
  const probability = Math.max(...probabilities);
  const index = probabilities.indexOf(probability);
  return { label: labels[index]!, index, probability, probabilities };
}

async function impute(manifest: Manifest, heads: Heads, rows: readonly Row[]): Promise<Row[]> {
  const { columns } = tableInput(manifest);
  const found = await imputed(manifest, heads, columnsOfRows(rows, columns));
  return filledRows(rows, rowsOfColumns(found, columns, rows.length));
}

async function imputeColumns(manifest: Manifest, heads: Heads, given: Columns): Promise<Columns> {
  return { ...given, ...(await imputed(manifest, heads, given)) };
}

async function imputed(manifest: Manifest, heads: Heads, given: Columns): Promise<Columns> {
  const { columns } = tableInput(manifest);
  const { rows, data } = rawTensors(given, columns);
  return columnsOfCells(await heads.run('imputer', rows, { ...data }, cellOutputs(columns)), columns, rows);
}
