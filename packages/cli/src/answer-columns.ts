import type { Cells, TableColumn } from '@semivae/data';
import type { ColumnAnswers, Manifest } from '@semivae/runtime/core';

/** A column that says how rows were answered. */
export interface AnswerColumn extends TableColumn {
  cells(answers: ColumnAnswers): Cells;
}

/** The index of the largest of each row of a matrix [rows, size]. */
export function largest(values: Float32Array, size: number): Int32Array {
  return new Int32Array(values.length / size).map((_, row) => {
    let best = row * size;
    for (let i = best + 1; i < (row + 1) * size; i++) if (values[i]! > values[best]!) best = i;
    return best - row * size;
  });
}

const chosen = (values: Float32Array, size: number): Float64Array =>
  Float64Array.from(largest(values, size), (best, row) => values[row * size + best]!);

const picked = (values: Float32Array, size: number, at: number): Float64Array =>
  new Float64Array(values.length / size).map((_, row) => values[row * size + at]!);

const numbers = (name: string, cells: (answers: ColumnAnswers) => Float64Array): AnswerColumn => ({
  name,
  type: 'number',
  cells,
});

const texts = (name: string, cells: (answers: ColumnAnswers) => string[]): AnswerColumn => ({
  name,
  type: 'text',
  cells,
});

const judgements: readonly AnswerColumn[] = [
  numbers('p_value', ({ pValue }) => pValue!),
  { name: 'anomaly', type: 'boolean', cells: ({ anomaly }) => Float64Array.from(anomaly!) },
];

const classes = ({ labels }: Manifest): readonly AnswerColumn[] => [
  texts('label', ({ probabilities }) =>
    Array.from(largest(probabilities!, labels.length), (best) => labels[best]!),
  ),
  numbers('probability', ({ probabilities }) => chosen(probabilities!, labels.length)),
];

/** The names of the columns of a row whose value did not occur in training. */
export const unseenIn = ({ columns, unseen }: ColumnAnswers, row: number): string[] =>
  columns.filter((_, at) => unseen[row * columns.length + at]);

const reasons: readonly AnswerColumn[] = [
  texts('top_column', ({ contributions, columns }) =>
    Array.from(largest(contributions, columns.length), (best) => columns[best]!),
  ),
  numbers('top_contribution', ({ contributions, columns }) => chosen(contributions, columns.length)),
  texts('unseen', (answers) =>
    Array.from({ length: answers.rows }, (_, row) => unseenIn(answers, row).join(';')),
  ),
];

const parts = (names: readonly string[]): readonly AnswerColumn[] =>
  names.map((name, at) =>
    numbers(`contribution_${name}`, ({ contributions }) => picked(contributions, names.length, at)),
  );

export interface Answering {
  /** Columns that the model sees, in its order. */
  readonly names: readonly string[];
  /** Whether each of them gets a column for what it adds to the score. */
  readonly contributions: boolean;
  /** Names that are taken; an answer of such a name is called `semivae_…`. */
  readonly taken: readonly string[];
}

/** The columns that a bundle answers a table with: score, verdict, class and reasons. */
export function answerColumns(
  manifest: Manifest,
  { names, contributions, taken }: Answering,
): readonly AnswerColumn[] {
  const all = [
    numbers('score', ({ score }) => Float64Array.from(score)),
    ...(manifest.calibration ? judgements : []),
    numbers('nll', ({ nll }) => Float64Array.from(nll)),
    ...(manifest.labels.length > 0 ? classes(manifest) : []),
    ...reasons,
    ...(contributions ? parts(names) : []),
  ];
  const inUse = new Set(taken.map((name) => name.toLowerCase()));
  return all.map((each) =>
    inUse.has(each.name.toLowerCase()) ? { ...each, name: `semivae_${each.name}` } : each,
  );
}

/** The cells of all columns of answers, by name. */
export const answerCells = (
  columns: readonly AnswerColumn[],
  answers: ColumnAnswers,
): Record<string, Cells> => Object.fromEntries(columns.map(({ name, cells }) => [name, cells(answers)]));
