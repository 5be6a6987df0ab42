import { logGamma } from './log-gamma.ts';

const MOST_TERMS = 10_000;
const PRECISE = 1e-15;

/** P(a, x) = xᵃ e⁻ˣ / Γ(a + 1) · Σₙ xⁿ / ((a + 1) … (a + n)), for x < a + 1. */
function lowerBySeries(a: number, x: number): number {
  let [term, sum] = [1, 1];
  for (let n = 1; n < MOST_TERMS && term > sum * PRECISE; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a + 1));
}

/** Q(a, x) by its continued fraction (Lentz's method), for x ≥ a + 1. */
function upperByFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    b += 2;
    d = 1 / (n * (a - n) * d + b);
    c = b + (n * (a - n)) / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < PRECISE) break;
  }
  return fraction * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/** P(χ² > statistic) with `degrees` of freedom: the regularised upper incomplete gamma function Q(k/2, χ²/2). */
export function chiSquareSurvival(statistic: number, degrees: number): number {
  const [a, x] = [degrees / 2, statistic / 2];
  if (degrees < 1 || x <= 0) return 1;
  return x < a + 1 ? 1 - lowerBySeries(a, x) : upperByFraction(a, x);
}

/** A chi-square statistic, its degrees of freedom, and how likely chance alone makes one as large. */
export interface ChiSquare {
  readonly statistic: number;
  readonly degrees: number;
  readonly pValue: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Pearson's test that two samples, counted over the same levels, have one distribution. Levels that nobody has are
 * left out. Counts should be pooled beforehand so that few expected ones are under 5.
 */
export function chiSquareHomogeneity(a: readonly number[], b: readonly number[]): ChiSquare {
  const [rowsOfA, rowsOfB] = [sum(a), sum(b)];
  const levels = a.map((count, level) => [count, b[level]!] as const).filter(([x, y]) => x + y > 0);
  const degrees = rowsOfA && rowsOfB ? levels.length - 1 : 0;
  if (degrees < 1) return { statistic: 0, degrees: 0, pValue: 1 };
  const gaps = levels.map(([x, y]) => {
    const expected = ((x + y) * rowsOfA) / (rowsOfA + rowsOfB);
    const expectedOfB = x + y - expected;
    return (x - expected) ** 2 / expected + (y - expectedOfB) ** 2 / expectedOfB;
  });
  return { statistic: sum(gaps), degrees, pValue: chiSquareSurvival(sum(gaps), degrees) };
}
