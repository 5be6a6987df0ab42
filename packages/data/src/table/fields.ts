import { type DateUnit, isDateUnit, type Written } from '@semivae/runtime/core';
import { quoted, text } from './duckdb.ts';
import type { ColumnType } from './table.ts';
import { TableError } from './table-error.ts';
import { numberIn, timeIn, timeOf, truthIn } from './written.ts';

/** What a file says its column holds; a `cell` is a text of a CSV, whose outer spaces mean nothing. */
export type Stored =
  | 'float'
  | 'integer'
  | 'boolean'
  | 'timestamp'
  | 'time'
  | 'text'
  | 'cell'
  | 'json'
  | 'other';

/** A column as it is stored: its name for people, its name in SQL, and DuckDB's name of its type. */
export interface Field {
  readonly name: string;
  readonly sql: string;
  readonly stored: Stored;
  readonly duckType: string;
  /** What its texts spell, where that is known beforehand. */
  readonly spells?: ColumnType;
  /** Whether its texts may spell something else. */
  readonly open?: true;
}

/** The kind of DuckDB's type `duckType`, such as `DECIMAL(12,2)`. */
export function storedAs(duckType: string): Stored {
  if (/\[\d*\]$|^(STRUCT|MAP|UNION|BLOB|BIT|INTERVAL|VARIANT|GEOMETRY)/.test(duckType)) return 'other';
  if (/^(DECIMAL\(\d+,0\)|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|BIGNUM)/.test(duckType)) return 'integer';
  if (/^(DECIMAL|FLOAT|DOUBLE|REAL)/.test(duckType)) return 'float';
  if (/^(DATE|TIMESTAMP)/.test(duckType)) return 'timestamp';
  if (/^TIME/.test(duckType)) return 'time';
  if (duckType === 'BOOLEAN') return 'boolean';
  return duckType === 'JSON' ? 'json' : 'text';
}

/** Whether only a look at the cells tells what they are. */
export const isUntyped = ({ stored, open }: Field) => stored === 'cell' || stored === 'json' || open === true;

/** Whether the cells are texts, which may stand for numbers or times. */
export const isText = (stored: Stored) => stored === 'text' || stored === 'cell' || stored === 'json';

const NATURAL: Partial<Record<Stored, ColumnType>> = {
  float: 'number',
  integer: 'number',
  boolean: 'boolean',
  timestamp: 'timestamp',
  time: 'timestamp',
};

/** The type of a column that is known without looking at its cells. */
export const naturalType = ({ stored, spells }: Field): ColumnType => spells ?? NATURAL[stored] ?? 'text';

/** The largest integer below which every integer is a double of its own. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** SQL of a cell's text; empty or null where it is missing, which it also is if it is one of `missing`. */
export function presentText({ sql, stored }: Field, missing: readonly string[] = []): string {
  const name = quoted(sql);
  const cell = stored === 'json' ? `(${name}->>'$')` : stored === 'cell' ? trimmed(name) : `${name}::VARCHAR`;
  return missing.length === 0 ? cell : `if(${cell} IN (${missing.map(text).join(', ')}), NULL, ${cell})`;
}

/** Few cells have outer spaces, and looking for them is cheaper than a copy of every text. */
const trimmed = (name: string) =>
  `if(starts_with(${name}, ' ') OR ends_with(${name}, ' '), trim(${name}), ${name})`;

/** SQL of the double that a text spells, or null; spaces around it do no harm. */
export function spelledNumber(field: Field, missing: readonly string[], { decimal }: Written = {}): string {
  if (decimal) return numberIn(presentText(field, missing), decimal);
  const asItIs = field.stored === 'cell' && missing.length === 0;
  return `TRY_CAST(${asItIs ? quoted(field.sql) : presentText(field, missing)} AS DOUBLE)`;
}

/**
 * SQL of `field` as `type`: a text, empty or null where it is missing, or a double: null or NaN where it is missing, and
 * infinite where the cell is not of that type. `number` names a column of `spelledNumber`, so that each cell is parsed
 * once. Throws TABLE_CELL where no cell of such a column could be of that type.
 */
