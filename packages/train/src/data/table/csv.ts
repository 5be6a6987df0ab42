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
}

/** A file as a relation of SQL, and its columns. */
export interface Layout {
  readonly relation: string;
  readonly fields: readonly Field[];
}

interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  /** Lines before the first row. */
  readonly skip: number;
}

const DELIMITERS = [',', ';', '\t', '|'];

const SAMPLE = 100;

/**
 * The columns of the CSV `file`, all of them texts. Leading lines without any delimiter are titles and are left out.
 * Throws TABLE_EMPTY or TABLE_HEADER.
 */
export async function csvLayout(connection: Connection, file: string, options: CsvOptions): Promise<Layout> {
  const lines = await firstLines(connection, file);
  if (lines.every((line) => line.trim() === '')) {
    throw new TableError('TABLE_EMPTY', file, 'it holds nothing but blank lines', 'Give a file with rows.');
  }
  const dialect = dialectOf(lines, file, options);
  const first = lines[dialect.skip] ?? '';
  const width = 1 + count(first, dialect.delimiter, dialect.quote);
  const cells = await sampleRows(connection, csvRelation(file, dialect, width, false));
  const header = options.header ?? hasHeader(cells);
  const names = header ? headerNames(cells[0] ?? [], file, dialect.skip + 1) : positions(width);
  return {
    relation: csvRelation(file, dialect, width, header),
    fields: names.map((name, i) => ({ name, sql: `c${i}`, stored: 'cell', duckType: 'VARCHAR' })),
  };
}

function csvRelation(
  file: string,
  { delimiter, quote, skip }: Dialect,
  width: number,
  header: boolean,
): string {
  const columns = Array.from({ length: width }, (_, i) => `c${i}: 'VARCHAR'`).join(', ');
  const how = `delim = ${text(delimiter)}, quote = ${text(quote)}, escape = ${text(quote)}, skip = ${skip}`;
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

function dialectOf(lines: readonly string[], file: string, options: CsvOptions): Dialect {
  const quote = options.quote ?? '"';
  const likely = file.match(/\.tsv(\.|$)/) ? '\t' : likeliest(lines, quote);
  const delimiter = options.delimiter ?? likely;
  const skip = lines.findIndex((line) => line !== '' && (!delimiter || line.includes(delimiter)));
  return { delimiter: delimiter || ',', quote, skip: Math.max(skip, 0) };
}

/** The delimiter of which most lines have the same number, and of those the one with the most; '' if there is none. */
function likeliest(lines: readonly string[], quote: string): string {
  const scored = DELIMITERS.map((delimiter) => {
    const counts = lines.map((line) => count(line, delimiter, quote)).filter((n) => n > 0);
    return { delimiter, ...commonest(counts) };
  });
  scored.sort((a, b) => b.lines - a.lines || b.count - a.count);
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

const isValue = (cell: string) => /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^\d{4}-\d\d?-\d\d?\b/.test(cell);

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
