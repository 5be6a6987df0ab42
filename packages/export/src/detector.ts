import {
  add,
  concat,
  constant,
  div,
  gather,
  type LeafValue,
  matmul,
  max,
  mul,
  neg,
  parameter,
  slice,
  sqrt,
  square,
  sub,
  sum,
  topK,
  transpose,
  unsqueeze,
  type Value,
} from '@semivae/graph';
import { featuresIn, incidence, type Layout } from '@semivae/model';

/** What a trained model makes of encoded rows: its latent mean [rows, latent], and what it leaves unexplained [rows, features]. */
export interface Coded {
  readonly mean: Value;
  readonly residual: Value;
}

/** Where a row stands among others: [features, latent mean, residual]. */
export const coordinates = (layout: Layout, x: Value, { mean, residual }: Coded): Value =>
  concat([featuresIn(layout, x), mean, residual], -1);

/** The rows that others are compared with, by their coordinates. */
export interface Reference {
  readonly rows: LeafValue<'parameter'>;
  /** Half their squared length. */
  readonly halfSquares: LeafValue<'parameter'>;
}

export const REFERENCE = 'reference/rows';
export const REFERENCE_SQUARES = 'reference/half squares';

const ZERO = { kind: 'constant', value: 0 } as const;

export const referenceOf = (rows: number, size: number): Reference => ({
  rows: parameter(REFERENCE, [rows, size], ZERO),
  halfSquares: parameter(REFERENCE_SQUARES, [rows], ZERO),
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

/**
 * Σ wᵢ dᵢ over the Euclidean distances to the nearest reference rows. A feature's part of a distance is its squared
 * difference over the distance, so that the parts add up to it.
 */
export function neighbourStrangeness(
  layout: Layout,
  place: Value,
  reference: Reference,
  latent: number,
): Strangeness {
  const [rows] = reference.rows.shape as readonly number[];
  const weights = NEAREST_WEIGHTS.slice(0, rows);
  // ½|u − r|² = ½|u|² − u·r + ½|r|², of which the first is the same for all r
  const closeness = sub(matmul(place, transpose(reference.rows)), reference.halfSquares);
  const { indices } = topK(closeness, weights.length);
  const squares = square(sub(unsqueeze(place, -2), gather(reference.rows, indices)));
  const distances = sqrt(sum(squares, [-1], { keep: true }));
  const weight = constant(Float32Array.from(weights), [weights.length, 1]);
  const parts = sum(mul(squares, div(weight, max(distances, TINY))), [-2]);
  return {
    score: sum(mul(distances, weight), [-2, -1]),
    contributions: sharedOut(parts, layout, latent),
  };
}

/** −log p(x) by column: each cell's own part, and the rest of the bound spread evenly. */
export function boundStrangeness(layout: Layout, nll: Value, cells: Value): Strangeness {
  const own = neg(cells);
  const rest = sub(unsqueeze(nll, -1), sum(own, [-1], { keep: true }));
  return { score: nll, contributions: add(own, div(rest, layout.columns.length)) };
}
