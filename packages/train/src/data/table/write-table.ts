import { rm } from 'node:fs/promises';
import { type Counted, tallyOf } from './columns.ts';
import { type Engine, quoted, startEngine, text, using_ } from './duckdb.ts';
import { type Field, presentText } from './fields.ts';
import { changed, checkUnchanged } from './files.ts';
import { delivered, notWritten, type OutputFile, type OutputFormat, outputFile } from './output-file.ts';
import { fieldOf } from './part.ts';
import type { Source } from './read-rows.ts';
import { type StagedRows, stageRows } from './staged-rows.ts';
import { SemivaeError } from '@semivae/runtime/core';
import { chosen } from './chosen.ts';
import type { Cells, Table, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';

/** How rows are to be written. */
export interface WriterOptions {
  /** A table whose columns are written first, row for row, unchanged; the writer must get as many rows as it has. */
  readonly beside?: Table;
  /** Which columns of it, instead of all. */
  readonly keep?: readonly string[];
  /** Instead of the format that the name tells. */
  readonly format?: OutputFormat;
  readonly memory?: number;
  readonly threads?: number;
}

/** A file that comes into being at `close` and not before. */
export interface TableWriter {
  /** Adds rows, NaN and '' standing for missing cells. */
  append(cells: Readonly<Record<string, Cells>>): Promise<void>;
  /** Writes the file and puts it in its place; throws TABLE_WRITE, and then leaves what was there as it was. */
  close(): Promise<void>;
  /** Gives up; leaves nothing behind. */
  abort(): Promise<void>;
}

/**
 * Writes rows to a .parquet, .csv, .tsv, .ndjson or .jsonl file (but for the first, also .gz), or to the standard output
 * ('-'), in constant memory. Rows wait in a temporary file until `close`. Texts of a CSV stay as they are in another
 * CSV; elsewhere columns that are wholly numbers or booleans become such. Throws TABLE_FORMAT, TABLE_COLUMNS, TABLE_WRITE.
 */
export async function openTableWriter(
  path: string,
  columns: readonly TableColumn[],
  options: WriterOptions = {},
): Promise<TableWriter> {
  const { beside } = options;
  const source = beside && sourceOf(beside);
  const engine = source?.engine ?? (await startEngine(options.memory, options.threads));
  checkNew(path, columns, beside, options.keep);
  const file = await outputFile(path, await engine.folder(), options.format);
  const rows = await stageRows(engine, columns);
  const end = async () => {
    await rows.drop();
    await rm(file.temporary, { force: true });
    if (!source) await engine.close();
  };
  return {
    append: rows.append,
    abort: end,
    close: () => written({ engine, file, rows, columns, beside, source, keep: options.keep }).finally(end),
  };
}
