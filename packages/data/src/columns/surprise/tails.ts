import type { Tail, UsedColumn } from '@semivae/model';
import type { Cells } from '../../table/table.ts';
import { counted, mostNats, type Ramp } from './onset.ts';

/** A tail is what the outermost rows say of it: this share of them, which are so many at least. */
const SHARE = 0.05;
const LEAST = 50;

/** What one side of a column says of how far out a number lies. */
export interface Side {
  /** −log of the chance to lie so far out, 0 for most numbers. */
  readonly nats: (number: number) => number;
  /** What ships, as far as a surprise counts; nothing where numbers are too close to tell. */
  readonly tail: (ramp: Ramp) => Tail | undefined;
}

/** A side of a column as a rising scale: outwards is up. */
interface Scale {
  readonly up: (number: number) => number;
  readonly down: (up: number) => number;
}

const upwards: Scale = { up: (x) => x, down: (y) => y };
const downwards: Scale = { up: (x) => -x, down: (y) => -y };
/** Of what is never below 0 or 0 itself: towards 0 without end. */
const towardsZero = (resolution: number): Scale => ({
  up: (x) => -Math.log(Math.max(x, resolution / 2)),
  down: (y) => Math.exp(-y),
});

const mean = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((sum, each) => sum + each, 0) / numbers.length;

/** Tails that end somewhere are taken for those of an exponential: where they end, few rows can tell. */
const [SHORTEST, HEAVIEST] = [0, 0.9];

/** Shape and scale of a generalised Pareto distribution of excesses in ascending order, by probability-weighted moments (Hosking and Wallis 1987). */
function paretoOf(excesses: Float64Array): { readonly shape: number; readonly scale: number } {
  const k = excesses.length;
  const first = mean(excesses);
  const second = mean(excesses.map((each, i) => each * (1 - (i + 0.65) / k)));
  const shape = Math.min(HEAVIEST, Math.max(SHORTEST, 2 - first / (first - 2 * second) || 0));
  return { shape, scale: first * (1 - shape) };
}

/** −log of the chance of an excess z or more, in units of the scale, and its inverse. */
const survival = (shape: number) =>
  Math.abs(shape) < 1e-6
    ? { nats: (z: number) => z, z: (nats: number) => nats }
    : {
        nats: (z: number) => (1 + shape * z > 0 ? Math.log1p(shape * z) / shape : Infinity),
        z: (nats: number) => Math.expm1(shape * nats) / shape,
      };

/** A tail whose knots differ, all of them finite. */
function risingFrom(knots: readonly number[], nats: readonly number[]): Tail | undefined {
  const differ = knots.every((knot, i) => Number.isFinite(knot) && (i === 0 || knot !== knots[i - 1]));
  return differ && nats.at(-1)! > 0 ? { knots, nats } : undefined;
}

/** A side where so many rows hold the outermost value that it is an edge: anything beyond is as what never occurred. */
function edgeAt(edge: number, outwards: number, resolution: number, rows: number): Side {
  const most = mostNats(rows);
  const beyond = edge + (outwards * resolution) / 2;
  return {
    nats: (number) => (outwards * number > outwards * edge ? most : 0),
    tail: (ramp) => risingFrom([edge, beyond], [0, counted(ramp, most)]),
  };
}

const PIECES = 3;

/** Beyond a threshold excesses are of a generalised Pareto distribution, from what the outermost rows say. */
function paretoBeyond(start: number, excesses: Float64Array, scale: Scale, rows: number): Side {
  const { shape, scale: unit } = paretoOf(excesses);
  const { nats, z } = survival(shape);
  const base = Math.log(rows / excesses.length);
  return {
    nats: (number) => {
      const out = scale.up(number) - start;
      return out > 0 ? base + nats(out / unit) : 0;
    },
    tail: (ramp) => {
      const heights = Array.from(
        { length: PIECES + 1 },
        (_, i) => ramp.begin + ((ramp.end - ramp.begin) * i) / PIECES,
      );
      const knots = heights.map((each) => scale.down(start + unit * z(Math.max(0, each - base))));
      return risingFrom(
        knots,
        heights.map((each) => counted(ramp, each)),
      );
    },
  };
}

/** A side of a column, from its numbers ascending outwards. */
function sideOf(
  outwards: Float64Array,
  scale: Scale,
  direction: number,
  resolution: number,
): Side | undefined {
  const rows = outwards.length;
  const k = Math.round(SHARE * rows);
  if (k < LEAST) return undefined;
  const ups = outwards.map(scale.up);
  const start = ups[rows - k - 1]!;
  // excesses are summed up
  if (!Number.isFinite(k * (ups[rows - 1]! - start))) return undefined;
  if (!(ups[rows - 1]! > start)) return edgeAt(outwards[rows - 1]!, direction, resolution, rows);
  return paretoBeyond(
    start,
    ups.subarray(rows - k).map((each) => each - start),
    scale,
    rows,
  );
}

/** Smaller gaps, as shares of the range, are rounding. */
const LEAST_GAP = 1e-6;

/** The smallest gap between two numbers of an ascending list. */
function resolutionOf(sorted: Float64Array): number {
  const rounding = LEAST_GAP * (sorted.at(-1)! - sorted[0]!);
  const gaps = sorted.subarray(1).map((each, i) => each - sorted[i]!);
  return gaps.reduce((least, gap) => (gap > rounding ? Math.min(least, gap) : least), Infinity);
}

/** Both sides of a column of numbers. */
export interface Sides {
  readonly lower?: Side;
  readonly upper?: Side;
}

export function sidesOf(column: UsedColumn, cells: Cells): Sides {
  if (column.kind !== 'numeric' && column.kind !== 'count') return {};
  const sorted = (cells as Float64Array).filter((each) => !Number.isNaN(each)).sort();
  const resolution = resolutionOf(sorted);
  const below = sorted[0]! > 0 ? towardsZero(resolution) : downwards;
  const lower = sideOf(sorted.slice().reverse(), below, -1, resolution);
  const upper = sideOf(sorted, upwards, 1, resolution);
  return { ...(lower && { lower }), ...(upper && { upper }) };
}
