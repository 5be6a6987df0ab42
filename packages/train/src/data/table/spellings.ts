import { CURRENCY, type DecimalSign, truthWords } from '@semivae/runtime/core';
import type { Counted } from './columns.ts';
import { type Connection, type Engine, quoted, rowsOf, text } from './duckdb.ts';
import { parsedTime, presentText } from './fields.ts';
import { fieldOf, reading } from './part.ts';
import { isNumber, timeIn } from './written.ts';

/** How many cells of a column of texts can be read as what. */
export interface Spellings {
  /** Numbers where the decimal sign is a point, a comma, and either way. */
  readonly point: number;
  readonly comma: number;
  readonly either: number;
  /** Of those that are numbers either way, the ones that hold a point or a comma: two numbers. */
  readonly unsure: number;
  /** Dates: those that begin with the year, and those by day and month, by month and day. */
  readonly dayFirst: number;
  readonly monthFirst: number;
  /** Dates that can be read in one of the two orders only. */
  readonly onlyDayFirst: number;
  readonly onlyMonthFirst: number;
  /** Dates that are one day in one order and another in the other. */
  readonly doubtful: number;
  /** Words for 0 and 1. */
  readonly truths: number;
  /** The currencies beside its numbers. */
  readonly currencies: readonly string[];
}

const COUNTS = [
  'point',
  'comma',
  'either',
  'unsure',
  'dayFirst',
  'monthFirst',
  'onlyDayFirst',
  'onlyMonthFirst',
  'doubtful',
  'truths',
] as const;

const number = (decimal: DecimalSign) => isNumber('t', decimal);

const SQL: Readonly<Record<(typeof COUNTS)[number], string>> = {
  point: 'count_if(p)',
  comma: 'count_if(c)',
  either: 'count_if(p AND c)',
  unsure: `count_if(p AND c AND regexp_matches(t, '[.,]'))`,
  dayFirst: 'count(coalesce(i, d))',
  monthFirst: 'count(coalesce(i, m))',
  onlyDayFirst: 'count_if(i IS NULL AND d IS NOT NULL AND m IS NULL)',
  onlyMonthFirst: 'count_if(i IS NULL AND m IS NOT NULL AND d IS NULL)',
  doubtful: 'count_if(i IS NULL AND d <> m)',
  truths: `count_if(lower(trim(t)) IN (${truthWords.map(text).join(', ')}))`,
};

const currency = `nullif(regexp_extract(t, ${text(CURRENCY)}), '')`;

/** The cells that are there of column `name`, each with what it can be read as. */
function readingsOf(part: Counted, name: string, missing: readonly string[]): string {
  const cells = `SELECT ${presentText(fieldOf(part, name), missing)} AS t FROM ${part.relation}`;
  const read = `t, ${number('.')} AS p, ${number(',')} AS c, ${parsedTime('t')} AS i, ${timeIn('t', 'dmy')} AS d, ${timeIn('t', 'mdy')} AS m`;
  return `(SELECT ${read} FROM (${cells}) WHERE t <> '')`;
}

/** What the texts of column `name` can be read as, over all parts. */
export async function spellingsOf(
  engine: Engine,
  parts: readonly Counted[],
  name: string,
  missing: readonly string[],
): Promise<Spellings> {
  const counts = COUNTS.map(() => 0);
  const currencies = new Set<string>();
  for (const part of parts.filter((each) => each.tallies.has(name))) {
    const sql = `SELECT ${COUNTS.map((key) => SQL[key]).join(', ')}, list(DISTINCT if(p OR c, ${currency}, NULL))::VARCHAR[]::JSON FROM ${readingsOf(part, name, missing)}`;
    const [row = []] = await reading(engine, part, (use) => rowsOf(use, sql));
    COUNTS.forEach((_, i) => {
      counts[i]! += Number(row[i]);
    });
    for (const each of JSON.parse(String(row.at(-1) ?? '[]')) ?? []) if (each) currencies.add(each);
  }
  const named = Object.fromEntries(COUNTS.map((key, i) => [key, counts[i]])) as Record<
    (typeof COUNTS)[number],
    number
  >;
  return { ...named, currencies: [...currencies].sort() };
}

