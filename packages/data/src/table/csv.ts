import { writtenNumber, writtenTime } from '@semivae/runtime/core';
import { type Connection, onlyFile, rowsOf, text } from './duckdb.ts';
import type { Field } from './fields.ts';
import { TableError } from './table-error.ts';

/** How a CSV is written, where that is not to be found out. */
export interface CsvOptions {
  /** Whether the first line holds the columns' names; without, they are column1, column2, …. */
  readonly header?: boolean;
  /** One character between cells. */
  readonly delimiter?: string;
  /** The character around cells that hold a delimiter; '' if quotes mean nothing. */
  readonly quote?: string;
  /** The encoding of files of texts, as browsers name it. */
  readonly encoding?: string;
}

/** A file of texts, perhaps a copy in UTF-8 of the one that people know. */
export interface StoredTexts {
  readonly file: string;
  readonly place: string;
  /** Whether its lines end as in Windows. */
  readonly windows?: boolean;
}

/** A file as a relation of SQL, and its columns. */
export interface Layout {
  readonly relation: string;
  readonly fields: readonly Field[];
  /** Of a CSV. */
  readonly delimiter?: string;
  /** What a person should know of how it is written. */
  readonly notes?: readonly string[];
}

interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  /** Lines before the first row. */
  readonly skip: number;
  /** What ends a line, where DuckDB does not find it out by itself. */
  readonly lineEnd?: string;
}

const DELIMITERS = [',', ';', '\t', '|'];

const SAMPLE = 100;

/**
 * The columns of the CSV `file`, all of them texts. Leading lines without any delimiter are titles and are left out.
 * Throws TABLE_EMPTY or TABLE_HEADER.
 */
export async function csvLayout(
  connection: Connection,
  { file, place, windows }: StoredTexts,
  options: CsvOptions,
): Promise<Layout> {
  const lines = await firstLines(connection, file);
  if (lines.every((line) => line.trim() === '')) {
    throw new TableError('TABLE_EMPTY', place, 'it holds nothing but blank lines', 'Give a file with rows.');
  }
  const found = dialectOf(lines, place, options);
  const first = firstRecord(lines.slice(found.skip), found.quote);
  const dialect = { ...found, ...(first.includes('\n') && windows && { lineEnd: '\\r\\n' }) };
  const width = 1 + count(first, dialect.delimiter, dialect.quote);
  const cells = await sampleRows(connection, csvRelation(file, dialect, width, false));
  const header = options.header ?? hasHeader(cells);
  const names = header ? headerNames(cells[0] ?? [], place, dialect.skip + 1) : positions(width);
  return {
    relation: csvRelation(file, dialect, width, header),
    delimiter: dialect.delimiter,
    fields: names.map((name, i) => ({ name, sql: `c${i}`, stored: 'cell', duckType: 'VARCHAR' })),
  };
}

function csvRelation(
  file: string,
  { delimiter, quote, skip, lineEnd }: Dialect,
  width: number,
  header: boolean,
): string {
  const columns = Array.from({ length: width }, (_, i) => `c${i}: 'VARCHAR'`).join(', ');
  const how = `delim = ${text(delimiter)}, quote = ${text(quote)}, escape = ${text(quote)}, skip = ${skip}${lineEnd ? `, new_line = ${text(lineEnd)}` : ''}`;
  return `read_csv(${onlyFile(file)}, auto_detect = false, ${how}, header = ${header}, columns = {${columns}})`;
}

async function firstLines(connection: Connection, file: string): Promise<string[]> {
  const whole = `delim = '\u0001', quote = '', escape = '', header = false, columns = {line: 'VARCHAR'}`;
  const lines = `read_csv(${onlyFile(file)}, auto_detect = false, strict_mode = false, ${whole})`;
  const rows = await rowsOf(connection, `SELECT coalesce(line, '') FROM ${lines} LIMIT ${SAMPLE}`);
  return rows.map(([line]) => String(line));
}

async function sampleRows(connection: Connection, relation: string): Promise<string[][]> {
  const rows = await rowsOf(connection, `SELECT * FROM ${relation} LIMIT ${SAMPLE}`);
  return rows.map((row) => row.map((cell) => String(cell ?? '').trim()));
}