export function readAs(
  field: Field,
  type: ColumnType,
  missing: readonly string[],
  place: string,
  number: string,
  written: Written = {},
): string {
  if (type === 'text') return asText(field, missing);
  if (isText(field.stored)) return parsed(presentText(field, missing), type, number, written);
  if (type === 'timestamp' && isDateUnit(written.date) && naturalType(field) === 'number')
    return counted(quoted(field.sql), written.date);
  const convert = CONVERSIONS[type][field.stored];
  if (convert) return convert(quoted(field.sql));
  const problem = `column '${field.name}' is a ${field.duckType}, and a ${type} is asked for`;
  const remedy = 'Convert it with a query (--sql), or train on it as it is.';
  throw new TableError('TABLE_CELL', place, problem, remedy);
}

function asText(field: Field, missing: readonly string[]): string {
  const name = quoted(field.sql);
  if (field.stored !== 'float') return presentText(field, missing);
  const whole = `${name} = trunc(${name}) AND abs(${name}) <= ${LARGEST}`;
  return `CASE WHEN ${whole} THEN ${name}::BIGINT::VARCHAR WHEN NOT isnan(${name}) THEN ${name}::DOUBLE::VARCHAR END`;
}

const FAULT = `'inf'::DOUBLE`;

/** Millis of a stored time; null both for a missing one and for the infinite ones, of which the second is a fault. */
const millis = (name: string) => `coalesce(epoch_us(${name}) / 1000, if(${name} IS NULL, NULL, ${FAULT}))`;

const integer = (name: string) =>
  `if(${name} BETWEEN -${LARGEST} AND ${LARGEST}, ${name}::DOUBLE, ${name} * ${FAULT})`;

const zeroOrOne = (name: string) => `if(${name} IN (0, 1), ${name}::DOUBLE, ${name} * ${FAULT})`;

const asBit = (name: string) => `${name}::INTEGER::DOUBLE`;

type Convert = (name: string) => string;

const CONVERSIONS: Record<Exclude<ColumnType, 'text'>, Partial<Record<Stored, Convert>>> = {
  number: { float: (name) => `${name}::DOUBLE`, integer, boolean: asBit },
  boolean: { boolean: asBit, integer: zeroOrOne, float: zeroOrOne },
  timestamp: { timestamp: millis, time: millis },
};

/** Of a stored number. */
const counted = (name: string, unit: DateUnit) =>
  `coalesce(${timeOf(`${name}::DOUBLE`, unit)}, if(${name} IS NULL, NULL, ${FAULT}))`;

function parsed(
  cell: string,
  type: Exclude<ColumnType, 'text'>,
  number: string,
  { words, date }: Written,
): string {
  const absent = `if(${cell} <> '', ${FAULT}, NULL)`;
  const truth = words ? truthIn(cell, words) : asBit(`TRY_CAST(${cell} AS BOOLEAN)`);
  if (type === 'boolean') return `coalesce(${truth}, ${absent})`;
  if (type === 'timestamp') return `coalesce(${spelledTime(cell, date)}, ${absent})`;
  // of digits alone, only those of an integer that a double holds
  const far = `if(regexp_matches(${cell}, '[.,eE%]'), ${number}, ${FAULT})`;
  return `if(abs(${number}) <= ${LARGEST}, ${number}, if(${number} IS NULL, ${absent}, ${far}))`;
}

/** SQL of the milliseconds that a text spells in a column that is written like this. */
function spelledTime(cell: string, date: Written['date']): string {
  if (date === undefined) return parsedTime(cell);
  if (isDateUnit(date)) return timeOf(`TRY_CAST(${cell} AS DOUBLE)`, date);
  return `${parsedTime(cell)}, ${timeIn(cell, date)}`;
}

/** SQL of the milliseconds that a text spells, or null; a time of day is on the first day of 1970. */
export function parsedTime(cell: string): string {
  const moment = `epoch_us(TRY_CAST(${cell} AS TIMESTAMPTZ))`;
  return `coalesce(${moment}, epoch_us(TRY_CAST(${cell} AS TIME))) / 1000`;
}

/** Throws TABLE_NESTED if any of `fields` holds lists, records or bytes. */
export function refuseNested(place: string, fields: readonly Field[]): void {
  const nested = fields.filter(({ stored }) => stored === 'other');
  if (nested.length === 0) return;
  const told = nested.map(({ name, duckType }) => `'${name}' (${duckType.slice(0, 60)})`).join(', ');
  const problem = `these columns are neither numbers, times nor texts: ${told}`;
  const remedy = `Flatten or drop them with a query, such as --sql "SELECT * EXCLUDE (${nested
    .map(({ sql }) => quoted(sql))
    .join(', ')}) FROM …".`;
  throw new TableError('TABLE_NESTED', place, problem, remedy);
}
