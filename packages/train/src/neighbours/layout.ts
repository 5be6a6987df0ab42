import { fillIntegers, fillNormal, streamOf } from '@semivae/runtime/core';
import type { Joined } from './joined.ts';

export interface LayoutOptions {
  readonly dimensions?: number;
  /** How often the heaviest edge is pulled at. */
  readonly rounds?: number;
  readonly seed?: number;
}

const LONGEST_MOVE = 4;
/** The deviation of the places that rows begin at. */
const SPREAD = 5;
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
      fillIntegers(block, { seed, stream: streamOf('layoutPairs'), step: step++ }, rows);
      at = 0;
    }
    return block[at++]!;
  };
}

/** Places of rows, and where they begin: random, around 0. */
function firstPlaces(rows: number, width: number, seed: number): Float32Array {
  const places = new Float32Array(rows * width);
  fillNormal(places, { seed, stream: streamOf('layoutPlaces'), step: 0 });
  return places.map((each) => each * SPREAD);
}

/** Moves place i by a share of what lies between it and place j, and j the other way where it is to move too. */
function move(places: Float32Array, i: number, j: number, width: number, by: Move): void {
  for (let k = 0; k < width; k++) {
    const step = by.rate * held(by.share * (places[i + k]! - places[j + k]!));
    places[i + k]! += step;
    if (by.both) places[j + k]! -= step;
  }
}

interface Move {
  readonly share: number;
  readonly rate: number;
  readonly both: boolean;
}

/**
 * Rows of a graph laid out in few dimensions, [rows, dimensions], so that rows that are joined lie near each other and
 * others do not, by the stochastic descent of McInnes et al. 2018, section 3.2, with a = b = 1, from random places. An edge
 * is pulled at in as many rounds as its weight is of the heaviest.
 */
export function layout(
  { rows, starts, columns, weights }: Joined,
  { dimensions: width = 3, rounds = 100, seed = 0 }: LayoutOptions = {},
): Float32Array {
  const places = firstPlaces(rows, width, seed);
  const drawn = openDraws(rows, seed);
  const heaviest = weights.reduce((most, each) => Math.max(most, each), 0);
  const due = Float32Array.from(weights, (weight) => heaviest / weight);

  function pullAt(edge: number, i: number, rate: number): void {
    const j = columns[edge]! * width;
    move(places, i, j, width, { share: pull(squaredDistance(places, i, j, width)), rate, both: true });
    for (let n = 0; n < PUSHED; n++) {
      const other = drawn() * width;
      const share = push(squaredDistance(places, i, other, width));
      if (other !== i) move(places, i, other, width, { share, rate, both: false });
    }
  }

  for (let round = 1; round <= rounds; round++) {
    const rate = 1 - (round - 1) / rounds;
    for (let row = 0; row < rows; row++) {
      for (let edge = starts[row]!; edge < starts[row + 1]!; edge++) {
        if (due[edge]! > round) continue;
        due[edge]! += heaviest / weights[edge]!;
        pullAt(edge, row * width, rate);
      }
    }
  }
  return places;
}
