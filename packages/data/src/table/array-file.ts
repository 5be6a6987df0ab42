import { readFile, stat } from 'node:fs/promises';
import { chosen } from './chosen.ts';
import { formatOf } from './files.ts';
import { arrayFromNpy, type StoredArray } from './npy.ts';
import {
  type Cells,
  type Chunk,
  type ColumnType,
  ROWS_AT_ONCE,
  type Table,
  type TableColumn,
} from './table.ts';
import { TableError } from './table-error.ts';
import { unzipped, zipEntries } from './zip.ts';

/** Bytes that arrays may fill unless asked otherwise: they are held in memory as they are stored. */
export const ARRAY_MEMORY = 2 ** 30;

interface ArrayColumn extends TableColumn {
  readonly array: StoredArray;
  readonly index: number;
}

/** How an npz or npy file is to be read. */
export interface ArrayOptions {
  readonly array?: string;
  readonly memory?: number;
  readonly types?: Readonly<Record<string, ColumnType>>;
}

/**
 * The arrays of an npz or npy file side by side: a column of the array's name for one dimension, `<array>1`, `<array>2`, …
 * for two. Throws TABLE_MEMORY, before unpacking, for what needs more than `memory` bytes; TABLE_ARRAY for other arrays.
 */
export async function openArrays(file: string, options: ArrayOptions = {}): Promise<Table> {
  const isNpy = (await formatOf(file)) === 'npy';
  const arrays = isNpy ? [await npyArray(file, options)] : await npzArrays(file, options);
  const rows = commonRows(arrays, file);
  const types = new Map(Object.entries(options.types ?? {}));
  const columns = arrays
    .flatMap(columnsOf)
    .map((column) => ({ ...column, type: types.get(column.name) ?? column.type }));
  checkNames(columns, file, options);
  return {
    place: file,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows,
    chunks: (asked, rowsAtOnce = ROWS_AT_ONCE) =>
      chunks(file, chosen(file, columns, asked), rows, rowsAtOnce),
    close: async () => {},
  };
}

async function npyArray(file: string, { memory = ARRAY_MEMORY }: ArrayOptions): Promise<StoredArray> {
  checkMemory(file, (await stat(file)).size, memory);
  return arrayFromNpy('x', await readFile(file), file);
}

async function npzArrays(
  file: string,
  { array, memory = ARRAY_MEMORY }: ArrayOptions,
): Promise<StoredArray[]> {
  checkMemory(file, (await stat(file)).size, memory);
  const entries = zipEntries(await readFile(file), file).map((entry) => ({
    ...entry,
    name: entry.name.replace(/\.npy$/, ''),
  }));
  const wanted = array === undefined ? entries : entries.filter(({ name }) => name === array);
  if (wanted.length === 0)
    throw noArray(
      file,
      array,
      entries.map(({ name }) => name),
    );
  checkMemory(
    file,
    wanted.reduce((sum, { size }) => sum + size, 0),
    memory,
  );
  const arrays: StoredArray[] = [];
  for (const entry of wanted) {
    const place = `${file}, array '${entry.name}'`;
    arrays.push(arrayFromNpy(entry.name, await unzipped(entry, place), place));
  }
  return arrays;
}

function checkMemory(file: string, bytes: number, memory: number): void {
  if (bytes <= memory) return;
  const problem = `its arrays fill ${bytes} bytes, and ${memory} are allowed`;
  throw new TableError(
    'TABLE_MEMORY',
    file,
    problem,
    'Allow more (--memory 2GB), or write the rows as Parquet.',
  );
}

function noArray(file: string, array: string | undefined, present: readonly string[]): TableError {
  const problem = array === undefined ? 'it holds no array' : `it holds no array '${array}'`;
  return new TableError('TABLE_ARRAY', file, problem, `It holds ${present.join(', ') || 'nothing'}.`);
}

function commonRows(arrays: readonly StoredArray[], file: string): number {
  const rows = arrays[0]?.shape[0] ?? 0;
  if (arrays.some(({ shape }) => shape[0] !== rows)) {
    const shapes = arrays.map(({ name, shape }) => `${name} (${shape.join(', ')})`).join(', ');
    const remedy = 'Say which array holds the rows (--array).';
    throw new TableError('TABLE_ARRAY', file, `its arrays differ in rows: ${shapes}`, remedy);
  }
  if (rows > 0) return rows;
  throw new TableError('TABLE_EMPTY', file, 'it has no rows', 'Give a table with rows.');
}

function columnsOf(array: StoredArray): ArrayColumn[] {
  const [, width] = array.shape;
  const { name, type } = array;
  if (width === undefined) return [{ name, type, array, index: 0 }];
  return Array.from({ length: width }, (_, index) => ({ name: `${name}${index + 1}`, type, array, index }));
}

function checkNames(columns: readonly ArrayColumn[], file: string, { types = {} }: ArrayOptions): void {
  const names = new Set(columns.map(({ name }) => name));
  chosen(file, columns, Object.keys(types));
  if (names.size === columns.length) return;
  const remedy = 'Rename an array, or choose one (--array).';
  throw new TableError('TABLE_HEADER', file, 'two of its columns would have the same name', remedy);
}

async function* chunks(
  file: string,
  columns: readonly ArrayColumn[],
  rows: number,
  rowsAtOnce: number,
): AsyncGenerator<Chunk> {
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const length = Math.min(rowsAtOnce, rows - start);
    const cells = columns.map((column): [string, Cells] => [
      column.name,
      cellsOf(file, column, start, length),
    ]);
    yield { start, rows: length, columns: Object.fromEntries(cells) };
  }
}

function cellsOf(
  file: string,
  { name, type, array, index }: ArrayColumn,
  start: number,
  length: number,
): Cells {
  const [rows, width = 1] = array.shape;
  const at = (i: number) =>
    array.at(array.columnMajor ? index * rows + start + i : (start + i) * width + index);
  if (type === 'text') return Array.from({ length }, (_, i) => asText(at(i)));
  const cells = new Float64Array(length);
  for (let i = 0; i < length; i++) cells[i] = asNumber(at(i), type);
  const bad = cells.findIndex((cell) => Math.abs(cell) === Number.POSITIVE_INFINITY);
  if (bad < 0) return cells;
  const place = `${file}, row ${start + bad + 1}, column '${name}'`;
  const problem = `'${at(bad)}' is not a ${type === 'number' ? 'finite number' : type}, or is an integer beyond 2^53`;
  throw new TableError('TABLE_CELL', place, problem, 'Correct the cell, or leave the column out.');
}

const asText = (value: number | string) => (Number.isNaN(value) ? '' : String(value));

/** Infinite where `value` is not of `type`. */
function asNumber(value: number | string, type: ColumnType): number {
  const number = typeof value === 'number' ? value : value.trim() === '' ? Number.NaN : Number(value);
  const spelt = typeof value === 'string' && value.trim() !== '';
  const fits = type === 'number' || (type === 'boolean' && (number === 0 || number === 1));
  return (spelt && Number.isNaN(number)) || !(fits || Number.isNaN(number))
    ? Number.POSITIVE_INFINITY
    : number;
}
