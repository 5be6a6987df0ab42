import type { Cells } from '../table/table.ts';

/** Raw rows, column by column. */
export interface RawRows {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Cells>>;
}
