import type { Cells } from '@semivae/data';
import type { ColumnAnswers, Model } from '@semivae/runtime';
import { asking, type BundleTable, openBundleTable, type TableFlags } from './bundle-table.ts';
import { CommandFailure } from './failure.ts';
import { checkInterruption } from './interruption.ts';
import { joined } from './joined.ts';
import type { Output } from './output.ts';
import { type PickedRows, pickedRows, rowsInWords, shareOf } from './picked-rows.ts';
import { openRowProgress } from './row-progress.ts';

/** Rows of a table, with the column that says what they are. */
export interface LabelledTable extends BundleTable {
  readonly labelColumn?: string;
}

/** Which column holds labels. */
export interface LabelFlags {
  readonly labelColumn?: string;
  /** Whether rows will do without it. */
  readonly optional?: boolean;
}

/**
 * Opens files, or a query, as rows that a bundle expects beside a column of labels. Throws COLUMNS_MISSING where a column
 * is not there, unless it is that of labels and optional; INPUT_KIND, TABLE_….
 */
export async function openLabelled(
  { manifest }: Model,
  files: readonly string[],
  { labelColumn, optional = false, ...flags }: TableFlags & LabelFlags,
  output: Output,
): Promise<LabelledTable> {
  const without = () => openBundleTable(manifest, files, flags, output);
  const seen = manifest.input.kind === 'table' ? manifest.input.columns : [];
  if (labelColumn === undefined) return without();
  if (seen.some(({ name, kind }) => name === labelColumn && kind !== 'ignored'))
    return { ...(await without()), labelColumn };
  try {
    const beside = { ...flags, besides: [labelColumn] };
    return { ...(await openBundleTable(manifest, files, beside, output)), labelColumn };
  } catch (error) {
    if (optional && error instanceof CommandFailure && error.code === 'COLUMNS_MISSING') return without();
    throw error;
  }
}

/** How a model answered rows of a table; matrices are row-major. */
export interface AnsweredRows {
  /** The rows in words: `rows of new.csv`. */
  readonly name: string;
  /** Which rows of the table they are, counted from 0. */
  readonly at: readonly number[];
  /** What they are said to be; empty where nothing is said. */
  readonly labels: readonly string[];
  readonly scores: readonly number[];
  readonly pValues?: readonly number[];
  /** [rows, classes], where the model has classes. */
  readonly probabilities?: Float32Array;
  /** [rows, latent]. */
  readonly mean: Float32Array;
}

export interface Asking {
  /** About how many rows are asked for, at random over the table; by default all. */
  readonly most?: number;
  /** Sees rows, their labels and their answers as they go by. */
  see?(rows: PickedRows, answers: ColumnAnswers, labels: readonly string[]): void;
}

const texts = (cells: Cells): readonly string[] =>
  Array.from(cells as ArrayLike<number | string>, (cell) =>
    typeof cell === 'string' ? cell : Number.isNaN(cell) ? '' : String(cell),
  );

/** Asks a model for rows of a table. Throws TABLE_…, INPUT_…, INTERRUPTED. */
export async function answerRows(
  model: Model,
  { table, names, labelColumn }: LabelledTable,
  { most = Infinity, see = () => {} }: Asking = {},
): Promise<AnsweredRows> {
  const share = shareOf(table.rows, most);
  const progress = openRowProgress('scoring', table.rows);
  const wanted = labelColumn === undefined ? names : [...new Set([...names, labelColumn])];
  const spelled = new Map<string, string>(); // one text for each label, not one for each row
  const [at, labels, scores, pValues]: [number[], string[], number[], number[]] = [[], [], [], []];
  const [means, probabilities]: [Float32Array[], Float32Array[]] = [[], []];
  try {
    for await (const rows of pickedRows(table, wanted, share)) {
      progress.rows(rows.seen);
      await checkInterruption(table.place);
      if (rows.at.length === 0) continue;
      const answers = await asking(
        table,
        (row) => rows.at[row]!,
        () => model.scoreColumns(rows.columns),
      );
      const said = labelColumn === undefined ? rows.at.map(() => '') : texts(rows.columns[labelColumn]!);
      see(rows, answers, said);
      rows.at.forEach((row, i) => {
        at.push(row);
        labels.push(spelled.get(said[i]!) ?? said[i]!);
        spelled.set(said[i]!, labels.at(-1)!);
        scores.push(answers.score[i]!);
        if (answers.pValue) pValues.push(answers.pValue[i]!);
      });
      means.push(answers.mean);
      if (answers.probabilities) probabilities.push(answers.probabilities);
    }
  } finally {
    progress.stop();
  }
  return {
    name: rowsInWords(table, share),
    at,
    labels,
    scores,
    mean: joined(means),
    ...(model.manifest.calibration && { pValues }),
    ...(model.manifest.labels.length > 0 && { probabilities: joined(probabilities) }),
  };
}
