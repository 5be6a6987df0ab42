import type { Written } from '@semivae/runtime/core';

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
