import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
import type { Written } from '@semivae/runtime/core';
import type { Counted } from './columns.ts';
import { type Connection, type Engine, quoted, rowsOf } from './duckdb.ts';
import { type Field, isText, presentText, readAs, spelledNumber } from './fields.ts';
import { changed, checkUnchanged } from './files.ts';
import { failure, fieldOf, type Part, reading } from './part.ts';
import type { Cells, Chunk, ColumnType, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';

/** What is read. */
export interface Source {
  readonly engine: Engine;
  readonly parts: readonly Counted[];
  /** Texts that mean that a cell is missing, besides the empty one. */
  readonly missing: readonly string[];
}

/** The rows of all parts in order, `rowsAtOnce` at a time; throws TABLE_CELL or TABLE_CHANGED. */
export async function* readRows(
  source: Source,
  columns: readonly TableColumn[],
  rowsAtOnce: number,
): AsyncGenerator<Chunk> {
  let batch = emptyBatch(columns, 0, rowsAtOnce);
  for await (const [part, chunk, row] of storedChunks(source, columns)) {
    for (let from = 0; from < chunk.rowCount; ) {
      const rows = Math.min(chunk.rowCount - from, rowsAtOnce - batch.rows);
      const bad = fill(batch, columns, chunk, from, rows);
      if (bad) throw await badCell(source, part, bad.column, row + bad.row);
      from += rows;
      if (batch.rows < rowsAtOnce) continue;
      yield finished(batch, columns);
      batch = emptyBatch(columns, batch.start + batch.rows, rowsAtOnce);
    }
  }
  if (batch.rows > 0) yield finished(batch, columns);
}

type StoredChunk = readonly [part: Counted, chunk: DuckDBDataChunk, row: number];

/** The chunks of every part as DuckDB has them, each with the index of its first row in its part. */
async function* storedChunks(source: Source, columns: readonly TableColumn[]): AsyncGenerator<StoredChunk> {
  for (const part of source.parts) {
    if (part.file) await checkUnchanged(part.place, part.file);
    let row = 0;
    for await (const chunk of streamed(source.engine, part, selection(source, part, columns))) {
      yield [part, chunk, row];
      row += chunk.rowCount;
    }
    if (part.file) await checkUnchanged(part.place, part.file);
    if (row !== part.rows) throw changed(part.place);
  }
}

function selection({ missing }: Source, part: Part, columns: readonly TableColumn[]): string {
  const fields = columns.map(({ name }) => fieldOf(part, name));
  const numbers = fields.map((_, i) => quoted(`number ${i}`));
  const spelled = columns.flatMap(({ type, written }, i) => {
    const field = fields[i] as Field;
    return type === 'number' && isText(field.stored)
      ? [`${spelledNumber(field, missing, written)} AS ${numbers[i]}`]
      : [];
  });
  const read = columns.map(({ type, written }, i) =>
    readAs(fields[i] as Field, type, missing, part.place, numbers[i] ?? '', written),
  );
  const from = spelled.length > 0 ? `(SELECT *, ${spelled.join(', ')} FROM ${part.relation})` : part.relation;
  return `SELECT ${read.join(', ') || '1'} FROM ${from}`;
}

async function* streamed(engine: Engine, part: Part, sql: string): AsyncGenerator<DuckDBDataChunk> {
  const connection = await engine.connect();
  try {
    const result = await connection.stream(sql);
    for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk())
      yield chunk;
  } catch (reason) {
    throw await failure(reason, part);
  } finally {
    closed(connection);
  }
}

/** What of a query is not read yet is given up. */
function closed(connection: Connection): void {
  connection.interrupt();
  connection.closeSync();
}

const INFINITY = Number.POSITIVE_INFINITY;

interface Batch {
  readonly start: number;
  readonly cells: readonly (Float64Array | string[])[];
  rows: number;
}

function emptyBatch(columns: readonly TableColumn[], start: number, rows: number): Batch {
  const cells = columns.map(({ type }) => (type === 'text' ? ([] as string[]) : new Float64Array(rows)));
  return { start, cells, rows: 0 };
}

