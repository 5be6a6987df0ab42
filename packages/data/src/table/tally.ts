import type { Layout } from './csv.ts';
import { type Connection, quoted, rowsOf } from './duckdb.ts';
import { type Field, parsedTime, presentText } from './fields.ts';
import type { ColumnType } from './table.ts';

/** How many cells of a column of texts are there, and how many of them spell what. */
export interface Tally {
  readonly present: number;
  readonly numbers: number;
  /** Numbers that are no integers. */
  readonly fractions: number;
  /** Integers beyond 2^53. */
  readonly wide: number;
  /** Numbers that are codes by the look of them: integers that begin with 0, or with `_` between digits. */
  readonly codes: number;
  readonly booleans: number;
  readonly times: number;
  /** Lists and records, in JSON. */
  readonly nested: number;
}

const NONE: Tally = {
  present: 0,
  numbers: 0,
  fractions: 0,
  wide: 0,
  codes: 0,
  booleans: 0,
  times: 0,
  nested: 0,
};

/** The rows of `layout`, and the tallies of `fields` over all of them, some columns at a time. */
export async function tallied(
  connection: Connection,
  { relation }: Layout,
  fields: readonly Field[],
  missing: readonly string[],
): Promise<{ rows: number; tallies: Tally[] }> {
  const [[rows] = []] = fields.length > 0 ? [] : await rowsOf(connection, `SELECT count(*) FROM ${relation}`);
  const tallies: Tally[] = [];
  let counted = Number(rows);
  for (let from = 0; from < fields.length; from += AT_ONCE) {
    const [row = []] = await rowsOf(
      connection,
      tallySql(relation, fields.slice(from, from + AT_ONCE), missing),
    );
    const [rows = 0, ...counts] = row.map(Number);
    for (let at = 0; at < counts.length; at += WIDTH) tallies.push(tallyOf(counts.slice(at, at + WIDTH)));
    counted = rows;
  }
  return { rows: counted, tallies };
}

/** Columns in one query, so that a wide table needs no more memory than another. */
const AT_ONCE = 500;

/** What is a number as it stands need not be looked at further: casting is dear. */
function tallySql(relation: string, fields: readonly Field[], missing: readonly string[]): string {
  const each = (sql: (field: Field, i: number) => string) => fields.map(sql).join(', ');
  const nested = ({ sql, stored }: Field) =>
    stored === 'json' ? `json_type(${quoted(sql)}) IN ('OBJECT', 'ARRAY')` : 'false';
  const cells = each((field, i) => `${presentText(field, missing)} AS t${i}, ${nested(field)} AS j${i}`);
  const numbers = each((_, i) => `TRY_CAST(t${i} AS DOUBLE) AS n${i}, t${i}, j${i}`);
  const code = (i: number) =>
    `starts_with(t${i}, '0') AND regexp_matches(t${i}, '^0[0-9]+$') OR n${i} IS NOT NULL AND contains(t${i}, '_')`;
  const others = each(
    (_, i) => `n${i}, if(n${i} IS NULL AND t${i} <> '', t${i}, NULL) AS t${i}, j${i}, ${code(i)} AS c${i}`,
  );
  const from = `(SELECT ${others} FROM (SELECT ${numbers} FROM (SELECT ${cells} FROM ${relation})))`;
  return `SELECT count(*), ${each((_, i) => countsOf(i).join(', '))} FROM ${from}`;
}

const WIDTH = 8;

function countsOf(i: number): string[] {
  return [
    `count(n${i}) + count(t${i})`,
    `count(n${i})`,
    `count_if(n${i} <> trunc(n${i}) OR isinf(n${i}) OR isnan(n${i}))`,
    `count_if(abs(n${i}) > ${Number.MAX_SAFE_INTEGER})`,
    `count_if(c${i})`,
    `count_if(lower(t${i}) IN ('true', 'false'))`,
    `count(${parsedTime(`t${i}`)})`,
    `count_if(j${i})`,
  ];
}

function tallyOf(counts: readonly number[]): Tally {
  const [present = 0, numbers = 0, fractions = 0, wide = 0, codes = 0, booleans = 0, times = 0, nested = 0] =
    counts;
  return { present, numbers, fractions, wide, codes, booleans, times, nested };
}

/** The tally of several files' columns together. */
export function together(tallies: readonly Tally[]): Tally {
  return tallies.reduce((a, b) => tallyOf(KEYS.map((key) => a[key] + b[key])), NONE);
}

const KEYS = ['present', 'numbers', 'fractions', 'wide', 'codes', 'booleans', 'times', 'nested'] as const;

/** Of a column that is called numbers or times, the share of cells that must be; others then are faults in it. */
const MOST = 0.95;

/** Whether so many of the cells are enough for a column to be of a kind. */
export const nearlyAll = (cells: number, { present }: Tally): boolean => cells >= MOST * present;

/** What a column of texts holds: what all of its cells spell, or nearly all; else text. */
export function spelledType({ present, numbers, codes, booleans, times }: Tally): ColumnType {
  if (present === 0 || codes > 0) return 'text';
  if (booleans === present) return 'boolean';
  if (numbers >= MOST * present) return 'number';
  return times >= MOST * present ? 'timestamp' : 'text';
}
