import { SemivaeError } from '@semivae/runtime/core';

export type TableCode =
  | 'TABLE_ARRAY'
  | 'TABLE_BROKEN'
  | 'TABLE_CELL'
  | 'TABLE_CHANGED'
  | 'TABLE_CLOSED'
  | 'TABLE_COLUMNS'
  | 'TABLE_DATES'
  | 'TABLE_DECIMAL'
  | 'TABLE_EMPTY'
  | 'TABLE_ENCODING'
  | 'TABLE_ENGINE'
  | 'TABLE_FORMAT'
  | 'TABLE_HEADER'
  | 'TABLE_LINE'
  | 'TABLE_MEMORY'
  | 'TABLE_MISSING'
  | 'TABLE_NESTED'
  | 'TABLE_QUOTES'
  | 'TABLE_RAGGED'
  | 'TABLE_SQL'
  | 'TABLE_WRITE';

/** A table that cannot be read as asked, or cannot be written; `place` names file, row and column as far as known. */
export class TableError extends SemivaeError {
  constructor(code: TableCode, place: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(code, place, problem, remedy, options);
  }
}
