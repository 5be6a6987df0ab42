import { chiSquareHomogeneity } from './chi-square.ts';
import type { ColumnSample, HistogramPair } from './drift.ts';
import { binEdges, binShares, countBeyond } from './histogram.ts';
import { kolmogorovSmirnov, sortedPresent } from './kolmogorov-smirnov.ts';

/** A border between bins: values up to and with `at`, or, if `before`, only those under it. */
interface Cut {
  readonly at: number;
  readonly before: boolean;
}

/** The nine deciles; one that fills more than a tenth of the rows gets a bin of its own. */
function decileCuts(sorted: Float64Array): Cut[] {
  const deciles = Array.from({ length: 9 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / 10)]!);
  return [...new Set(deciles)].flatMap((at) => {
    const filled = deciles.indexOf(at) !== deciles.lastIndexOf(at);
    return filled
      ? [
          { at, before: true },
          { at, before: false },
        ]
      : [{ at, before: false }];
  });
}

const passes = (value: number, { at, before }: Cut): boolean => (before ? value >= at : value > at);

/** Shares of all rows in the bins between `cuts`, and, last, of the missing ones. */
function sharesBetween(
  present: Float64Array,
  { missing, rows }: ColumnSample,
  cuts: readonly Cut[],
): number[] {
  const counts = new Array<number>(cuts.length + 1).fill(0);
  for (const value of present) counts[cuts.filter((cut) => passes(value, cut)).length]!++;
  return [...counts, missing].map((count) => count / rows);
}

function histograms(reference: Float64Array, fresh: Float64Array): HistogramPair | undefined {
  const edges = binEdges([reference, fresh]);
  if (!edges.length) return undefined;
  const beyond = (values: Float64Array) => (values.length ? countBeyond(values, edges) / values.length : 0);
  return {
    kind: 'number',
    edges,
    reference: binShares(reference, edges),
    fresh: binShares(fresh, edges),
    beyond: { reference: beyond(reference), fresh: beyond(fresh) },
  };
}

/** Bonferroni's bound on the smallest of several p-values. */
const stronger = (pValues: readonly number[]): number =>
  pValues.length ? Math.min(1, pValues.length * Math.min(...pValues)) : 1;

const present = (sample: ColumnSample): number => sample.rows - sample.missing;

/** Distance, p-value, stability index and picture of a column of numbers. */
export function compareNumbers(reference: ColumnSample, fresh: ColumnSample) {
  const [before, after] = [sortedPresent(reference.numbers ?? []), sortedPresent(fresh.numbers ?? [])];
  const values = before.length && after.length ? kolmogorovSmirnov(before, after) : undefined;
  const missingness = chiSquareHomogeneity(
    [reference.missing, present(reference)],
    [fresh.missing, present(fresh)],
  );
  const tested = [...(values ? [values.pValue] : []), ...(missingness.degrees ? [missingness.pValue] : [])];
  const cuts = before.length ? decileCuts(before) : [];
  const picture = histograms(before, after);
  return {
    ...(values && { distance: values.statistic }),
    pValue: stronger(tested),
    shares: [sharesBetween(before, reference, cuts), sharesBetween(after, fresh, cuts)] as const,
    ...(picture && { picture }),
  };
}