/** The first line of a file that spreadsheets write: `sep=;`. */
const SAID = /^sep=(.)\s*$/i;

function dialectOf(lines: readonly string[], file: string, options: CsvOptions): Dialect {
  const quote = options.quote ?? '"';
  const said = SAID.exec(lines[0] ?? '')?.[1];
  const rows = said === undefined ? lines : lines.slice(1);
  const likely = said ?? (/\.tsv(\.|$)/.test(file) ? '\t' : likeliest(rows, quote));
  const delimiter = options.delimiter ?? likely;
  const title = rows.findIndex((line) => line !== '' && (!delimiter || line.includes(delimiter)));
  const skip = Math.max(title, 0) + lines.length - rows.length;
  return { delimiter: delimiter || ',', quote, skip };
}

/** The first lines up to one at whose end no quote is open: names of columns may hold line breaks. */
function firstRecord(lines: readonly string[], quote: string): string {
  if (quote === '') return lines[0] ?? '';
  let quotes = 0;
  const end = lines.findIndex((line) => {
    quotes += line.split(quote).length - 1;
    return quotes % 2 === 0;
  });
  return end < 0 ? (lines[0] ?? '') : lines.slice(0, end + 1).join('\n');
}

/**
 * The delimiter of which most lines have the same number, and of those the one with the most, but a comma only where it is
 * not the decimal sign of numbers between others; '' if there is none.
 */
function likeliest(lines: readonly string[], quote: string): string {
  const scored = DELIMITERS.map((delimiter) => {
    const counts = lines.map((line) => count(line, delimiter, quote)).filter((n) => n > 0);
    const spoils = delimiter === ',' && lines.every((line) => !/(^|\D),|,(\D|$)/.test(line));
    return { delimiter, spoils, ...commonest(counts) };
  });
  scored.sort((a, b) => b.lines - a.lines || Number(a.spoils) - Number(b.spoils) || b.count - a.count);
  return scored[0]?.lines ? scored[0].delimiter : '';
}

function commonest(counts: readonly number[]): { lines: number; count: number } {
  const tally = new Map<number, number>();
  for (const n of counts) tally.set(n, (tally.get(n) ?? 0) + 1);
  const [best] = [...tally].sort((a, b) => b[1] - a[1] || b[0] - a[0]);
  return { count: best?.[0] ?? 0, lines: best?.[1] ?? 0 };
}

/** Delimiters outside quotes. */
function count(line: string, delimiter: string, quote: string): number {
  const parts = quote ? line.split(quote).filter((_, i) => i % 2 === 0) : [line];
  return parts.reduce((sum, part) => sum + part.split(delimiter).length - 1, 0);
}

/** No cell of the first row is a number or a date, or one is none where all below it are. */
function hasHeader([first = [], ...below]: readonly string[][]): boolean {
  const named = first.every((cell) => !isValue(cell));
  const odd = first.some((cell, i) => {
    const present = below.map((row) => row[i] ?? '').filter((value) => value !== '');
    return cell !== '' && !isValue(cell) && present.length > 0 && present.every(isValue);
  });
  return named || odd;
}

const isValue = (cell: string): boolean =>
  /^\d{4}-\d\d?-\d\d?\b/.test(cell) ||
  writtenNumber(cell, '.') !== undefined ||
  writtenNumber(cell, ',') !== undefined ||
  writtenTime(cell, 'dmy') !== undefined ||
  writtenTime(cell, 'mdy') !== undefined;

const positions = (width: number) => Array.from({ length: width }, (_, i) => `column${i + 1}`);

function headerNames(cells: readonly string[], file: string, line: number): string[] {
  const names = cells.map((cell, i) => cell || `column${i + 1}`);
  const firsts = new Map<string, number>();
  for (const [i, name] of names.entries()) if (!firsts.has(name)) firsts.set(name, i);
  const twice = names.findIndex((name, i) => firsts.get(name) !== i);
  if (twice < 0) return names;
  const first = firsts.get(names[twice] ?? '') ?? 0;
  const problem = `columns ${first + 1} and ${twice + 1} are both named '${names[twice]}'`;
  const remedy =
    'Give each column a name of its own; if the first line holds no names, say so (--no-header).';
  throw new TableError('TABLE_HEADER', `${file}, line ${line}`, problem, remedy);
}
