import type { Written } from '@semivae/runtime/core';
import { chosen } from './chosen.ts';
import { TableError } from './table-error.ts';

/** `number` and `timestamp` (milliseconds since 1970, UTC) and `boolean` (0 and 1) are numbers, `text` is text. */
export type ColumnType = 'number' | 'boolean' | 'timestamp' | 'text';

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** How its cells are written, where that is not plain. */
  readonly written?: Written;
  /** Whether nothing is read of it, whatever it holds. */
  readonly unread?: true;
}

/** The cells of a column: NaN or '' where a cell is missing. */
export type Cells = Float64Array | readonly string[];

/** Some rows, column by column; `start` is the index of the first of them, counted from 0. */
export interface Chunk {
  readonly start: number;
  readonly rows: number;
  readonly columns: Readonly<Record<string, Cells>>;
}

/** Rows that can be read as often as wanted, always in the same order. */
export interface Table {
  /** Where it comes from, for errors: files or a query. */
  readonly place: string;
  readonly columns: readonly TableColumn[];
  readonly rows: number;
  /** What was found out of how it is written, and a person should know. */
  readonly notes?: readonly string[];
  /**
   * All rows, `rowsAtOnce` at a time (fewer in the last chunk), of the named columns or of all that are read; memory stays flat.
   * Throws TABLE_COLUMNS for an unknown name, TABLE_CELL for a cell that is not of its column's type, TABLE_CHANGED if
   * a file is no longer what it was when the table was opened.
   */
  chunks(columns?: readonly string[], rowsAtOnce?: number): AsyncIterable<Chunk>;
  close(): Promise<void>;
}

/** Rows in a chunk unless asked otherwise. */
export const ROWS_AT_ONCE = 4096;

/** A table in memory; columns of numbers have type `number`. Throws TABLE_COLUMNS unless all are of equal length. */
export function arrayTable(name: string, cells: Readonly<Record<string, Cells>>): Table {
  const columns = Object.entries(cells).map(([name, values]) => ({ name, type: typeOf(values) }));
  return memoryTable(name, columns, cells);
}

/** As `arrayTable`, with the columns' types stated. */
export function memoryTable(
  place: string,
  columns: readonly TableColumn[],
  cells: Readonly<Record<string, Cells>>,
): Table {
  const rows = commonLength(place, cells);
  return {
    place,
    columns,
    rows,
    chunks: (asked, rowsAtOnce = ROWS_AT_ONCE) =>
      slices(cells, namesOf(chosen(place, columns, asked)), rows, rowsAtOnce),
    close: async () => {},
  };
}

async function* slices(
  cells: Readonly<Record<string, Cells>>,
  names: readonly string[],
  rows: number,
  rowsAtOnce: number,
): AsyncGenerator<Chunk> {
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const end = Math.min(start + rowsAtOnce, rows);
    const columns = names.map((name) => [name, cells[name]?.slice(start, end)] as const);
    yield { start, rows: end - start, columns: Object.fromEntries(columns) as Chunk['columns'] };
  }
}

function commonLength(place: string, cells: Readonly<Record<string, Cells>>): number {
  const [first, ...others] = Object.entries(cells);
  const rows = first?.[1].length ?? 0;
  const odd = others.find(([, values]) => values.length !== rows);
  if (!odd) return rows;
  const problem = `column '${odd[0]}' has ${odd[1].length} cells and column '${first?.[0]}' has ${rows}`;
  throw new TableError('TABLE_COLUMNS', place, problem, 'Give every column the same number of cells.');
}

const typeOf = (values: Cells): ColumnType => (values instanceof Float64Array ? 'number' : 'text');

const namesOf = (columns: readonly TableColumn[]) => columns.map(({ name }) => name);