/** The first rows' texts of some columns that are there, from every part. */
export async function sampleOf(
  engine: Engine,
  parts: readonly Counted[],
  names: readonly string[],
  missing: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const part of parts.slice(0, FEW)) {
    const fields = names.map((name) => fieldOf(part, name));
    const cells = fields.map((field) => presentText(field, missing)).join(', ');
    const sql = `SELECT ${cells} FROM ${part.relation} LIMIT ${SAMPLED}`;
    for (const row of await reading(engine, part, (use) => rowsOf(use, sql)))
      names.forEach((name, i) => {
        if (row[i] !== null && row[i] !== '') found.get(name)?.push(String(row[i]));
      });
  }
  return found;
}

const FEW = 4;
const SAMPLED = 2048;

/** The texts of a column of nothing but words for 0 and 1. */
export async function distinctWords(
  engine: Engine,
  parts: readonly Counted[],
  name: string,
  missing: readonly string[],
): Promise<string[]> {
  const found = new Map<string, number>();
  for (const part of parts) {
    const cell = presentText(fieldOf(part, name), missing);
    const sql = `SELECT trim(t), count(*) FROM (SELECT ${cell} AS t FROM ${part.relation}) WHERE t <> '' GROUP BY 1`;
    for (const [word, rows] of await reading(engine, part, (use) => rowsOf(use, sql)))
      found.set(String(word), (found.get(String(word)) ?? 0) + Number(rows));
  }
  return [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word]) => word);
}

/** How a cell is told to a person: its row, counted from 1, and its text. */
export interface Cited {
  readonly place: string;
  readonly cell: string;
}

/** The first cell of a column of which `condition` holds; `t`, `p`, `c`, `i`, `d` and `m` are as above. */
export async function citedCell(
  engine: Engine,
  parts: readonly Counted[],
  name: string,
  missing: readonly string[],
  condition: string,
): Promise<Cited | undefined> {
  for (const part of parts) {
    const cell = presentText(fieldOf(part, name), missing);
    const rows = `SELECT row_number() OVER () AS r, ${cell} AS t FROM ${part.relation}`;
    const read = `r, t, ${number('.')} AS p, ${number(',')} AS c, ${parsedTime('t')} AS i, ${timeIn('t', 'dmy')} AS d, ${timeIn('t', 'mdy')} AS m`;
    const sql = `SELECT r, t FROM (SELECT ${read} FROM (${rows}) WHERE t <> '') WHERE ${condition} ORDER BY r LIMIT 1`;
    const [row] = await reading(engine, part, (use) => rowsOf(use, sql));
    if (row) return { place: `${part.place}, row ${row[0]}`, cell: String(row[1]) };
  }
  return undefined;
}

/** The least and the largest number of a column, how many are fractions, and how many are no days written in digits. */
export interface Range {
  readonly least: number;
  readonly most: number;
  readonly fractions: number;
  readonly notDays: number;
}

/** The range of the column `name` of numbers, over all parts. */
export async function rangeOf(
  engine: Engine,
  parts: readonly Counted[],
  name: string,
  missing: readonly string[],
): Promise<Range> {
  let range: Range = { least: Infinity, most: -Infinity, fractions: 0, notDays: 0 };
  for (const part of parts) {
    const [row = []] = await reading(engine, part, (use) => rangeIn(use, part, name, missing));
    const [least, most, fractions, notDays] = row.map((each) => (each === null ? Number.NaN : Number(each)));
    if (Number.isNaN(least)) continue;
    range = {
      least: Math.min(range.least, least!),
      most: Math.max(range.most, most!),
      fractions: range.fractions + fractions!,
      notDays: range.notDays + notDays!,
    };
  }
  return range;
}

function rangeIn(connection: Connection, part: Counted, name: string, missing: readonly string[]) {
  const field = fieldOf(part, name);
  const number = part.tallies.has(name)
    ? `TRY_CAST(${presentText(field, missing)} AS DOUBLE)`
    : `${quoted(field.sql)}::DOUBLE`;
  const day = `TRY_CAST(regexp_replace(if(n = trunc(n) AND abs(n) < 1e9, n::BIGINT::VARCHAR, ''), '^(....)(..)(..)$', '\\1-\\2-\\3') AS DATE)`;
  const sql = `SELECT min(n), max(n), count_if(n <> trunc(n)), count_if(n IS NOT NULL AND ${day} IS NULL) FROM (SELECT ${number} AS n FROM ${part.relation}) WHERE NOT isnan(n)`;
  return rowsOf(connection, sql);
}
