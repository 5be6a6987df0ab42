import type { StoredSample } from '@semivae/data';
import { openTableWriter, type TableWriter } from '@semivae/data/node';
import { type ColumnAnswers, type Model, tableInput, visibleLine } from '@semivae/runtime';
import { type AnswerColumn, answerCells, answerColumns } from '../answer-columns.ts';
import {
  asking,
  type BundleTable,
  openBundleTable,
  ROWS_IN_A_CHUNK,
  type TableFlags,
} from '../bundle-table.ts';
import { type Excess, excessInWords, openWatch, type Watch } from '../excess.ts';
import { CommandFailure, exitCodes } from '../failure.ts';
import { checkInterruption } from '../interruption.ts';
import type { Output } from '../output.ts';
import { checkStdout, isStdout, noteFormulas, tellerBeside } from '../row-output.ts';
import { openRowProgress, type RowProgress, showCount, showRate } from '../row-progress.ts';
import { openStrangest, type StrangeRow } from '../strangest.ts';
import { showMinutes, showPercent, table as showTable } from '../table.ts';
import type { TableModel } from '../table-model.ts';

/** What `score` may be told about a table. */
export interface ScoreTableOptions extends TableFlags {
  readonly out?: string;
  readonly fpr?: number;
  readonly contributions?: boolean;
  readonly escapeFormulas?: boolean;
  readonly limit?: number;
  readonly failOnDrift?: boolean;
}

/** What came of scoring a table. */
interface Summary {
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** The rate of false alarms that was kept, and how many rows were called anomalies at it. */
  readonly fpr?: number;
  readonly anomalies?: number;
  /** Where they are far more than that. */
  readonly excess?: Excess;
  /** How many rows have a value that did not occur in training, by column. */
  readonly unseen: Readonly<Record<string, number>>;
  /** The strangest first. */
  readonly strangest: readonly StrangeRow[];
}

function checkCalibrated({ manifest }: Model, { failOnDrift }: ScoreTableOptions): void {
  if (!failOnDrift || manifest.calibration) return;
  const problem = '--fail-on-drift needs calibration scores, and the bundle has none';
  const remedy = 'Calibrate it: semivae recalibrate.';
  throw new CommandFailure('NOT_CALIBRATED', manifest.name, problem, remedy);
}

/**
 * Scores the rows of files or of a query, in constant memory; `reference` says how the columns of held-out rows are
 * distributed. Throws `OUT_JSON`, `NOT_CALIBRATED`, `COLUMNS_MISSING`, `TABLE_…`, `CALIBRATION_…`.
 */
export async function scoreTable(
  { model, reference }: TableModel,
  files: readonly string[],
  options: ScoreTableOptions,
  output: Output,
): Promise<void> {
  checkStdout(options.out, output);
  checkCalibrated(model, options);
  const opened = await openBundleTable(model.manifest, files, options, output);
  try {
    await checkInterruption(opened.table.place);
    const summary = await scored(model, opened, options, reference, output);
    report(summary, options, output);
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
  readonly watch?: Watch;
}

async function scored(
  model: Model,
  opened: BundleTable,
  options: ScoreTableOptions,
  reference: readonly StoredSample[] | undefined,
  output: Output,
): Promise<Summary> {
  const { table, names, memory } = opened;
  const { out, fpr, contributions = false, escapeFormulas = false } = options;
  const taken = table.columns.map(({ name }) => name);
  const columns = answerColumns(model.manifest, { names, contributions, taken });
  const writer =
    out === undefined
      ? undefined
      : await openTableWriter(out, columns, { beside: table, memory, escapeFormulas });
  const progress = openRowProgress('scoring', table.rows);
  const rate = fpr === undefined ? {} : { fpr };
  const { calibration } = model.manifest;
  const watch = calibration && {
    watch: openWatch(calibration, fpr ?? calibration.fpr, table.rows, reference),
  };
  const scoring = { ...opened, columns, progress, ...rate, ...watch, ...(writer && { writer }) };
  let summary: Summary;
  try {
    summary = await answered(model, scoring);
  } catch (error) {
    await writer?.abort();
    throw error;
  } finally {
    progress.stop();
  }
  if (writer) noteFormulas(await writer.close(), output);
  return summary;
}

const STRANGEST = 10;

async function answered(model: Model, scoring: Scoring): Promise<Summary> {
  const { table, names, columns, writer, progress, fpr, watch } = scoring;
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
    watch?.add(chunk, alarmsOf(answers));
    strangest.add(chunk, answers);
    progress.rows(chunk.start + chunk.rows);
    await checkInterruption(table.place);
  }
  const rowsPerSecond = Math.round(progress.rate());
  const excess = await watch?.excess();
  return {
    rows: table.rows,
    rowsPerSecond,
    ...(calibration && { fpr: fpr ?? calibration.fpr, anomalies: counts.anomalies() }),
    ...(excess && { excess }),
    unseen: counts.unseen(),
    strangest: strangest.rows(),
  };
}

const alarmsOf = ({ anomaly = new Uint8Array() }: ColumnAnswers): number =>
  anomaly.reduce((sum: number, each) => sum + Number(each), 0);

/** Counts anomalies, and values that did not occur in training by column. */
function openCounts(names: readonly string[]) {
  const unseen = new Float64Array(names.length);
  let anomalies = 0;
  return {
    add(answers: ColumnAnswers): void {
      anomalies += alarmsOf(answers);
      for (const [at, each] of answers.unseen.entries()) unseen[at % names.length]! += each;
    },
    anomalies: () => anomalies,
    unseen: () =>
      Object.fromEntries(names.map((name, at) => [name, unseen[at]!] as const).filter(([, n]) => n > 0)),
  };
}

function report(summary: Summary, { out, failOnDrift }: ScoreTableOptions, output: Output): void {
  const tell = tellerBeside(out, output);
  if (out === undefined) tell(`the strangest rows\n${strangestTable(summary.strangest)}`);
  for (const line of summaryLines(summary)) tell(line);
  if (out !== undefined && !isStdout(out)) tell(`rows in ${out}`);
  warn(summary, output);
  if (failOnDrift && summary.excess) process.exitCode = exitCodes.failed;
  const ok = failOnDrift && { ok: summary.excess === undefined };
  output.answer({ ...ok, ...summary, ...(out !== undefined && { out }) });
}

function warn({ rows, fpr, anomalies, excess }: Summary, { note }: Output): void {
  if (!excess || fpr === undefined || anomalies === undefined) return;
  for (const line of excessInWords(excess, { alarms: anomalies, rows, fpr })) note(visibleLine(line));
}

function summaryLines({ rows, rowsPerSecond, fpr, anomalies, excess, unseen }: Summary): string[] {
  const took = showMinutes(rows / rowsPerSecond / 60);
  const values = Object.entries(unseen).map(([name, count]) => `${name} in ${showCount(count)} rows`);
  return [
    `${showCount(rows)} rows in ${took}, ${showCount(rowsPerSecond)} rows/s`,
    fpr === undefined || anomalies === undefined
      ? 'no verdicts: the bundle has no calibration scores (semivae recalibrate)'
      : `${showCount(anomalies)} anomalies (${showPercent((100 * anomalies) / rows)}), ${excess ? `far more than the ${showRate(fpr)} that was promised of ordinary rows` : `false alarms kept to ${showRate(fpr)} of ordinary rows`}`,
    ...(values.length > 0
      ? [`values that did not occur in training: ${visibleLine(values.join(', '))}`]
      : []),
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
