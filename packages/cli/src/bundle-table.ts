import { type Chunk, type ColumnType, type Table, TableError } from '@semivae/data';
import { openTable, type TableOptions } from '@semivae/data/node';
import {
  type InputColumn,
  type Manifest,
  SemivaeError,
  tableInput,
  visibleLine,
  type Written,
} from '@semivae/runtime/core';
import type { Command } from 'commander';
import { CommandFailure } from './failure.ts';
import type { Output } from './output.ts';
import { type ReadingFlags, withReadingFlags } from './reading-flags.ts';
import { bytesOf } from './table-data.ts';

/** How the files of a table are to be read, as the command line has it. */
export interface TableFlags extends ReadingFlags {
  readonly sql?: string;
  readonly memory?: string;
}

/** The options of `TableFlags`, which mean nothing to images. */
export const TABLE_FLAGS = [
  ...(['sql', 'memory', 'missing', 'header', 'delimiter'] as const),
  ...(['quote', 'encoding', 'decimal', 'dateFormat'] as const),
] as const satisfies readonly (keyof TableFlags)[];

/** Adds the options that say how a table is read. */
export const withTableFlags = (command: Command): Command =>
  withReadingFlags(
    command
      .option('--sql <query>', 'a query for the rows of a table, in place of files')
      .option('--memory <bytes>', 'what reading and writing may use, such as 2GB (default: 400MB)'),
    'as in training',
  );

/** Bytes that DuckDB may use: a stream of rows needs no more, and what stands beside it is as large again. */
const MEMORY = '400MB';

/** Rows in a chunk: enough that what is done once a chunk does not count, few enough that a stop is soon seen. */
export const ROWS_IN_A_CHUNK = 4096;

/** Rows of files, and which of their columns a bundle sees. */
export interface BundleTable {
  readonly table: Table;
  /** In the bundle's order. */
  readonly names: readonly string[];
  /** Bytes that writing may use. */
  readonly memory: number;
}

export interface Opening extends TableFlags {
  /** Columns that are wanted besides, as texts. */
  readonly besides?: readonly string[];
  /** The first rows only. */
  readonly limit?: number;
}

/**
 * Opens files, or a query, as the table that a bundle expects: columns by name, in any order, of the types it was trained
 * on. Tells of columns that it does not know. Throws COLUMNS_MISSING with all their names, INPUT_KIND, TABLE_….
 */
export async function openBundleTable(
  manifest: Manifest,
  files: readonly string[],
  opening: Opening,
  output: Output,
): Promise<BundleTable> {
  checkNamed(manifest, files, opening);
  const { columns } = tableInput(manifest);
  const used = columns.filter(({ kind }) => kind !== 'ignored');
  const names = used.map(({ name }) => name);
  const options = optionsOf(manifest, opening);
  const table = await openTyped(files, used, options, opening);
  for (const each of table.notes ?? []) output.note(`note: ${each}`);
  noteUnknown(table, [...columns.map(({ name }) => name), ...(opening.besides ?? [])], output);
  return { table: firstRows(table, opening.limit), names, memory: options.memory };
}

function checkNamed({ name }: Manifest, files: readonly string[], { sql }: Opening): void {
  if (files.length > 0 || sql !== undefined) return;
  throw new CommandFailure('NO_ROWS_NAMED', name, 'there are no rows to read', 'Name files, or give --sql.');
}

type Reading = Pick<
  TableOptions,
  'sql' | 'memory' | 'missing' | 'header' | 'delimiter' | 'quote' | 'encoding'
>;

function optionsOf(manifest: Manifest, flags: Opening): Reading & { readonly memory: number } {
  const { sql, memory = MEMORY, missing, header, delimiter, quote, encoding } = flags;
  return {
    ...readingOf(manifest),
    memory: bytesOf(memory),
    ...(missing !== undefined && { missing: missing.split(',') }),
    ...(sql !== undefined && { sql }),
    ...(header !== undefined && { header }),
    ...(delimiter !== undefined && { delimiter }),
    ...(quote !== undefined && { quote }),
    ...(encoding !== undefined && { encoding }),
  };
}

/** How the files were read that the bundle was trained on, as far as its recipe says so. */
function readingOf({ training }: Manifest): Reading {
  const { data = {} } = (training.recipe ?? {}) as { data?: Readonly<Record<string, unknown>> };
  const missing = Array.isArray(data.missing) ? data.missing.filter((each) => typeof each === 'string') : [];
  const texts = (['delimiter', 'quote', 'encoding'] as const).flatMap((name) =>
    typeof data[name] === 'string' ? [[name, data[name]] as const] : [],
  );
  return {
    missing,
    ...(typeof data.header === 'boolean' && { header: data.header }),
    ...Object.fromEntries(texts),
  };
}

/** How columns are written: as in training, unless a person says otherwise. */
const writtenOf = (used: readonly InputColumn[], { decimal, dateFormat }: Opening): Record<string, Written> =>
  Object.fromEntries(
    used.flatMap(({ name, kind, tensor, written }): [string, Written][] => {
      if (kind === 'timestamp') return [[name, dateFormat ? { date: dateFormat } : { ...written }]];
      if (tensor === 'texts') return [];
      return [[name, decimal && !written?.words ? { decimal } : { ...written }]];
    }),
  );

