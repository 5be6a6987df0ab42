import { range, shuffle, stream } from '../data/shuffle.ts';
import { RecipeError } from '../errors.ts';

/** What a row of a table is for. */
export const role = { train: 0, calibration: 1, anomaly: 2 } as const;

/** For each row what it is for: known anomalies apart, a random part of the others held back for calibration. */
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

/** Deals the rows out; `calibration` is a number of rows, or below 1 a share. Throws `CALIBRATION_SIZE`. */
export function dealRoles(
  anomalous: (row: number) => boolean,
  rows: number,
  calibration: number,
  seed: number,
  place: string,
): Roles {
  const of = new Uint8Array(rows);
  const ordinary = range(rows).filter((row) => !anomalous(row));
  const held = calibration < 1 ? Math.round(calibration * ordinary.length) : calibration;
  if (!Number.isInteger(held) || held >= ordinary.length) unfit(held, ordinary.length, place);
  for (let row = 0; row < rows; row++) if (anomalous(row)) of[row] = role.anomaly;
  shuffle(ordinary, seed, stream.calibration, 0);
  for (const row of ordinary.subarray(0, held)) of[row] = role.calibration;
  return { of, counts: [ordinary.length - held, held, rows - ordinary.length] };
}
