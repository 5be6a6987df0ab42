/** What repeated measurements of one quantity say of it. */
export interface MeanAndDeviation {
  readonly mean: number;
  /** Of a sample, √(Σ (xᵢ − mean)² / (n − 1)); absent for a single measurement. */
  readonly deviation?: number;
  readonly n: number;
}

/** Mean and standard deviation of a sample; undefined where it is empty. */
export function meanAndDeviation(sample: readonly number[]): MeanAndDeviation | undefined {
  const n = sample.length;
  if (n === 0) return undefined;
  const mean = sample.reduce((sum, each) => sum + each, 0) / n;
  if (n === 1) return { mean, n };
  const squares = sample.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (n - 1)), n };
}
