import { type Joined, normalised, times } from './joined.ts';

export interface PropagationOptions {
  /** How much of a row's class is its neighbours', the rest being its own label. */
  readonly share?: number;
  readonly rounds?: number;
}

const labelRows = (labels: ArrayLike<number>, classes: number): Float32Array => {
  const rows = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) if (labels[row]! >= 0) rows[row * classes + labels[row]!] = 1;
  return rows;
};

/** Rows of `width` non-negative numbers, each scaled to sum 1 in place; even where there is nothing. */
function scaleRows(values: Float32Array, width: number): void {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const total = row.reduce((sum, each) => sum + each, 0);
    if (total > 0) for (let k = 0; k < width; k++) row[k]! /= total;
    else row.fill(1 / width);
  }
}

/**
 * What the labels of some rows (−1 is none) say of all: [rows, classes] shares that sum to 1 a row, the fixed point of
 * F ← αSF + (1 − α)Y nearly reached (Zhou et al. 2004).
 */
export function propagated(
  graph: Joined,
  labels: ArrayLike<number>,
  classes: number,
  { share = 0.999, rounds = 300 }: PropagationOptions = {},
): Float32Array {
  const given = labelRows(labels, classes);
  const spread = normalised(graph);
  let [current, next] = [given.slice(), new Float32Array(given.length)];
  for (let round = 0; round < rounds; round++) {
    times(spread, current, classes, next);
    for (let i = 0; i < next.length; i++) next[i] = share * next[i]! + (1 - share) * given[i]!;
    [current, next] = [next, current];
  }
  scaleRows(current, classes);
  return current;
}
