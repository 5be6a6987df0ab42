import {
  type CellSurprise,
  type Surprise,
  type TableColumns,
  type UsedColumn,
  usedColumns,
} from '@semivae/model';
import type { RawRows } from '../../rows/raw-rows.ts';
import type { Cells } from '../../table/table.ts';
import { cellNats, cellSurprise, type Outcomes, outcomesOf, ownNats } from './cells.ts';
import { amongRows, counted, inflationOf, type Ramp, rampOf } from './onset.ts';
import { pairSurprises } from './pairs.ts';
import { type Sides, sidesOf } from './tails.ts';

/** Rows that surprises are learned from. */
const MOST_ROWS = 20_000;

/** Nats from which on a level or a missing cell counts. */
const ONSET = 1;
/** A pair of levels counts where fewer than one in 100 rows has one that avoid each other as much: chance makes many a pair rare. */
const [PAIR_ONSET, PAIR_LENGTH] = [Math.log(100), 4];
/** A number counts where fewer than one in 200 rows lies as far out, in full 3 nats later: nearer, its distance tells more. */
const [FAR_ONSET, FAR_LENGTH] = [Math.log(200), 3];

/** So many of a column's cells, evenly spread over its rows. */
function thinned(cells: Cells, most: number): Cells {
  const { length } = cells;
  if (length <= most) return cells;
  const at = Array.from({ length: most }, (_, i) => Math.floor((i * length) / most));
  return cells instanceof Float64Array
    ? Float64Array.from(at, (row) => cells[row]!)
    : at.map((row) => cells[row]!);
}

/** For each row the largest of some columns' surprises. */
function largestOf(rows: number, columns: readonly Float64Array[]): Float64Array {
  const largest = new Float64Array(rows);
  for (const nats of columns)
    for (let row = 0; row < rows; row++) largest[row] = Math.max(largest[row]!, nats[row]!);
  return largest;
}

/** A column's own surprises, the tails of its numbers aside. */
function fitCells(
  columns: readonly UsedColumn[],
  outcomes: readonly Outcomes[],
  rows: number,
): CellSurprise[] {
  const nats = outcomes.map(cellNats);
  const largest = largestOf(
    rows,
    outcomes.map((each, i) => ownNats(each, nats[i]!)),
  );
  const [among, ramp] = [amongRows(largest), rampOf(0, rows, ONSET)];
  const counting = (own: number) => counted(ramp, Math.min(own, among(own)));
  return columns.map((column, i) => cellSurprise(column, outcomes[i]!, nats[i]!, counting));
}

const outward = ({ lower, upper }: Sides, cells: Cells): Float64Array =>
  Float64Array.from(cells as Float64Array, (cell) =>
    Number.isNaN(cell) ? 0 : Math.max(lower?.nats(cell) ?? 0, upper?.nats(cell) ?? 0),
  );

function tailsBy({ lower, upper }: Sides, ramp: Ramp): Pick<CellSurprise, 'lower' | 'upper'> {
  const [low, high] = [lower?.tail(ramp), upper?.tail(ramp)];
  return { ...(low && { lower: low }), ...(high && { upper: high }) };
}

/** Both tails of every column of numbers. */
function fitTails(columns: readonly UsedColumn[], cells: readonly Cells[], rows: number) {
  const sides = columns.map((column, i) => sidesOf(column, cells[i]!));
  const far = sides.flatMap((each, i) => (each.lower || each.upper ? [outward(each, cells[i]!)] : []));
  const ramp = rampOf(inflationOf(largestOf(rows, far)), rows, FAR_ONSET, FAR_LENGTH);
  return sides.map((each) => tailsBy(each, ramp));
}

/** What is rare in the rows of a table, learned from training rows. */
export function fitSurprise(table: TableColumns, { rows, columns: given }: RawRows): Surprise {
  const columns = usedColumns(table);
  const all = Math.min(MOST_ROWS, rows);
  const cells = columns.map(({ name }) => thinned(given[name]!, all));
  const outcomes = columns.map((column, i) => outcomesOf(column, cells[i]!));
  const tails = fitTails(columns, cells, all);
  return {
    cells: fitCells(columns, outcomes, all).map((own, i) => ({ ...own, ...tails[i] })),
    pairs: pairSurprises(columns, outcomes, rampOf(0, all, PAIR_ONSET, PAIR_LENGTH)),
  };
}
