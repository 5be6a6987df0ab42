import { fillIntegers, fillNormal, reservedStreams } from '@semivae/runtime/core';
import type { Joined } from './joined.ts';

const LAYOUT_STREAM = reservedStreams + 0x320;

export interface LayoutOptions {
  readonly dimensions?: number;
  /** How often the heaviest edge is pulled at. */
  readonly rounds?: number;
  readonly seed?: number;
}

const LONGEST_MOVE = 4;
/** Rows that are pushed away for each that is pulled near. */
const PUSHED = 5;

const held = (move: number): number => Math.max(-LONGEST_MOVE, Math.min(LONGEST_MOVE, move));

function squaredDistance(places: Float32Array, i: number, j: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += (places[i + k]! - places[j + k]!) ** 2;
  return sum;
}

/** How near two rows are in the layout is 1/(1 + d²): the slope of its logarithm, over the difference of places. */
const pull = (square: number): number => -2 / (1 + square);

/** The slope of log(1 − 1/(1 + d²)), over the difference of places. */
const push = (square: number): number => 2 / ((0.001 + square) * (1 + square));

/** Random row numbers, drawn block by block. */
function openDraws(rows: number, seed: number): () => number {
  const block = new Uint32Array(4096);
  let [at, step] = [block.length, 0];
  return () => {
    if (at === block.length) {
      fillIntegers(block, { seed, stream: LAYOUT_STREAM + 1, step: step++ }, rows);
      at = 0;
    }
    return block[at++]!;
  };
}

/**
 * Rows of a graph laid out in few dimensions, [rows, dimensions], so that rows that are joined lie near each other and
 * others do not, by the stochastic descent of McInnes et al. 2018, section 3.2, with a = b = 1, from random places.
 */
export function layout(
  graph: Joined,
  { dimensions = 3, rounds = 100, seed = 0 }: LayoutOptions = {},
): Float32Array {
  const { rows, starts, columns, weights } = graph;
  const places = new Float32Array(rows * dimensions);
  fillNormal(places, { seed, stream: LAYOUT_STREAM, step: 0 });
  for (let i = 0; i < places.length; i++) places[i]! *= 5;
  const heaviest = weights.reduce((most, each) => Math.max(most, each), 0);
  const due = Float32Array.from(weights, (weight) => heaviest / weight);
  const drawn = openDraws(rows, seed);

  /** Moves i, and j where it is to move too, by a share of their difference. */
  const move = (i: number, j: number, share: number, rate: number, both: boolean) => {
    for (let k = 0; k < dimensions; k++) {
      const by = rate * held(share * (places[i + k]! - places[j + k]!));
      places[i + k]! += by;
      if (both) places[j + k]! -= by;
    }
  };

  for (let round = 1; round <= rounds; round++) {
    const rate = 1 - (round - 1) / rounds;
    for (let row = 0; row < rows; row++) {
      const i = row * dimensions;
      for (let at = starts[row]!; at < starts[row + 1]!; at++) {
        if (due[at]! > round) continue;
        due[at]! += heaviest / weights[at]!;
        const j = columns[at]! * dimensions;
        move(i, j, pull(squaredDistance(places, i, j, dimensions)), rate, true);
        for (let n = 0; n < PUSHED; n++) {
          const other = drawn() * dimensions;
          if (other !== i) move(i, other, push(squaredDistance(places, i, other, dimensions)), rate, false);
        }
      }
    }
  }
  return places;
}
