import type { CellSurprise, UsedColumn } from '@semivae/model';
import type { Cells } from '../../table/table.ts';
import { natsOf } from './onset.ts';

/** A column's cells by what they are: 0… a level, `MISSING`, `UNSEEN`; a number that is measured is 0. */
export interface Outcomes {
  readonly of: Int32Array;
  readonly counts: readonly number[];
  readonly missing: number;
}

export const MISSING = -1;
export const UNSEEN = -2;

/** The values that are told apart, the rare last; none of a number that is measured. */
export const valuesOf = (column: UsedColumn): readonly (string | number)[] => {
  if (column.kind === 'binary') return column.levels;
  return column.kind === 'categorical' ? [...column.levels, ...column.rare] : [];
};

export const isDiscrete = ({ kind }: UsedColumn): boolean => kind === 'categorical' || kind === 'binary';

const isMissing = (cell: string | number): boolean => cell === '' || Number.isNaN(cell);

export function outcomesOf(column: UsedColumn, cells: Cells): Outcomes {
  const values = valuesOf(column);
  const places = new Map(values.map((value, i) => [value, i]));
  const discrete = isDiscrete(column);
  const counts = new Array<number>(discrete ? values.length : 1).fill(0);
  const placeOf = (cell: string | number) => {
    if (isMissing(cell)) return MISSING;
    return discrete ? (places.get(cell) ?? UNSEEN) : 0;
  };
  const of = Int32Array.from(cells as ArrayLike<string | number>, placeOf);
  for (const place of of) if (place >= 0) counts[place]!++;
  return { of, counts, missing: of.filter((place) => place === MISSING).length };
}

/** For each number of rows, how many rows hold a level that so many rows or fewer hold. */
function rowsUpTo(counts: readonly number[]): (count: number) => number {
  const ascending = [...counts].sort((a, b) => a - b);
  let sum = 0;
  const sums = [0, ...ascending.map((each) => (sum += each))];
  return (count) => sums[ascending.findLastIndex((each) => each <= count) + 1]!;
}

/** Nats of what a column can hold. */
export interface CellNats {
  /** Of a level that so many other rows hold. */
  readonly beside: (others: number) => number;
  readonly missing: (others: number) => number;
}

/**
 * −log of the chance of a cell as rare as this or rarer, by the rows of training: a row of a level that r others hold is one of
 * those whose level r + 1 rows hold, itself among them (Good 1953).
 */
export function cellNats({ of, counts, missing }: Outcomes): CellNats {
  const rows = of.length;
  const upTo = rowsUpTo(missing > 0 ? [...counts, missing] : counts);
  return {
    beside: (others) => natsOf(upTo(others + 1), rows),
    missing: (others) => natsOf(others, rows),
  };
}

/** The surprise of a row's own cell beside the other rows. */
export function ownNats(
  { of, counts, missing }: Outcomes,
  { beside, missing: gone }: CellNats,
): Float64Array {
  const [levels, absent] = [counts.map((count) => beside(count - 1)), gone(missing - 1)];
  return Float64Array.from(of, (place) => (place >= 0 ? levels[place]! : place === MISSING ? absent : 0));
}

/** What a column's cells add to a score, as far as a surprise counts. */
export function cellSurprise(
  column: UsedColumn,
  { counts, missing }: Outcomes,
  nats: CellNats,
  counting: (nats: number) => number,
): CellSurprise {
  const levels = counts.map((count) => counting(nats.beside(count)));
  const absent = counting(nats.missing(missing));
  if (!isDiscrete(column)) return { missing: absent, present: levels[0]! };
  return { missing: absent, present: 0, levels, unseen: counting(nats.beside(0)) };
}
