import type { Recipe } from '@semivae/recipe';
import { type MeanAndDeviation, meanAndDeviation } from '@semivae/statistics';
import { goesByBound } from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import { showPercent } from './table.ts';

type Figures = Readonly<Record<string, number>>;

/** Figures of rows that neither training nor the last test sees: what may decide between settings. */
const OF_HELD_OUT = ['validationError', 'validationBound'] as const;

/** What a table is ordered by where nothing is said: the first of these that every run tells. */
const PREFERRED = [...OF_HELD_OUT, 'testError', 'loss'] as const;

const tells = (recipe: Recipe, figure: (typeof OF_HELD_OUT)[number]): boolean =>
  recipe.data.validation > 0 &&
  (figure === 'validationError' ? recipe.model.kind !== 'm1' : goesByBound(recipe));

/** Throws `SWEEP_UNDECIDED` where settings are to be compared, and nothing says by what, nor are rows held out for it. */
export function checkDecidable(recipes: readonly Recipe[], by: string | undefined): void {
  if (recipes.length < 2 || by !== undefined) return;
  if (OF_HELD_OUT.some((figure) => recipes.every((recipe) => tells(recipe, figure)))) return;
  const problem = 'no rows are held out to choose between settings, and a choice by test rows is none';
  const remedy =
    'Hold some out with --set data.validation=0.1 (without classes also --set keep=best), or name a figure with --by.';
  throw new CommandFailure('SWEEP_UNDECIDED', recipes[0]!.name, problem, remedy);
}

/** Whether a figure is of rows held out for a choice. */
export const isOfHeldOut = (figure: string): boolean => OF_HELD_OUT.some((each) => each === figure);

/** The figures that every one of some runs tells. */
const sharedFigures = (all: readonly Figures[]): string[] =>
  Object.keys(all[0] ?? {}).filter((name) => all.every((each) => typeof each[name] === 'number'));

/** What to order by: what is asked for, else what every run tells and says most. */
export function orderingFigure(all: readonly Figures[], by: string | undefined): string {
  const told = sharedFigures(all);
  return by ?? PREFERRED.find((each) => told.includes(each)) ?? 'loss';
}

/** Throws `SWEEP_FIGURE` where runs that tell these figures do not tell the one that is asked for. */
export function checkTold(told: readonly string[], by: string | undefined): void {
  if (by === undefined || told.includes(by)) return;
  const remedy = `Order by one of ${[...new Set(told)].join(', ')}; what is trained stays.`;
  throw new CommandFailure('SWEEP_FIGURE', `--by ${by}`, 'no run tells such a figure', remedy);
}

/** Each figure over the runs that tell it. */
export function spreadOf(all: readonly Figures[]): Readonly<Record<string, MeanAndDeviation>> {
  const names = [...new Set(all.flatMap((each) => Object.keys(each)))];
  const sample = (name: string) => all.map((each) => each[name]).filter((each) => typeof each === 'number');
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = meanAndDeviation(sample(name));
      return found ? [[name, found]] : [];
    }),
  );
}

const isHigherBetter = (figure: string): boolean => /bound|likelihood|accuracy/i.test(figure);

/** The better mean first; where there is none, last. */
export function compareBy(figure: string) {
  const worth = (mean = Number.NaN) =>
    Number.isNaN(mean) ? -Infinity : isHigherBetter(figure) ? mean : -mean;
  return (a: MeanAndDeviation | undefined, b: MeanAndDeviation | undefined): number => {
    const [first, second] = [worth(a?.mean), worth(b?.mean)];
    return first === second ? 0 : second > first ? 1 : -1;
  };
}

/** The name of a figure in words: `validation error`. */
export const figureWords = (figure: string): string =>
  figure.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const isPercent = (figure: string): boolean => /error$/i.test(figure);

/** A figure as people read it, errors in percent. */
export const showFigure = (figure: string, value: number): string =>
  isPercent(figure) ? showPercent(value) : value.toFixed(2);

/** `mean ± deviation`, without the latter where there is one run. */
export function showSpread(figure: string, spread: MeanAndDeviation | undefined): string {
  if (!spread) return '–';
  const { mean, deviation } = spread;
  const both = deviation === undefined ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${deviation.toFixed(2)}`;
  return isPercent(figure) ? `${both} %` : both;
}
