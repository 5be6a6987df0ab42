import type { MeanAndDeviation } from '@semivae/statistics';
import { compareBy, figureWords, showSpread, spreadOf } from './sweep-figures.ts';
import type { Result } from './sweep-folder.ts';
import { type Fields, keyOf, type Setting, shortName, showValue } from './sweep-settings.ts';
import { showMinutes, table } from './table.ts';

/** What the seeds of one setting say together. */
export interface Summary {
  readonly fields: Fields;
  readonly seeds: readonly number[];
  /** Folders of its runs, in that of the sweep, in the order of the seeds. */
  readonly runs: readonly string[];
  /** What one training took, in the mean. */
  readonly minutes: number;
  readonly figures: Readonly<Record<string, MeanAndDeviation>>;
}

function summaryOf({ fields }: Setting, results: readonly Result[]): Summary {
  const own = results
    .filter((each) => keyOf(each.fields) === keyOf(fields))
    .toSorted((a, b) => a.seed - b.seed);
  const { minutes, step, epoch, ...figures } = spreadOf(own.map(({ metrics }) => metrics));
  return {
    fields,
    seeds: own.map(({ seed }) => seed),
    runs: own.map(({ run }) => run),
    minutes: own.reduce((sum, each) => sum + each.minutes, 0) / Math.max(1, own.length),
    figures,
  };
}

/** Settings with all that their results say, the best by a figure first. */
export function summariesOf(
  settings: readonly Setting[],
  results: readonly Result[],
  by: string,
): readonly Summary[] {
  const better = compareBy(by);
  return settings
    .map((setting) => summaryOf(setting, results))
    .toSorted((a, b) => better(a.figures[by], b.figures[by]));
}

/** Columns of figures: what the rows are ordered by, then the errors that are told. */
const shownFigures = (summaries: readonly Summary[], by: string): string[] =>
  [by, 'validationError', 'testError'].filter(
    (name, at, all) => all.indexOf(name) === at && summaries.some(({ figures }) => figures[name]),
  );

/** A row for each setting: its fields, figures, seeds and minutes. */
export function showSummaries(summaries: readonly Summary[], by: string): string {
  const paths = Object.keys(summaries[0]?.fields ?? {});
  const figures = shownFigures(summaries, by);
  const head = [...paths.map((path) => shortName(path, paths)), ...figures.map(figureWords), 'seeds', 'time'];
  const rows = summaries.map((each) => [
    ...paths.map((path) => showValue(each.fields[path])),
    ...figures.map((name) => showSpread(name, each.figures[name])),
    String(each.seeds.length),
    each.seeds.length > 0 ? showMinutes(each.minutes) : '–',
  ]);
  return table([head, ...rows]);
}
