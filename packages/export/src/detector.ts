import {
  add,
  and,
  concat,
  constant,
  div,
  gather,
  gemm,
  type LeafValue,
  less,
  matmul,
  max,
  mul,
  neg,
  parameter,
  reciprocal,
  slice,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  topK,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';
import { featuresIn, incidence, type Layout } from '@semivae/model';

/** What a trained model makes of encoded rows: its latent mean [rows, latent], and what it leaves unexplained [rows, features]. */
export interface Coded {
  readonly mean: Value;
  readonly residual: Value;
}

/** A level's share is taken to lie between these: one never seen is a great surprise, but not an endless one. */
const LEAST_SHARE = 1e-4;
const MOST_SHARE = 0.999;

/** √(−log share) of a level, so that two levels lie apart by the sum of their surprises; 1 for any other feature. */
function spreadOf({ columns, features }: Layout): Value {
  const of = features.map(({ column, part }) => {
    const own = columns[column]!;
    if (own.kind !== 'categorical') return 1;
    return Math.sqrt(-Math.log(Math.min(MOST_SHARE, Math.max(LEAST_SHARE, own.shares[part]!))));
  });
  return constant(Float32Array.from(of), [of.length]);
}

/** Where a row stands among others: [features, latent mean, residual]. */
export const coordinates = (layout: Layout, x: Value, { mean, residual }: Coded): Value =>
  concat([mul(featuresIn(layout, x), spreadOf(layout)), mean, residual], -1);

/** Rows that others are compared with, by their coordinates. */
export interface Reference {
  readonly rows: LeafValue<'parameter'>;
  /** Half their squared length. */
  readonly halfSquares: LeafValue<'parameter'>;
}

/** Known anomalies, and the score of an ordinary row, by which the distance to them is measured. */
export interface Anomalies extends Reference {
  readonly unit: LeafValue<'parameter'>;
}

const ZERO = { kind: 'constant', value: 0 } as const;
export const rowsName = (name: string): string => `${name}/rows`;
export const halfSquaresName = (name: string): string => `${name}/half squares`;
export const UNIT = 'anomalies/unit';

export const referenceOf = (name: string, rows: number, size: number): Reference => ({
  rows: parameter(rowsName(name), [rows, size], ZERO),
  halfSquares: parameter(halfSquaresName(name), [rows], ZERO),
});

export const anomaliesOf = (name: string, rows: number, size: number): Anomalies => ({
  ...referenceOf(name, rows, size),
  unit: parameter(UNIT, [], ZERO),
});

/** Weights of the nearest, the second nearest … distance. */
export const NEAREST_WEIGHTS = [0.5, 0.25, 0.12, 0.08, 0.05] as const;
const TINY = 1e-6;

/** How strange rows are, and what each column adds to that: [rows] and [rows, columns]. */
export interface Strangeness {
  readonly score: Value;
  readonly contributions: Value;
}

/** The latent belongs to no column: its part is shared out as the columns' own parts are. */
function sharedOut(parts: Value, layout: Layout, latent: number): Value {
  const features = layout.features.length;
  const own = add(slice(parts, -1, 0, features), slice(parts, -1, features + latent, 2 * features + latent));
  const byColumn = matmul(own, incidence(layout));
  const rest = sum(slice(parts, -1, features, features + latent), [-1], { keep: true });
  const even = add(byColumn, TINY);
  return add(byColumn, mul(rest, div(even, sum(even, [-1], { keep: true }))));
}

/** u·r − ½|r|² for every reference row r: it lacks −½|u|² to be −½|u − r|². */
const closeness = (place: Value, { rows, halfSquares }: Reference): Value =>
  gemm(place, rows, { transB: true, c: neg(halfSquares) });

/**
 * Rows count as equal where their cells, in units of a column's spread, differ by no more than EQUAL_CELLS, and all that
 * hangs on them, latent and residuals, by no more than EQUAL_REST. Between hosts cells do not differ at all, the latent by
 * 1e-6, and a residual, the root of a difference of log-densities, by up to 3e-4 (counts in the thousands).
 */
const EQUAL_CELLS = 1e-5;
const EQUAL_REST = 0.03;

/** How far places lie from reference rows: the squared difference of each coordinate, and the distance, exactly 0 of equal rows. */
interface Apart {
  /** [rows, nearest, coordinates]. */
  readonly squares: Value;
  /** [rows, nearest, 1]. */
  readonly distance: Value;
  /** Whether the rows are equal: [rows, nearest, 1]. */
  readonly equals: Value;
}

/** [coordinates, 2]: by a product with squared differences, their sum, and their sum over the cells alone. */
function sums(features: number, size: number): Value {
  const of = Float32Array.from({ length: 2 * size }, (_, i) => Number(i % 2 === 0 || i < 2 * features));
  return constant(of, [size, 2]);
}

function apartFrom(cellFeatures: number, place: Value, { rows }: Reference, indices: Value): Apart {
  const squares = square(sub(unsqueeze(place, -2), gather(rows, indices)));
  const both = matmul(squares, sums(cellFeatures, rows.shape[1] as number));
  const [all, cells] = [slice(both, -1, 0, 1), slice(both, -1, 1, 2)];
  const equals = and(less(cells, EQUAL_CELLS ** 2), less(all, EQUAL_REST ** 2));
  return { squares, equals, distance: where(equals, 0, sqrt(all)) };
}

/**
 * Σ wᵢ dᵢ over the Euclidean distances to the nearest reference rows, [rows], and each coordinate's part of it [rows,
 * coordinates]: its squared differences over the distances, so that the parts add up. The first coordinates, `cellFeatures`
 * of them, are of the raw row alone. `skip` leaves out so many of the nearest: a reference row is the nearest to itself.
 */
export function nearestParts(
  cellFeatures: number,
  place: Value,
  reference: Reference,
  skip = 0,
): { readonly score: Value; readonly parts: Value } {
  const [rows] = reference.rows.shape as readonly [number, number];
  const weights = NEAREST_WEIGHTS.slice(0, rows - skip);
  const nearest = topK(closeness(place, reference), weights.length + skip).indices;
  const indices = slice(nearest, -1, skip, weights.length + skip);
  const { squares, distance, equals } = apartFrom(cellFeatures, place, reference, indices);
  const weight = constant(Float32Array.from(weights), [weights.length, 1]);
  const share = where(equals, 0, div(weight, max(distance, TINY)));
  return {
    score: squeeze(matmul(squeeze(distance, -1), weight), -1),
    parts: squeeze(matmul(transpose(share), squares), -2),
  };
}

/** The distance to the nearest reference rows, by column. */
export function neighbourStrangeness(
  layout: Layout,
  place: Value,
  reference: Reference,
  latent: number,
  skip = 0,
): Strangeness {
  const { score, parts } = nearestParts(layout.features.length, place, reference, skip);
  return { score, contributions: sharedOut(parts, layout, latent) };
}

/** 1/√(1 + d/unit), d being the distance to the nearest known anomaly. */
function relief(layout: Layout, place: Value, anomalies: Anomalies): Value {
  const { indices } = topK(closeness(place, anomalies), 1);
  const { distance } = apartFrom(layout.features.length, place, anomalies, indices);
  return reciprocal(sqrt(add(div(squeeze(squeeze(distance, -1), -1), anomalies.unit), 1)));
}

/** A score that falls with the distance to known anomalies; every column's part falls alike. */
export function besideAnomalies(
  layout: Layout,
  { score, contributions }: Strangeness,
  place: Value,
  anomalies: Anomalies,
): Strangeness {
  const factor = relief(layout, place, anomalies);
  return { score: mul(score, factor), contributions: mul(contributions, unsqueeze(factor, -1)) };
}

/** −log p(x) by column: each cell's own part, and the rest of the bound spread evenly. */
export function boundStrangeness(layout: Layout, nll: Value, cells: Value): Strangeness {
  const own = neg(cells);
  const rest = sub(unsqueeze(nll, -1), sum(own, [-1], { keep: true }));
  return { score: nll, contributions: add(own, div(rest, layout.columns.length)) };
}
