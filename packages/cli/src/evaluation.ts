import { errorPercent } from '@semivae/train/node';
import { showPercent, table } from './table.ts';

/** A class among labelled rows, in percent: how often it is missed and found, and how often what is taken for it is it. */
export interface ClassEvaluation {
  readonly label: string;
  readonly n: number;
  readonly error: number;
  /** Absent where no row is of the class. */
  readonly recall?: number;
  /** Absent where no row is taken for the class. */
  readonly precision?: number;
}

/** How often each class was taken for each: `confusion[truth][answer]`. */
export interface Evaluation {
  /** Percent of rows whose answer is not their label. */
  readonly error: number;
  readonly n: number;
  readonly classes: readonly ClassEvaluation[];
  readonly confusion: readonly (readonly number[])[];
}

/** Holds predicted classes against labels. */
export function evaluation(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  names: readonly string[],
): Evaluation {
  const confusion = names.map(() => names.map(() => 0));
  for (let row = 0; row < labels.length; row++) confusion[labels[row]!]![predicted[row]!]!++;
  const classes = names.map((label, index) => {
    const n = confusion[index]!.reduce((sum, each) => sum + each, 0);
    const right = confusion[index]![index]!;
    const taken = confusion.reduce((sum, row) => sum + row[index]!, 0);
    return {
      label,
      n,
      error: n === 0 ? 0 : (100 * (n - right)) / n,
      ...(n > 0 && { recall: (100 * right) / n }),
      ...(taken > 0 && { precision: (100 * right) / taken }),
    };
  });
  return { error: errorPercent(predicted, labels), n: labels.length, classes, confusion };
}

const shown = (percent: number | undefined): string => (percent === undefined ? '–' : showPercent(percent));

/** An evaluation as a table: a row for each true class, what it was taken for, its recall and its precision. */
export function showEvaluation({ classes, confusion }: Evaluation): string {
  const names = classes.map(({ label }) => label);
  const cells = (row: readonly number[]) => row.map((each) => (each === 0 ? '·' : String(each)));
  return table([
    ['truth', ...names, 'rows', 'recall', 'precision'],
    ...classes.map(({ label, n, recall, precision }, index) => [
      label,
      ...cells(confusion[index]!),
      String(n),
      shown(recall),
      shown(precision),
    ]),
  ]);
}
