/** What a column holds in one data set. */
export interface ColumnSample {
  readonly name: string;
  readonly kind: 'number' | 'level';
  /** The values of a `number` column, NaN where missing. */
  readonly numbers?: Float64Array;
  /** How many rows have each level of a `level` column; missing ones are not a level. */
  readonly levels?: Readonly<Record<string, number>>;
  /** Rows without a value. */
  readonly missing: number;
  /** All rows. */
  readonly rows: number;
}

export type Verdict = 'none' | 'slight' | 'strong';

/** A share in [0, 1] of the reference rows, and of the new rows. */
export interface Shares {
  readonly reference: number;
  readonly fresh: number;
}

/** Shares of the values that are there, over bins of equal width; the end bins also hold what lies beyond. */
export interface HistogramPair {
  readonly kind: 'number';
  /** One more than there are bins. */
  readonly edges: readonly number[];
  readonly reference: readonly number[];
  readonly fresh: readonly number[];
  /** Shares of the values that lie beyond the edges. */
  readonly beyond: Shares;
}

/** Shares of all rows that have a level, the largest first. */
export interface LevelPair {
  readonly kind: 'level';
  readonly levels: readonly (Shares & { readonly level: string })[];
  /** Further levels, and their shares together. */
  readonly others?: Shares & { readonly count: number };
}

/** How one column of the new data differs from the reference. */
export interface DriftColumn {
  readonly name: string;
  readonly kind: 'number' | 'level';
  readonly verdict: Verdict;
  /** Why the column cannot be compared: it is not in the new data, or holds another kind of value there. */
  readonly problem?: 'absent' | 'kind';
  /**
   * In [0, 1]. Of numbers: the Kolmogorov–Smirnov statistic. Of levels: the share of rows that would have to change
   * level (total variation). Absent where either side has no value.
   */
  readonly distance?: number;
  /** Of Kolmogorov–Smirnov or chi-square; with missing values, of the stronger of value and missingness, doubled. */
  readonly pValue?: number;
  /** Adjusted for the number of columns (Benjamini–Hochberg). */
  readonly adjustedPValue?: number;
  /** Population stability index over deciles or levels; missing, rare levels and unseen levels are bins too. */
  readonly populationStability?: number;
  readonly missing: Shares;
  /** Levels that the reference does not have, the most frequent first, and the share of new rows that have one. */
  readonly unseen?: { readonly levels: readonly string[]; readonly share: number };
  readonly picture?: HistogramPair | LevelPair;
}

/** How new data differ from the data that a model knows: plain data, all there is to know for `driftPage`. */
export interface DriftReport {
  /** The bundle's name. */
  readonly name?: string;
  /** Where the new data come from, as the reader knows it. */
  readonly data?: string;
  readonly referenceRows: number;
  readonly freshRows: number;
  /** The gravest verdict of all columns. */
  readonly verdict: Verdict;
  /** The gravest first. */
  readonly columns: readonly DriftColumn[];
  /** Columns of the new data that the reference does not have; nothing is said of them. */
  readonly extraColumns: readonly string[];
  /** The same comparison for the anomaly score (`compareColumn`). */
  readonly score?: DriftColumn;
}

/**
 * From where on drift is called slight or strong: the adjusted p-value must be under `significance`, and the
 * population stability index, the distance or the change of the missing share must reach its limit.
 */
export const DRIFT_LIMITS = {
  significance: 0.05,
  slight: { populationStability: 0.1, distance: 0.1, missing: 0.05 },
  strong: { populationStability: 0.25, distance: 0.2, missing: 0.2 },
} as const;
