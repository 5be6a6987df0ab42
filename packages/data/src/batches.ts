import { streamOf } from '@semivae/runtime/core';
import { DataError } from './data-error.ts';
import { range, shuffle } from './shuffle.ts';

/**
 * Rows in an endless random order: every epoch is a new permutation, and batches run on across its end, so every
 * row comes equally often. Batch `step` is a pure function of (rows, seed, use, step, batch size): resuming needs
 * the step number alone.
 */
export interface RowOrder {
  readonly rows: Int32Array;
  readonly seed: number;
  readonly use: number;
  /** Rows 0 … n − 1, n … 2n − 1 and so on stay together: the order goes through such runs in turn. Absent: one run of all. */
  readonly together?: number;
  /** Scratch: `rows` as ordered in `epoch`; recomputed when another epoch is asked for. */
  readonly current: Int32Array;
  epoch: number;
}

/** The order in which all of `rows` images are seen without their labels. */
export function unlabelledOrder(rows: number, seed: number): RowOrder {
  return rowOrder(range(rows), seed, streamOf('unlabelledOrder'));
}

/** The order in which the `rows` whose labels are known are seen. */
export function labelledOrder(rows: Int32Array, seed: number): RowOrder {
  return rowOrder(rows, seed, streamOf('labelledOrder'));
}

/** An order for another use: `use` is a Philox stream, a different one for every order that must be independent. */
export function rowOrder(rows: Int32Array, seed: number, use: number, together?: number): RowOrder {
  if (rows.length === 0) {
    throw new DataError('NO_ROWS', 'batches', 'there is no row to choose from', 'Give at least one row.');
  }
  const scratch = { current: new Int32Array(rows.length), epoch: -1 };
  return { rows: rows.slice(), seed, use, ...(together && { together }), ...scratch };
}

/** Writes the row numbers of batch `step` (0, 1, …) of `out.length` rows into `out`; allocates nothing. */
export function batchRows(order: RowOrder, step: number, out: Int32Array): void {
  const rows = order.rows.length;
  let epoch = Math.floor((step * out.length) / rows);
  let at = step * out.length - epoch * rows;
  for (let i = 0; i < out.length; epoch++, at = 0) {
    reorder(order, epoch);
    for (; i < out.length && at < rows; i++, at++) out[i] = order.current[at]!;
  }
}

function reorder(order: RowOrder, epoch: number): void {
  if (order.epoch === epoch) return;
  const { rows, current, together = Infinity, seed, use } = order;
  current.set(rows);
  if (together < rows.length) shuffleRuns(order, together, epoch);
  else shuffle(current, seed, use, epoch);
  order.epoch = epoch;
}

/** Where each run of ascending rows starts. */
function startsOf(rows: Int32Array, together: number): number[] {
  const starts: number[] = [];
  let last = -1;
  rows.forEach((row, i) => {
    const run = Math.floor(row / together);
    if (run !== last) starts.push(i);
    last = run;
  });
  return starts;
}

/** Runs of neighbouring rows in a random order, and each run within itself. */
function shuffleRuns({ rows, current, seed, use }: RowOrder, together: number, epoch: number): void {
  const starts = startsOf(rows, together);
  const runs = range(starts.length);
  shuffle(runs, seed, use, epoch);
  let at = 0;
  for (const run of runs) {
    const own = rows.slice(starts[run], starts[run + 1]);
    shuffle(own, seed, use, (epoch + 1) * runs.length + run);
    current.set(own, at);
    at += own.length;
  }
}

/** Copies rows `indices[from] … indices[from + count − 1]` of `width` bytes side by side into `out` (labels: width 1). */
export function copyRows(
  source: Uint8Array,
  width: number,
  indices: Int32Array,
  from: number,
  count: number,
  out: Uint8Array,
): void {
  for (let i = 0; i < count; i++) {
    const start = indices[from + i]! * width;
    out.set(source.subarray(start, start + width), i * width);
  }
}
