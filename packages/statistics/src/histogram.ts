import { sortedPresent } from './kolmogorov-smirnov.ts';

const FEWEST = 8;
const MOST = 30;
const TRIMMED = 0.01;

const atShare = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

/** The range that holds the values but for far outliers: a fifth of its width beyond the middle 98 % at most. */
function range(sorted: Float64Array): readonly [number, number] {
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const [first, last] = [atShare(sorted, TRIMMED), atShare(sorted, 1 - TRIMMED)];
  const margin = (last - first) / 5;
  const shown = margin > 0 ? [Math.max(low, first - margin), Math.min(high, last + margin)] : [low, high];
  return shown[0] === shown[1] ? [shown[0]! - 0.5, shown[0]! + 0.5] : [shown[0]!, shown[1]!];
}

/**
 * Edges of equal bins (Rice's rule, 8 to 30) that suit all samples together and reach `include`; none without a
 * finite value. Far outliers stay outside: `binShares` counts them in the first and the last bin.
 */
export function binEdges(samples: readonly ArrayLike<number>[], include?: number): number[] {
  const pooled = sortedPresent(samples.flatMap((sample) => Array.from(sample))).filter(Number.isFinite);
  if (!pooled.length) return [];
  const [low, high] = range(pooled);
  const [from, to] = include === undefined ? [low, high] : [Math.min(low, include), Math.max(high, include)];
  const bins = Math.max(FEWEST, Math.min(MOST, Math.ceil(2 * Math.cbrt(pooled.length))));
  return Array.from({ length: bins + 1 }, (_, i) => (i < bins ? from + ((to - from) * i) / bins : to));
}

/** The share of `values` in each bin; what lies beyond the edges counts in the first and the last, NaN nowhere. */
export function binShares(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const [low, width] = [edges[0]!, edges[1]! - edges[0]!];
  const present = Array.from(values).filter((value) => !Number.isNaN(value));
  for (const value of present) counts[binOf((value - low) / width, counts.length)]!++;
  return counts.map((count) => (present.length ? count / present.length : 0));
}

const binOf = (position: number, bins: number): number =>
  Math.max(0, Math.min(bins - 1, Math.floor(position)));

/** How many of `values` lie beyond the edges. */
export const countBeyond = (values: ArrayLike<number>, edges: readonly number[]): number =>
  Array.from(values).filter((value) => value < edges[0]! || value > edges.at(-1)!).length;
