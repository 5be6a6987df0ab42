import type { Cells, Chunk, Table } from '@semivae/data';
import { ROWS_IN_A_CHUNK } from './bundle-table.ts';
import { showCount } from './row-progress.ts';

/** Some rows of a table, column by column. */
export interface PickedRows {
  /** Which rows of the table they are, counted from 0. */
  readonly at: readonly number[];
  readonly columns: Readonly<Record<string, Cells>>;
  /** How many rows of the table have gone by. */
  readonly seen: number;
}

/** The share of so many rows that is taken for about `most` of them. */
export const shareOf = (rows: number, most: number): number => Math.min(1, most / rows);

/** A number in [0, 1) for each row, unlike those of its neighbours (the finalizer of MurmurHash3). */
function drawOf(row: number): number {
  let mixed = Math.imul(row ^ (row >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

const pickCells = (cells: Cells, places: readonly number[]): Cells =>
  cells instanceof Float64Array
    ? Float64Array.from(places, (at) => cells[at]!)
    : places.map((at) => cells[at]!);

/** A share of a chunk's rows, at random but the same each time. */
export function pickRows({ start, rows, columns }: Chunk, share: number): PickedRows {
  const places = Array.from({ length: rows }, (_, i) => i).filter(
    (i) => share === 1 || drawOf(start + i) < share,
  );
  const cells = Object.entries(columns).map(([name, all]) => [name, pickCells(all, places)] as const);
  return {
    at: places.map((i) => start + i),
    columns: Object.fromEntries(cells),
    seen: start + rows,
  };
}

/** A share of the rows, at random but the same each time; memory stays flat. */
export async function* pickedRows(
  table: Table,
  names: readonly string[],
  share: number,
): AsyncGenerator<PickedRows> {
  for await (const chunk of table.chunks(names, ROWS_IN_A_CHUNK)) yield pickRows(chunk, share);
}

/** What rows were picked, in words: `rows of new.csv`, or `rows of new.csv, at random out of 5,000,000`. */
export const rowsInWords = ({ place, rows }: Table, share: number): string =>
  `rows of ${place}${share < 1 ? `, at random out of ${showCount(rows)}` : ''}`;
