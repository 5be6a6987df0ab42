import type { Ranks } from '@semivae/model';
import { normalQuantile } from '@semivae/runtime/core';

/** Φ⁻¹ of a share of 1. */
const normalScore = (share: number): number => normalQuantile(Math.round(share * 2 ** 32));

/** A column is zero-inflated when one value holds this share of its rows, and it has more levels than a code would. */
const LEAST_SHARE = 0.3;
const MOST_SHARE = 0.98;
const KNOTS = 64;
const TAIL = 1e-4;

/** Distinct values of an ascending list, and the middle of the ranks of each. */
function midRanks(sorted: Float64Array): { values: number[]; middles: number[]; largest: number } {
  const [values, middles]: [number[], number[]] = [[], []];
  let largest = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    values.push(sorted[start]!);
    middles.push((start + end) / 2 / sorted.length);
    largest = Math.max(largest, end - start);
    start = end;
  }
  return { values, middles, largest };
}

/** At most `KNOTS` places of a list, its ends among them, evenly spread. */
const spread = (length: number): number[] =>
  length <= KNOTS
    ? Array.from({ length }, (_, i) => i)
    : Array.from({ length: KNOTS }, (_, i) => Math.round((i * (length - 1)) / (KNOTS - 1)));

/**
 * For a column where one value holds 30 to 98 % of the rows: its map from standardised values, given in ascending order, to
 * normal scores of their ranks, standardised again. It tells the few other values apart, which standardising by the
 * deviation of all crowds together. Undefined for other columns.
 */
export function zeroInflated(sorted: Float64Array): Ranks | undefined {
  const { values, middles, largest } = midRanks(sorted);
  const share = largest / sorted.length;
  if (share < LEAST_SHARE || share > MOST_SHARE || values.length <= Math.min(30, sorted.length / 10))
    return undefined;
  const scores = middles.map((middle) => normalScore(Math.min(1 - TAIL, Math.max(TAIL, middle))));
  const at = new Map(values.map((value, i) => [value, scores[i]!]));
  const all = Array.from(sorted, (each) => at.get(each)!);
  const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, each) => sum + (each - mean) ** 2, 0) / all.length) || 1;
  const chosen = spread(values.length);
  return {
    knots: chosen.map((i) => values[i]!),
    values: chosen.map((i) => (scores[i]! - mean) / deviation),
  };
}
