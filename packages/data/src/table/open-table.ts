import type { DateOrder, DateUnit, DecimalSign, Written } from '@semivae/runtime/core';
import { openArrays } from './array-file.ts';
import { chosen } from './chosen.ts';
import { type Asked, checkNames, columnsOf, counted } from './columns.ts';
import type { CsvOptions } from './csv.ts';
import { type Engine, startEngine, withConnection } from './duckdb.ts';
import { asUtf8 } from './encoding.ts';
import { filesOf, fingerprint, formatOf } from './files.ts';
import { foundColumns } from './found.ts';
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
  /** The types that columns must have; the others are found out. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Whether columns without a stated type are read, too; by default where no type is stated. */
  readonly others?: boolean;
  /** Columns that are read though no type of them is stated, nor of all others. */
  readonly found?: readonly string[];
  /** Columns of which nothing is read, whatever they hold. */
  readonly unread?: readonly string[];
  /** Columns whose texts are texts, or plain numbers or times, and nothing that a closer look would find. */
  readonly asWritten?: readonly string[];
  /** How columns are written, as a trained model knows it; those that are not here plainly. Absent: it is found out. */
  readonly written?: Readonly<Record<string, Written>>;
  /** The decimal sign of numbers that are written as texts. */
  readonly decimal?: DecimalSign;
  /** The order of dates that do not begin with the year, or what numbers of dates count. */
  readonly dateFormat?: DateOrder | DateUnit;
  /** The same for single columns, by name. */
  readonly dateFormats?: Readonly<Record<string, DateOrder | DateUnit>>;
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
  const isText = format === 'csv' || format === 'json';
  const { note, ...texts } = isText ? await asUtf8(engine, place, options.encoding) : { file: place };
  if (format === 'json') await checkSound(texts.file, format);
  const part = { place, file };
  const stored = { place, ...texts };
  const layout = await reading(engine, part, (use) => layoutOf(use, stored, format, options));
  if (format === 'csv') await checkSound(texts.file, format);
  if (format === 'parquet') await reading(engine, part, (use) => checkPages(use, place));
  return { ...part, ...layout, ...(note && { notes: [note] }) };
}

async function storedTable(
  engine: Engine,
  opened: readonly Part[],
  options: TableOptions,
): Promise<StoredTable> {
  const { missing = [] } = options;
  const asked = askedOf(options);
  checkNames(opened, asked);
  const parts = [];
  for (const part of opened) parts.push(await counted(engine, part, asked, missing));
  const looking = { engine, parts, asked, missing };
  const { columns, notes } = await foundColumns(looking, columnsOf(parts, asked));
  const place = opened.map((part) => part.place).join(', ');
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows === 0) throw new TableError('TABLE_EMPTY', place, 'it has no rows', 'Give a table with rows.');
  const source = { engine, parts, missing };
  const readNames = columns.filter(({ unread }) => !unread).map(({ name }) => name);
  return {
    place,
    columns,
    rows,
    notes: [...opened.flatMap((part) => part.notes ?? []), ...notes],
    source,
    chunks: (asked, rowsAtOnce = ROWS_AT_ONCE) =>
      readRows(source, chosen(place, columns, asked ?? readNames), rowsAtOnce),
    close: engine.close,
  };
}

function askedOf({
  types,
  others,
  found = [],
  unread = [],
  asWritten = [],
  written,
  decimal,
  dateFormat,
  dateFormats = {},
}: TableOptions): Asked {
  return {
    types: new Map(Object.entries(types ?? {})),
    others: others ?? types === undefined,
    found: new Set(found),
    unread: new Set(unread),
    asWritten: new Set(asWritten),
    formats: new Map(Object.entries(dateFormats)),
    ...(written && { written: new Map(Object.entries(written)) }),
    ...(decimal && { decimal }),
    ...(dateFormat && { format: dateFormat }),
  };
}