async function openTyped(
  files: readonly string[],
  used: readonly InputColumn[],
  reading: Reading,
  opening: Opening,
): Promise<Table> {
  const { besides = [] } = opening;
  const types = { ...typesOf(used), ...Object.fromEntries(besides.map((name) => [name, 'text' as const])) };
  const names = [...used.map(({ name }) => name), ...besides];
  const found = used.filter(isTruth).map(({ name }) => name);
  const options = { ...reading, written: writtenOf(used, opening) };
  const table = await openTable(files, { ...options, types, found }).catch((error: unknown) =>
    openUntyped(files, names, reading, error),
  );
  const again = namesOf(table).filter((name) => isMistaken(name, table, used));
  if (again.length === 0 && names.every((name) => namesOf(table).includes(name))) return table;
  await table.close();
  checkAll(table, names);
  const numbers = Object.fromEntries(again.map((name) => [name, 'number' as const]));
  return openTable(files, { ...options, types: { ...types, ...numbers }, found });
}

/** Whether a column that should hold zeros and ones, or booleans, was taken for texts or times. */
const isMistaken = (name: string, { columns }: Table, used: readonly InputColumn[]): boolean =>
  used.some((column) => column.name === name && isTruth(column)) &&
  columns.some((column) => column.name === name && !['number', 'boolean'].includes(column.type));

/** After a column was not found: looks at the names alone, so that all that are missing can be told. */
async function openUntyped(
  files: readonly string[],
  names: readonly string[],
  options: Reading,
  error: unknown,
): Promise<never> {
  if (!(error instanceof TableError) || error.code !== 'TABLE_COLUMNS') throw error;
  const table = await openTable(files, { ...options, types: {} });
  await table.close();
  checkAll(table, names);
  throw error;
}

function checkAll({ columns, place }: Pick<Table, 'columns' | 'place'>, names: readonly string[]): void {
  const present = namesOf({ columns });
  const lacking = names.filter((name) => !present.includes(name));
  if (lacking.length === 0) return;
  const problem = `it lacks ${lacking.length === 1 ? 'the column' : 'the columns'} ${listed(lacking)}`;
  throw new CommandFailure(
    'COLUMNS_MISSING',
    place,
    problem,
    `Add what is missing; it has ${listed(present)}.`,
  );
}

const namesOf = ({ columns }: Pick<Table, 'columns'>): string[] => columns.map(({ name }) => name);

const listed = (names: readonly string[], most = 20): string => {
  const shown = names.slice(0, most).map((name) => `'${name}'`);
  return [...shown, ...(names.length > most ? [`${names.length - most} more`] : [])].join(', ');
};

/** Zeros and ones may stand for booleans, which files write in their own way: such a column's type is found out. */
const isTruth = ({ tensor, written, levels = [] }: InputColumn): boolean =>
  tensor === 'numbers' &&
  !written?.words &&
  levels.length > 0 &&
  levels.every((level) => [0, 1].includes(Number(level)));

function typeOf({ kind, tensor, written }: InputColumn): ColumnType {
  if (tensor === 'texts') return 'text';
  return kind === 'timestamp' ? 'timestamp' : written?.words ? 'boolean' : 'number';
}

const typesOf = (used: readonly InputColumn[]): Record<string, ColumnType> =>
  Object.fromEntries(used.filter((column) => !isTruth(column)).map((each) => [each.name, typeOf(each)]));

function noteUnknown(table: Table, known: readonly string[], { note }: Output): void {
  const extra = namesOf(table).filter((name) => !known.includes(name));
  if (extra.length > 0) note(`note: the model does not look at ${visibleLine(listed(extra))}`);
}

function firstRows(table: Table, most: number = table.rows): Table {
  if (table.rows <= most) return table;
  const { place, columns, close } = table;
  return { place, columns, rows: most, chunks: (...asked) => upTo(most, table.chunks(...asked)), close };
}

async function* upTo(most: number, chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    const rows = Math.min(chunk.rows, most - chunk.start);
    yield rows === chunk.rows ? chunk : shortened(chunk, rows);
    if (chunk.start + rows === most) return;
  }
}

const shortened = ({ start, columns }: Chunk, rows: number): Chunk => ({
  start,
  rows,
  columns: Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, cells.slice(0, rows)])),
});

/** What a model says of rows, of which row i is row `rowOf(i)` of the table: so are those told that it refuses. */
export async function asking<T>(
  { place }: Table,
  rowOf: (i: number) => number,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const [, row, rest] = (error instanceof SemivaeError && /^row (\d+)(.*)$/s.exec(error.place)) || [];
    if (row === undefined || !(error instanceof SemivaeError)) throw error;
    const where = `${place}, row ${rowOf(Number(row)) + 1}${rest}`;
    throw new CommandFailure(error.code, where, problemOf(error), error.remedy, { cause: error });
  }
}

const problemOf = ({ message, place, remedy }: SemivaeError): string =>
  message.slice(place.length + 2, -remedy.length - 2);
