import { errorPercent } from '@semivae/train/node';
import { showPercent, table } from './table.ts';

/** How often each class was taken for each: `confusion[truth][answer]`. */
export interface Evaluation {
  /** Percent of rows whose answer is not their label. */
  readonly error: number;
  readonly n: number;
  readonly classes: readonly { readonly label: string; readonly n: number; readonly error: number }[];
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
    return { label, n, error: n === 0 ? 0 : (100 * (n - confusion[index]![index]!)) / n };
  });
  return { error: errorPercent(predicted, labels), n: labels.length, classes, confusion };
}

/** An evaluation as a table: a row for each true class, what it was taken for, its error. */
export function showEvaluation({ classes, confusion }: Evaluation): string {
  const names = classes.map(({ label }) => label);
  const cells = (row: readonly number[]) => row.map((each) => (each === 0 ? '·' : String(each)));
  return table([
    ['truth', ...names, 'rows', 'error'],
    ...classes.map(({ label, n, error }, index) => [
      label,
      ...cells(confusion[index]!),
      String(n),
      showPercent(error),
    ]),
  ]);
}
