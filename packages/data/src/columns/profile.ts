/** What a column of numbers looks like; missing cells (NaN) are left out. */
export interface NumberProfile {
  readonly rows: number;
  readonly missing: number;
  readonly mean: number;
  readonly deviation: number;
  readonly skewness: number;
  /** Excess over the normal's. */
  readonly kurtosis: number;
  /** Present cells in ascending order. */
  readonly sorted: Float64Array;
  /** Distinct values in ascending order, with how often each occurs. */
  readonly values: Float64Array;
  readonly counts: Float64Array;
  readonly whole: boolean;
}

function distinct(sorted: Float64Array): Pick<NumberProfile, 'values' | 'counts'> {
  const starts = sorted.reduce<number[]>((found, each, i) => {
    if (i === 0 || each !== sorted[i - 1]) found.push(i);
    return found;
  }, []);
  return {
    values: Float64Array.from(starts, (start) => sorted[start]!),
    counts: Float64Array.from(starts, (start, i) => (starts[i + 1] ?? sorted.length) - start),
  };
}

/** A power of two near the largest number: divided by it, none overflows when it is raised, nor do all vanish. */
function unitOf(values: Float64Array): number {
  const largest = values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  return largest > 0 ? 2 ** Math.min(1023, Math.floor(Math.log2(largest))) : 1;
}

/** Mean, deviation, skewness and excess kurtosis. */
export function moments(
  values: Float64Array,
): Pick<NumberProfile, 'mean' | 'deviation' | 'skewness' | 'kurtosis'> {
  const unit = unitOf(values);
  const { mean, deviation, ...shape } = momentsOf(values.map((each) => each / unit));
  return { mean: mean * unit, deviation: deviation * unit, ...shape };
}

function momentsOf(values: Float64Array): ReturnType<typeof moments> {
  const n = Math.max(1, values.length);
  const mean = values.reduce((sum, each) => sum + each, 0) / n;
  const central = (power: number) => values.reduce((sum, each) => sum + (each - mean) ** power, 0) / n;
  const deviation = Math.sqrt(central(2));
  if (!(deviation > 0)) return { mean, deviation: 0, skewness: 0, kurtosis: 0 };
  return {
    mean,
    deviation,
    skewness: central(3) / deviation ** 3,
    kurtosis: central(4) / deviation ** 4 - 3,
  };
}

/** The profile of some cells. */
export function profileNumbers(cells: Float64Array): NumberProfile {
  const sorted = cells.filter((each) => !Number.isNaN(each)).sort();
  return {
    rows: cells.length,
    missing: cells.length - sorted.length,
    ...moments(sorted),
    sorted,
    ...distinct(sorted),
    whole: sorted.every((each) => Number.isSafeInteger(each)),
  };
}

/** What a column of texts looks like; missing cells (empty) are left out. */
export interface TextProfile {
  readonly rows: number;
  readonly missing: number;
  /** Levels and how often each occurs, the most frequent first, equals in alphabetical order. */
  readonly levels: readonly (readonly [string, number])[];
}

const byCount = ([a, m]: readonly [string, number], [b, n]: readonly [string, number]): number =>
  n - m || (a < b ? -1 : 1);

export function profileTexts(cells: readonly string[]): TextProfile {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const missing = counts.get('') ?? 0;
  counts.delete('');
  return { rows: cells.length, missing, levels: [...counts].sort(byCount) };
}
