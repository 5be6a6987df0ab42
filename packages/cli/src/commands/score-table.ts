import { type ColumnAnswers, type Model, tableInput } from '@semivae/runtime';
import { openTableWriter, type TableWriter } from '@semivae/train/node';
import { type AnswerColumn, answerCells, answerColumns } from '../answer-columns.ts';
import {
  asking,
  type BundleTable,
  openBundleTable,
  ROWS_IN_A_CHUNK,
  type TableFlags,
} from '../bundle-table.ts';
import { checkInterruption } from '../interruption.ts';
import type { Output } from '../output.ts';
import { checkStdout, isStdout, tellerBeside } from '../row-output.ts';
import { openRowProgress, type RowProgress, showCount, showRate } from '../row-progress.ts';
import { openStrangest, type StrangeRow } from '../strangest.ts';
import { showMinutes, showPercent, table as showTable } from '../table.ts';

/** What `score` may be told about a table. */
export interface ScoreTableOptions extends TableFlags {
  readonly out?: string;
  readonly fpr?: number;
  readonly contributions?: boolean;
  readonly limit?: number;
}

/** What came of scoring a table. */
interface Summary {
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** The rate of false alarms that was kept, and how many rows were called anomalies at it. */
  readonly fpr?: number;
  readonly anomalies?: number;
  /** How many rows have a value that did not occur in training, by column. */
  readonly unseen: Readonly<Record<string, number>>;
  /** The strangest first. */
  readonly strangest: readonly StrangeRow[];
}

/** Scores the rows of files or of a query, in constant memory. Throws `OUT_JSON`, `COLUMNS_MISSING`, `TABLE_…`, `CALIBRATION_…`. */
export async function scoreTable(
  model: Model,
  files: readonly string[],
  options: ScoreTableOptions,
  output: Output,
): Promise<void> {
  checkStdout(options.out, output);
  const opened = await openBundleTable(model.manifest, files, options, output);
  try {
    await checkInterruption(opened.table.place);
    const summary = await scored(model, opened, options);
    report(summary, options.out, output);
  } finally {
    await opened.table.close();
  }
}

/** A scoring under way. */
interface Scoring extends BundleTable {
  readonly columns: readonly AnswerColumn[];
  readonly writer?: TableWriter;
  readonly progress: RowProgress;
  readonly fpr?: number;
}

async function scored(model: Model, opened: BundleTable, options: ScoreTableOptions): Promise<Summary> {
  const { table, names, memory } = opened;
  const { out, fpr, contributions = false } = options;
  const taken = table.columns.map(({ name }) => name);
  const columns = answerColumns(model.manifest, { names, contributions, taken });
  const writer =
    out === undefined ? undefined : await openTableWriter(out, columns, { beside: table, memory });
  const progress = openRowProgress('scoring', table.rows);
  const rate = fpr === undefined ? {} : { fpr };
  let summary: Summary;
  try {
    summary = await answered(model, { ...opened, columns, progress, ...rate, ...(writer && { writer }) });
  } catch (error) {
    await writer?.abort();
    throw error;
  } finally {
    progress.stop();
  }
  await writer?.close();
  return summary;
}

const STRANGEST = 10;

async function answered(model: Model, scoring: Scoring): Promise<Summary> {
  const { table, names, columns, writer, progress, fpr } = scoring;
  const { calibration } = model.manifest;
  const counts = openCounts(names);
  const strangest = openStrangest(tableInput(model.manifest).columns, STRANGEST);
  for await (const chunk of table.chunks(names, ROWS_IN_A_CHUNK)) {
    const options = fpr === undefined ? {} : { fpr };
    const answers = await asking(
      table,
      (row) => chunk.start + row,
      () => model.scoreColumns(chunk.columns, options),
    );
    await writer?.append(answerCells(columns, answers));
    counts.add(answers);
    strangest.add(chunk, answers);
    progress.rows(chunk.start + chunk.rows);
    await checkInterruption(table.place);
  }
  return {
    rows: table.rows,
    rowsPerSecond: Math.round(progress.rate()),
    ...(calibration && { fpr: fpr ?? calibration.fpr, anomalies: counts.anomalies() }),
    unseen: counts.unseen(),
    strangest: strangest.rows(),
  };
}

/** Counts anomalies, and values that did not occur in training by column. */
function openCounts(names: readonly string[]) {
  const unseen = new Float64Array(names.length);
  let anomalies = 0;
  return {
    add(answers: ColumnAnswers): void {
      for (const each of answers.anomaly ?? []) anomalies += each;
      for (const [at, each] of answers.unseen.entries()) unseen[at % names.length]! += each;
    },
    anomalies: () => anomalies,
    unseen: () =>
      Object.fromEntries(names.map((name, at) => [name, unseen[at]!] as const).filter(([, n]) => n > 0)),
  };
}

function report(summary: Summary, out: string | undefined, output: Output): void {
  const tell = tellerBeside(out, output);
  if (out === undefined) tell(`the strangest rows\n${strangestTable(summary.strangest)}`);
  for (const line of summaryLines(summary)) tell(line);
  if (out !== undefined && !isStdout(out)) tell(`rows in ${out}`);
  output.answer({ ...summary, ...(out !== undefined && { out }) });
}

function summaryLines({ rows, rowsPerSecond, fpr, anomalies, unseen }: Summary): string[] {
  const took = showMinutes(rows / rowsPerSecond / 60);
  const values = Object.entries(unseen).map(([name, count]) => `${name} in ${showCount(count)} rows`);
  return [
    `${showCount(rows)} rows in ${took}, ${showCount(rowsPerSecond)} rows/s`,
    fpr === undefined || anomalies === undefined
      ? 'no verdicts: the bundle has no calibration scores (semivae recalibrate)'
      : `${showCount(anomalies)} anomalies (${showPercent((100 * anomalies) / rows)}), false alarms kept to ${showRate(fpr)} of ordinary rows`,
    ...(values.length > 0 ? [`values that did not occur in training: ${values.join(', ')}`] : []),
  ];
}

const why = ({ reasons, unseen }: StrangeRow): string =>
  reasons
    .map(({ column, cell, contribution }) => {
      const mark = unseen.includes(column) ? ', unseen' : '';
      return `${column} = ${cell} (${contribution.toFixed(2)}${mark})`;
    })
    .join(', ');

const strangestTable = (rows: readonly StrangeRow[]): string =>
  showTable([
    ['row', 'score', 'p-value', 'what adds most to the score'],
    ...rows.map((each) => [
      showCount(each.row),
      each.score.toFixed(2),
      each.pValue?.toPrecision(2) ?? '',
      why(each),
    ]),
  ]);
