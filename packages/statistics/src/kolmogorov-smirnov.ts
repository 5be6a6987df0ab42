import { SemivaeError } from '@semivae/runtime/core';

/** Largest distance between two empirical distribution functions, and how likely chance alone makes it. */
export interface KolmogorovSmirnov {
  readonly statistic: number;
  readonly pValue: number;
}

const TERMS = 101;

/** P(K > λ) of Kolmogorov's distribution; below λ = 1 by the series in 1/λ², which converges there. */
function kolmogorovSurvival(lambda: number): number {
  if (lambda <= 0) return 1;
  let sum = 0;
  if (lambda < 1) {
    for (let j = 1; j < TERMS; j += 2) sum += Math.exp(-((j * Math.PI) ** 2) / (8 * lambda ** 2));
    return 1 - (Math.sqrt(2 * Math.PI) / lambda) * sum;
  }
  for (let j = 1; j < TERMS; j++) sum += (j % 2 ? 2 : -2) * Math.exp(-2 * (j * lambda) ** 2);
  return sum;
}

function largestGap(a: Float64Array, b: Float64Array): number {
  let [i, j, gap] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i]!, b[j]!);
    while (a[i] === at) i++;
    while (b[j] === at) j++;
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length));
  }
  return gap;
}

/** `values` in rising order without NaN. */
export const sortedPresent = (values: ArrayLike<number>): Float64Array =>
  Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();

/**
 * Two-sample Kolmogorov–Smirnov test; NaN is left out, ties are compared after the last of them. The p-value is
 * asymptotic with Stephens' (1970) small-sample correction, and errs to the high side where many values are tied.
 * Throws SemivaeError where a sample has no value.
 */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): KolmogorovSmirnov {
  const [left, right] = [sortedPresent(a), sortedPresent(b)];
  if (!left.length || !right.length) {
    const place = left.length ? 'second sample' : 'first sample';
    throw new SemivaeError('SAMPLE_EMPTY', place, 'it has no value', 'Compare samples with a value each.');
  }
  const statistic = largestGap(left, right);
  const root = Math.sqrt((left.length * right.length) / (left.length + right.length));
  return { statistic, pValue: kolmogorovSurvival((root + 0.12 + 0.11 / root) * statistic) };
}
