import { CURRENCY, truthWords } from '@semivae/runtime/core';
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
  /** How such words are written. */
  readonly words: readonly string[];
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

type Counts = Record<(typeof COUNTS)[number], number>;

/** What the texts of a column may be, by the look of the first of them. */
export interface Promised {
  readonly numbers: boolean;
  readonly dates: boolean;
}

const ALL: Promised = { numbers: true, dates: true };

/** SQL of what a text can be read as: a number with a point, with a comma, a date by year, by day, by month. */
function readings(cell: string, as: (name: string) => string, { numbers, dates }: Promised = ALL): string {
  const number = (sql: string) => (numbers ? sql : 'false');
  const date = (sql: string) => (dates ? sql : 'NULL::DOUBLE');
  return [
    `${cell} AS ${as('t')}`,
    `${number(isNumber(cell, '.'))} AS ${as('p')}`,
    `${number(isNumber(cell, ','))} AS ${as('c')}`,
    `${date(parsedTime(cell))} AS ${as('i')}`,
    `${date(timeIn(cell, 'dmy'))} AS ${as('d')}`,
    `${date(timeIn(cell, 'mdy'))} AS ${as('m')}`,
  ].join(', ');
}

const words = truthWords.map(text).join(', ');

const countsOf = (t: string, p: string, c: string, i: string, d: string, m: string): string[] => [
  `count_if(${p})`,
  `count_if(${c})`,
  `count_if(${p} AND ${c})`,
  `count_if(${p} AND ${c} AND regexp_matches(${t}, '[.,]'))`,
  `count(coalesce(${i}, ${d}))`,
  `count(coalesce(${i}, ${m}))`,
  `count_if(${i} IS NULL AND ${d} IS NOT NULL AND ${m} IS NULL)`,
  `count_if(${i} IS NULL AND ${m} IS NOT NULL AND ${d} IS NULL)`,
  `count_if(${i} IS NULL AND ${d} <> ${m})`,
  `count_if(lower(trim(${t})) IN (${words}))`,
];

const listed = (cell: string): string => `coalesce(list(DISTINCT ${cell}), [])::VARCHAR[]::JSON`;

const listsOf = (t: string, p: string, c: string): string[] => [
  listed(`if(${p} OR ${c}, nullif(regexp_extract(${t}, ${text(CURRENCY)}), ''), NULL)`),
  listed(`if(lower(trim(${t})) IN (${words}), trim(${t}), NULL)`),
];

const WIDTH = COUNTS.length + 2;

function spellingsSql(
  part: Counted,
  names: readonly string[],
  promises: ReadonlyMap<string, Promised>,
  missing: readonly string[],
): string {
  const each = (sql: (i: number) => string) => names.map((_, i) => sql(i)).join(', ');
  const cells = each((i) => `nullif(${presentText(fieldOf(part, names[i] ?? ''), missing)}, '') AS x${i}`);
  const read = each((i) => readings(`x${i}`, (name) => `${name}${i}`, promises.get(names[i] ?? '')));
  const found = each((i) => {
    const [t, p, c, ...rest] = ['t', 'p', 'c', 'i', 'd', 'm'].map((name) => `${name}${i}`) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    return [...countsOf(t, p, c, ...rest), ...listsOf(t, p, c)].join(', ');
  });
  return `SELECT ${found} FROM (SELECT ${read} FROM (SELECT ${cells} FROM ${part.relation}))`;
}

function spellingsIn(row: readonly unknown[]): Spellings {
  const counts = Object.fromEntries(COUNTS.map((key, i) => [key, Number(row[i])])) as Counts;
  const [currencies = [], found = []] = row.slice(COUNTS.length).map((each) => JSON.parse(String(each)));
  const present = (list: readonly (string | null)[]) => list.filter((each) => each !== null);
  return { ...counts, currencies: present(currencies), words: present(found) };
}

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].sort();

function together(a: Spellings | undefined, b: Spellings): Spellings {
  const sums = Object.fromEntries(COUNTS.map((key) => [key, (a?.[key] ?? 0) + b[key]])) as Counts;
  return {
    ...sums,
    currencies: union(a?.currencies ?? [], b.currencies),
    words: union(a?.words ?? [], b.words),
  };
}

/** Columns in one query, so that a wide table needs no more memory than another. */
const AT_ONCE = 50;

/** What the texts of some columns can be read as, over all parts. */
export async function spellingsOf(
  engine: Engine,
  parts: readonly Counted[],
  promises: ReadonlyMap<string, Promised>,
  missing: readonly string[],
): Promise<ReadonlyMap<string, Spellings>> {
  const found = new Map<string, Spellings>();
  for (const part of parts) {
    const own = [...promises.keys()].filter((name) => part.tallies.has(name));
    for (let from = 0; from < own.length; from += AT_ONCE) {
      const some = own.slice(from, from + AT_ONCE);
      const [row = []] = await reading(engine, part, (use) =>
        rowsOf(use, spellingsSql(part, some, promises, missing)),
      );
      some.forEach((name, i) => {
        const spelled = spellingsIn(row.slice(i * WIDTH, (i + 1) * WIDTH));
        found.set(name, together(found.get(name), spelled));
      });
    }
  }
  return found;
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
    const most = Math.max(LEAST_SAMPLED, Math.min(SAMPLED, Math.floor(MOST_CELLS / names.length)));
    const sql = `SELECT ${cells} FROM ${part.relation} LIMIT ${most}`;
    for (const row of await reading(engine, part, (use) => rowsOf(use, sql)))
      names.forEach((name, i) => {
        if (row[i] !== null && row[i] !== '') found.get(name)?.push(String(row[i]));
      });
  }
  return found;
}

const FEW = 4;
const SAMPLED = 2048;
const LEAST_SAMPLED = 64;
const MOST_CELLS = 200_000;

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
    const read = `r, ${readings('t', (name) => name)}`;
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
