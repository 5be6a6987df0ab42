import type { Rows, TrainingSet } from '@semivae/data';
import { type Recipe, RecipeError } from '@semivae/recipe';
import type { RunInfo } from './run-info.ts';

/** Figures of an epoch, by name. */
export type Figures = Readonly<Record<string, number>>;

/** Whether a figure on the validation rows decides anything: which epoch ships, or when training stops. */
export const isMonitored = ({ keep, patience }: Recipe): boolean => keep === 'best' || patience !== undefined;

/** Whether the bound on the validation rows is told at every epoch, because something is decided by it. */
export const goesByBound = (recipe: Recipe): boolean => isMonitored(recipe) && recipe.monitor === 'bound';

/** Higher is better: the bound on the validation rows, or their error's negative; undefined where it is not told, or no finite number. */
function meritOf({ monitor }: Recipe, { validationBound, validationError }: Figures): number | undefined {
  const figure = monitor === 'error' ? validationError : validationBound;
  // what is no number is null once it has been written
  if (!Number.isFinite(figure)) return undefined;
  return monitor === 'error' ? -figure! : figure;
}

/** Which of a run's epochs, told in order, is the first with the best figure on the validation rows; −1 where none has one. */
export function bestEpoch(recipe: Recipe, epochs: readonly Figures[]): number {
  let [best, found] = [-Infinity, -1];
  epochs.forEach((figures, index) => {
    const merit = meritOf(recipe, figures);
    if (merit === undefined || !(merit > best)) return;
    [best, found] = [merit, index];
  });
  return found;
}

/** Which of a run's epochs, told in order, ships: the best where that is kept and known, else the last. */
export function shippedEpoch(recipe: Recipe, epochs: readonly Figures[]): number {
  const best = recipe.keep === 'best' ? bestEpoch(recipe, epochs) : -1;
  return best === -1 ? epochs.length - 1 : best;
}

/** Whether as many epochs as the recipe's patience have come since the best one. */
export const hasStopped = (recipe: Recipe, epochs: readonly Figures[]): boolean =>
  recipe.patience !== undefined && epochs.length - 1 - bestEpoch(recipe, epochs) >= recipe.patience;

/** Whether a run has trained all that it will: every epoch, or until its patience ended. */
export const isFinished = ({ recipe }: Pick<RunInfo, 'recipe'>, lines: readonly Figures[]): boolean =>
  lines.at(-1)?.epoch === recipe.epochs || hasStopped(recipe, lines);

/**
 * Throws where a recipe stops or chooses by a figure that it cannot have: `VALIDATION_NEEDED` without rows held out,
 * `MONITOR_NO_LABELS` for the error of rows or a model without classes, `MONITOR_NO_BOUND` for a classifier alone.
 */
export function checkMonitored(
  recipe: Recipe,
  { labels }: Pick<TrainingSet, 'labels'>,
  { validation }: Pick<Rows, 'validation'>,
): void {
  const place = (field: string) => `recipe ${recipe.name}, ${field}`;
  if (recipe.patience !== undefined && validation.length === 0)
    throw new RecipeError(
      'VALIDATION_NEEDED',
      place('patience'),
      'no rows are held out to stop by',
      'Set data.validation, to 0.1 for a tenth of the rows, or leave patience out.',
    );
  if (recipe.keep === 'best' && validation.length === 0)
    throw new RecipeError(
      'VALIDATION_NEEDED',
      place('keep'),
      'no rows are held out to tell the best epoch by',
      'Set data.validation, to 0.1 for a tenth of the rows, or keep to last.',
    );
  if (!isMonitored(recipe)) return;
  const hasClasses = recipe.model.kind !== 'm1' && validation.some((row) => labels[row]! >= 0);
  if (recipe.monitor === 'error' && !hasClasses)
    throw new RecipeError(
      'MONITOR_NO_LABELS',
      place('monitor'),
      recipe.model.kind === 'm1' ? 'm1 has no classes to err in' : 'no held-out row has a label',
      'Set monitor to bound, or hold out rows with labels.',
    );
  if (recipe.monitor === 'bound' && recipe.objective.kind === 'supervised')
    throw new RecipeError(
      'MONITOR_NO_BOUND',
      place('monitor'),
      'a supervised baseline has a classifier alone, and so no bound',
      'Set monitor to error.',
    );
}
