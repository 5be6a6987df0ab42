import type { Recipe } from '@semivae/recipe';
import { checkClasses, chooseLabelled, validationSplit } from './split.ts';
import type { TrainingSet } from './training-set.ts';

/** The rows that a recipe trains on, and which of them keep their label; a pure function of recipe and seed. */
export interface Rows {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly labelled: Int32Array;
}

/** Draws the rows of a training. Throws the errors of `chooseLabelled` and `validationSplit`: `LABELS_ONE_CLASS`, …. */
export function chooseRows(
  { data }: Recipe,
  { rows, labels, classes, groups }: Pick<TrainingSet, 'rows' | 'labels' | 'classes' | 'groups'>,
  seed: number,
): Rows {
  const { train, validation } = validationSplit(rows, data.validation, seed, groups);
  if (data.labels === 0) return { train, validation, labelled: new Int32Array() };
  const known = train.filter((row) => labels[row]! >= 0);
  const all = data.labels === known.length;
  if (all) checkClasses(classes.length, known.length);
  const labelled = all ? known : chooseLabelled(labels, classes.length, data.labels, seed, train);
  return { train, validation, labelled };
}

/** How the classes share the rows whose labels are seen. */
export function labelShares(
  { labels, classes }: Pick<TrainingSet, 'labels' | 'classes'>,
  { labelled }: Pick<Rows, 'labelled'>,
): readonly number[] {
  const counts = classes.map(() => 0);
  for (const row of labelled) counts[labels[row]!]!++;
  return counts.map((rows) => rows / Math.max(1, labelled.length));
}