function finished({ start, cells, rows }: Batch, columns: readonly TableColumn[]): Chunk {
  const named = columns.map(({ name }, i): [string, Cells] => [name, exactly(cells[i] ?? [], rows)]);
  return { start, rows, columns: Object.fromEntries(named) };
}

const exactly = (cells: Cells, rows: number): Cells => (cells.length === rows ? cells : cells.slice(0, rows));

interface BadCell {
  readonly column: TableColumn;
  readonly row: number;
}

/** Adds rows of `chunk` to `batch`; gives the first cell that is infinite, a fault, if there is one, by its row in `chunk`. */
function fill(
  batch: Batch,
  columns: readonly TableColumn[],
  chunk: DuckDBDataChunk,
  from: number,
  rows: number,
): BadCell | undefined {
  let first: BadCell | undefined;
  for (const [i, column] of columns.entries()) {
    const into = batch.cells[i] ?? [];
    const vector = chunk.getColumnVector(i);
    const row =
      into instanceof Float64Array
        ? numbers(vector, from, rows, into, batch.rows)
        : texts(vector, from, rows, into);
    if (row < (first?.row ?? INFINITY)) first = { column, row };
  }
  batch.rows += rows;
  return first;
}

function numbers(vector: DuckDBVector, from: number, rows: number, into: Float64Array, at: number): number {
  let bad = INFINITY;
  for (let i = 0; i < rows; i++) {
    const value = vector.getItem(from + i) as number | null;
    if ((value === INFINITY || value === -INFINITY) && from + i < bad) bad = from + i;
    into[at + i] = value ?? Number.NaN;
  }
  return bad;
}

/** ONNX Runtime would cut a text at a null character, without a word: such a cell is a fault. */
function texts(vector: DuckDBVector, from: number, rows: number, into: string[]): number {
  let bad = INFINITY;
  for (let i = 0; i < rows; i++) {
    const cell = (vector.getItem(from + i) as string | null) ?? '';
    if (cell.includes('\0') && from + i < bad) bad = from + i;
    into.push(cell);
  }
  return bad;
}

async function badCell(source: Source, part: Part, column: TableColumn, row: number): Promise<TableError> {
  const field = fieldOf(part, column.name);
  const cell = field.stored === 'cell' ? presentText(field) : `${quoted(field.sql)}::VARCHAR`;
  const sql = `SELECT ${cell} FROM ${part.relation} LIMIT 1 OFFSET ${row}`;
  const [[found] = []] = await reading(source.engine, part, (connection) => rowsOf(connection, sql));
  const place = `${part.place}, row ${row + 1}, column '${column.name}'`;
  return new TableError('TABLE_CELL', place, ...explained(String(found ?? ''), column));
}

function explained(
  cell: string,
  { name, type, written = {} }: TableColumn,
): [problem: string, remedy: string] {
  const shown = `'${cell.slice(0, 60)}'`;
  if (type === 'text')
    return [
      'it holds a null character',
      `Remove such characters, or leave the column out (--column '${name}=ignored').`,
    ];
  if (type === 'number' && /^\s*[+-]?\d{16,}\s*$/.test(cell)) {
    return [
      `${shown} is an integer beyond 2^53, which no number here holds exactly`,
      `Read it as text in a query (--sql), or leave the column out (--column '${name}=ignored').`,
    ];
  }
  const option = { number: '--decimal', timestamp: '--date-format', boolean: '', text: '' }[type];
  const otherwise = option && `; if the column is written in another way, say so (${option})`;
  const remedy = `Correct the cell; if ${shown} means missing, say so (--missing)${otherwise}; if it is right, take the column for texts (--column '${name}=categorical').`;
  return [`${shown} is not a ${type === 'number' ? 'finite number' : type}${inWords(type, written)}`, remedy];
}

/** How cells of a column are meant to be written. */
function inWords(type: ColumnType, { decimal, date, words }: Written): string {
  if (type === 'number' && decimal) return ` where the decimal sign is '${decimal}'`;
  if (type === 'timestamp' && date) return `, written as ${date}`;
  return type === 'boolean' && words ? `, ${words[0]} or ${words[1]}` : '';
}
