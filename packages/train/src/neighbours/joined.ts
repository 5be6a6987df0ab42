import type { Nearest } from './nearest.ts';

/**
 * A symmetric graph of rows, row after row: `columns[starts[i]] … columns[starts[i + 1] − 1]` are those that row i is joined
 * with, by these weights.
 */
export interface Joined {
  readonly rows: number;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly weights: Float32Array;
}

/** How far row i's neighbours lie: the unit of its distances (Zelnik-Manor and Perona 2004). */
const unitsOf = ({ rows, count, squaredDistances }: Nearest): Float32Array =>
  Float32Array.from(
    { length: rows },
    (_, row) => Math.sqrt(squaredDistances[(row + 1) * count - 1]!) + 1e-12,
  );

function edgesOf(nearest: Nearest): Map<number, number>[] {
  const { rows, count, indices, squaredDistances } = nearest;
  const units = unitsOf(nearest);
  const edges = Array.from({ length: rows }, () => new Map<number, number>());
  for (let row = 0; row < rows; row++) {
    for (let at = row * count; at < (row + 1) * count; at++) {
      const other = indices[at]!;
      const weight = Math.exp(-squaredDistances[at]! / (units[row]! * units[other]!));
      edges[row]!.set(other, weight);
      edges[other]!.set(row, weight);
    }
  }
  return edges;
}

/**
 * Rows joined where one is among the other's nearest, by exp(−d²/(σᵢσⱼ)), σ being the distance to the last of a row's
 * nearest (Zelnik-Manor and Perona 2004).
 */
export function joined(nearest: Nearest): Joined {
  const edges = edgesOf(nearest);
  const starts = new Int32Array(nearest.rows + 1);
  edges.forEach((own, row) => {
    starts[row + 1] = starts[row]! + own.size;
  });
  const columns = new Int32Array(starts.at(-1)!);
  const weights = new Float32Array(columns.length);
  edges.forEach((own, row) => {
    let at = starts[row]!;
    for (const [other, weight] of own) {
      columns[at] = other;
      weights[at++] = weight;
    }
  });
  return { rows: nearest.rows, starts, columns, weights };
}

/** D^−½ W D^−½ of a graph, D being the sums of its weights by row (Zhou et al. 2004, step 2). */
export function normalised(graph: Joined): Joined {
  const { rows, starts, columns, weights } = graph;
  const degrees = Float64Array.from({ length: rows }, (_, row) =>
    weights.subarray(starts[row], starts[row + 1]).reduce((total, each) => total + each, 0),
  );
  const own = weights.slice();
  for (let row = 0; row < rows; row++) {
    for (let at = starts[row]!; at < starts[row + 1]!; at++)
      own[at]! /= Math.sqrt(degrees[row]! * degrees[columns[at]!]!);
  }
  return { ...graph, weights: own };
}

/** A graph's matrix times [rows, width], into `out`. */
export function times(
  { rows, starts, columns, weights }: Joined,
  from: Float32Array,
  width: number,
  out: Float32Array,
): void {
  out.fill(0);
  for (let row = 0; row < rows; row++) {
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      const [weight, start] = [weights[at]!, columns[at]! * width];
      for (let k = 0; k < width; k++) out[row * width + k]! += weight * from[start + k]!;
    }
  }
}
