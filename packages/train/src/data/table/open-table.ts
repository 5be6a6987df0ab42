import { openArrays } from './array-file.ts';
import { chosen } from './chosen.ts';
import { checkNames, columnsOf, counted } from './columns.ts';
import type { CsvOptions } from './csv.ts';
import { type Engine, startEngine, withConnection } from './duckdb.ts';
import { filesOf, fingerprint, formatOf } from './files.ts';
import { layoutOf } from './layout.ts';
import { checkPages } from './parquet-pages.ts';
import { type Part, reading } from './part.ts';
import { queryPart } from './query.ts';
import { readRows, type Source } from './read-rows.ts';
import { checkSound } from './soundness.ts';
import { type ColumnType, ROWS_AT_ONCE, type Table } from './table.ts';
import { TableError } from './table-error.ts';

/** How a table is to be read. */
export interface TableOptions extends CsvOptions {
  /** A SELECT instead of files; its rows are kept in a temporary file, so that they are the same at every reading. */
  readonly sql?: string;
  /** The types that columns must have, as a trained model expects them; the others are found out. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Texts that mean that a cell is missing, besides the empty one; 'NA' and '?' are texts unless named here. */
  readonly missing?: readonly string[];
  /** Bytes that reading may use. */
  readonly memory?: number;
  readonly threads?: number;
  /** The array of an npz that holds the rows; without, all arrays stand side by side. */
  readonly array?: string;
}

/** A table that DuckDB reads. */
export interface StoredTable extends Table {
  readonly source: Source;
}

/**
 * Opens CSV, TSV, Parquet, JSON, NDJSON (also .gz and .zst), npz or npy files, or the rows of a query. Several files
 * follow each other and must have the same columns. Rows are counted from 1 in errors, the header not included.
 * Throws a TableError that names file, line or row, and column.
 */
export async function openTable(
  paths: readonly string[] | string,
  options: TableOptions = {},
): Promise<Table> {
  const files = [paths].flat();
  if (files.length === 1 && (await isArrays(files[0] ?? ''))) return openArrays(files[0] ?? '', options);
  const engine = await startEngine(options.memory, options.threads);
  try {
    return await storedTable(engine, await partsOf(engine, files, options), options);
  } catch (reason) {
    await engine.close();
    throw reason;
  }
}

async function isArrays(path: string): Promise<boolean> {
  const format = await formatOf(path).catch(() => undefined);
  return format === 'npz' || format === 'npy';
}

async function partsOf(engine: Engine, paths: readonly string[], options: TableOptions): Promise<Part[]> {
  if (options.sql === undefined) {
    const files = await withConnection(engine, (connection) => filesOf(connection, paths));
    const parts: Part[] = [];
    for (const file of files) parts.push(await filePart(engine, file, options));
    return parts;
  }
  if (paths.length === 0) return [await queryPart(engine, options.sql)];
  const remedy = `Name the files inside the query, such as FROM '${paths[0]}'.`;
  throw new TableError('TABLE_SQL', 'query', 'there are files and a query', remedy);
}

async function filePart(engine: Engine, place: string, options: TableOptions): Promise<Part> {
  const file = await fingerprint(place);
  const format = await formatOf(place);
  if (format === 'npz' || format === 'npy') {
    throw new TableError('TABLE_FORMAT', place, 'arrays are read from one file only', 'Name just this file.');
  }
  if (format === 'json') await checkSound(place, format);
  const part = { place, file };
  const layout = await reading(engine, part, (use) => layoutOf(use, place, format, options));
  if (format === 'csv') await checkSound(place, format);
  if (format === 'parquet') await reading(engine, part, (use) => checkPages(use, place));
  return { ...part, ...layout };
}

async function storedTable(
  engine: Engine,
  opened: readonly Part[],
  options: TableOptions,
): Promise<StoredTable> {
  const { missing = [] } = options;
  const types = new Map(Object.entries(options.types ?? {}));
  checkNames(opened, types);
  const parts = [];
  for (const part of opened) parts.push(await counted(engine, part, types, missing));
  const columns = columnsOf(parts, types, options.types === undefined);
  const place = opened.map((part) => part.place).join(', ');
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows === 0) throw new TableError('TABLE_EMPTY', place, 'it has no rows', 'Give a table with rows.');
  const source = { engine, parts, missing };
  return {
    place,
    columns,
    rows,
    source,
    chunks: (asked, rowsAtOnce = ROWS_AT_ONCE) => readRows(source, chosen(place, columns, asked), rowsAtOnce),
    close: engine.close,
  };
}
