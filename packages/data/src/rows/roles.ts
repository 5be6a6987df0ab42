import { RecipeError } from '@semivae/recipe';
import { streamOf } from '@semivae/runtime/core';
import { type Groups, rowsOfGroups, shuffledGroups } from '../groups.ts';
import { range, shuffle } from '../shuffle.ts';

/** What a row of a table is for. */
export const role = { train: 0, calibration: 1, anomaly: 2 } as const;

/** For each row what it is for: known anomalies apart, a part of the others held back for calibration. */
export interface Roles {
  readonly of: Uint8Array;
  /** How many rows of each role, by its number. */
  readonly counts: readonly number[];
}

function unfit(asked: number, rows: number, place: string): never {
  const remedy = `Set data.calibration to a whole number below ${rows}, or to a share such as 0.2.`;
  throw new RecipeError(
    'CALIBRATION_SIZE',
    place,
    `${asked} of ${rows} ordinary rows were asked for calibration`,
    remedy,
  );
}

/** How rows are held back, where they are not drawn one by one at random. */
export interface Holding {
  /** When each row came about, NaN where that is unknown: the latest are held back. */
  readonly times?: Float64Array;
  /** Rows of a group are held back together. */
  readonly groups?: Groups;
}

/** Rows in the order in which they came about; at one time, as they lie. */
function byTime(rows: Int32Array, times: Float64Array): Int32Array {
  const at = (row: number) => (Number.isNaN(times[row]) ? Number.NEGATIVE_INFINITY : times[row]!);
  return rows.slice().sort((a, b) => (at(a) === at(b) ? a - b : at(a) < at(b) ? -1 : 1));
}

/** Groups from that whose last row is the latest to that whose last row is the earliest. */
const latestGroups = (inTime: Int32Array, groups: Groups): number[] => [
  ...new Set(Array.from(inTime, (row) => groups[row]!).reverse()),
];

/** The ordinary rows that are held back: `count` of them, or about so many in whole groups. */
function heldBack(
  ordinary: Int32Array,
  count: number,
  seed: number,
  place: string,
  { times, groups }: Holding,
) {
  const inTime = times && byTime(ordinary, times);
  if (groups) {
    const order = inTime
      ? latestGroups(inTime, groups)
      : shuffledGroups(groups, seed, streamOf('calibrationRows'));
    return rowsOfGroups(ordinary, groups, order, count, place);
  }
  if (inTime) return inTime.subarray(inTime.length - count);
  const dealt = ordinary.slice();
  shuffle(dealt, seed, streamOf('calibrationRows'), 0);
  return dealt.subarray(0, count);
}

/**
 * Deals the rows out; `calibration` is a number of rows, or below 1 a share, and is met but roughly by whole groups. Throws `CALIBRATION_SIZE`, `GROUPS_FEW`.
 */
export function dealRoles(
  anomalous: (row: number) => boolean,
  rows: number,
  calibration: number,
  seed: number,
  place: string,
  holding: Holding = {},
): Roles {
  const of = new Uint8Array(rows);
  const ordinary = range(rows).filter((row) => !anomalous(row));
  const asked = calibration < 1 ? Math.round(calibration * ordinary.length) : calibration;
  if (!Number.isInteger(asked) || asked >= ordinary.length) unfit(asked, ordinary.length, place);
  for (let row = 0; row < rows; row++) if (anomalous(row)) of[row] = role.anomaly;
  const held = heldBack(ordinary, asked, seed, place, holding);
  for (const row of held) of[row] = role.calibration;
  return { of, counts: [ordinary.length - held.length, held.length, rows - ordinary.length] };
}
