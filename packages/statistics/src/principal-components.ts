import { SemivaeError } from '@semivae/runtime/core';
import { covariance, EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Rows seen along their directions of largest variance. */
export interface PrincipalComponents {
  /** A row's coordinates, as many as were asked for, about the mean row. */
  readonly points: readonly (readonly number[])[];
  /** The share of the total variance along each direction. */
  readonly explained: readonly number[];
  /** The unit directions, each with its largest entry positive. */
  readonly directions: readonly (readonly number[])[];
}

function checkRows(rows: readonly ArrayLike<number>[], count: number): void {
  const width = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0) {
    const problem = `${rows[odd]!.length} numbers, where the first row has ${width}`;
    throw new SemivaeError('ROWS_RAGGED', `row ${odd}`, problem, 'Give rows of one length.');
  }
  if (rows.length < 2 || width < count) {
    const problem = `${rows.length} rows of ${width} have no ${count} principal components`;
    throw new SemivaeError('ROWS_FEW', 'rows', problem, `Give two rows or more of ${count} numbers or more.`);
  }
}

const largest = (vector: readonly number[]): number =>
  vector.reduce((most, entry) => (Math.abs(entry) > Math.abs(most) ? entry : most), 0);

const upright = (vector: readonly number[]): number[] =>
  largest(vector) < 0 ? vector.map((entry) => -entry) : [...vector];

/** The first `count` principal components of `rows`. Throws SemivaeError where rows are too few or not of one length. */
export function principalComponents(rows: readonly ArrayLike<number>[], count: number): PrincipalComponents {
  checkRows(rows, count);
  const centred = new Matrix(rows.map((row) => Array.from(row))).center('column');
  const { realEigenvalues: variances, eigenvectorMatrix } = new EigenvalueDecomposition(covariance(centred), {
    assumeSymmetric: true,
  });
  const order = variances.map((_, i) => i).sort((a, b) => variances[b]! - variances[a]!);
  const kept = order.slice(0, count);
  const total = variances.reduce((sum, variance) => sum + variance, 0);
  const directions = kept.map((i) => upright(eigenvectorMatrix.getColumn(i)));
  return {
    points: centred.mmul(new Matrix(directions).transpose()).to2DArray(),
    explained: kept.map((i) => (total > 0 ? Math.max(0, variances[i]!) / total : 0)),
    directions,
  };
}
