import { InputNotFinite, InputType } from './errors.ts';
import type { InputColumn, Level } from './manifest.ts';
import {
  countedTime,
  isDateUnit,
  type Written,
  writtenNumber,
  writtenTime,
  writtenTruth,
} from './written.ts';

/** A raw cell; null, NaN and the empty text are missing. */
export type Cell = number | bigint | boolean | string | Date | null;

/** Raw cells by the name of their column, in any order. */
export type Row = Readonly<Record<string, Cell>>;

/** How errors name a cell. */
export function cellPlace(row: number, column: string): string {
  return `row ${row}, column ${JSON.stringify(column)}`;
}

/**
 * A cell of `numbers`, NaN where missing: a text is read as the column was written in training, and so is a number that
 * stands for a date. Throws INPUT_TYPE, INPUT_NOT_FINITE.
 */
export function numberOf(cell: unknown, column: InputColumn, row: number): number {
  if (isMissing(cell)) return Number.NaN;
  if (typeof cell === 'string' && cell.trim() === '') return Number.NaN;
  if (typeof cell === 'number' && !(Math.abs(cell) < Infinity)) return notFinite(cell, column, row);
  if (typeof cell === 'number' || (typeof cell === 'bigint' && isSafe(cell)))
    return countedNumber(Number(cell), column) ?? refused(cell, column, row);
  const found = column.kind === 'timestamp' ? instantOf(cell, column) : plainNumber(cell, column);
  return found ?? refused(cell, column, row);
}

/** A number as it is, or the time that it stands for. */
function countedNumber(number: number, { written = {} }: InputColumn): number | undefined {
  if (!isDateUnit(written.date)) return number;
  const time = countedTime(number, written.date);
  return Number.isNaN(time) ? undefined : time;
}

function plainNumber(cell: unknown, { written = {} }: InputColumn): number | undefined {
  if (typeof cell === 'boolean') return Number(cell);
  return typeof cell === 'string' ? spelledNumber(cell, written) : undefined;
}

function spelledNumber(text: string, { decimal, words }: Written): number | undefined {
  if (words) return writtenTruth(text, words);
  const number = decimal ? writtenNumber(text, decimal) : isPlain(text) ? Number(text) : undefined;
  const exact = number !== undefined && (Number.isSafeInteger(number) || /[.,eE%]/.test(text));
  return exact && Number.isFinite(number) ? number : undefined;
}

const isPlain = (text: string) => /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text);

/** A cell of `texts`, empty where missing; numbers and booleans as they are written. Throws INPUT_TYPE, INPUT_NOT_FINITE. */
export function textOf(cell: unknown, column: InputColumn, row: number): string {
  if (typeof cell === 'string') return cell;
  if (isMissing(cell)) return '';
  if (cell === Infinity || cell === -Infinity) return notFinite(cell, column, row);
  const written = typeof cell === 'number' || typeof cell === 'bigint' || typeof cell === 'boolean';
  return written ? String(cell) : refused(cell, column, row);
}

/** A raw number or text as a cell: null where missing, a date in a timestamp column, a level as it was in training. */
export function cellOf(raw: number | string, { kind }: InputColumn, levels: Levels | undefined): Cell {
  if (raw === '' || Number.isNaN(raw)) return null;
  if (kind === 'timestamp') return new Date(raw);
  return levels?.get(raw) ?? raw;
}

type Levels = ReadonlyMap<number | string, Level>;
const knownLevels = new WeakMap<InputColumn, Levels>();

/** Each level by what it is in a raw tensor; none of a column whose values are not counted up. */
export function levelsByRaw(column: InputColumn): Levels | undefined {
  const { levels, tensor } = column;
  if (!levels) return undefined;
  const known = knownLevels.get(column);
  if (known) return known;
  const { words } = column.written ?? {};
  const made = new Map<number | string, Level>(
    words?.entries() ??
      levels.map((level) => [tensor === 'numbers' ? Number(level) : String(level), level] as const),
  );
  knownLevels.set(column, made);
  return made;
}

export function isMissing(cell: unknown): boolean {
  return cell === null || cell === undefined || cell === '' || Number.isNaN(cell);
}

function isSafe(cell: bigint): boolean {
  return Number.isSafeInteger(Number(cell));
}

const iso =
  /^((?:\d{4}|[+-]\d{6})-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Milliseconds since 1970 of a date, or of a text: ISO 8601, which is UTC unless it says otherwise, or as the column was written. */
function instantOf(cell: unknown, { written = {} }: InputColumn): number | undefined {
  const instant =
    cell instanceof Date ? cell.getTime() : typeof cell === 'string' ? parsed(cell) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  const { date } = written;
  if (typeof cell !== 'string' || date === undefined) return undefined;
  if (!isDateUnit(date)) return writtenTime(cell, date);
  const time = isPlain(cell) ? countedTime(Number(cell), date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function parsed(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] = iso.exec(text.trim()) ?? [];
  if (date === undefined || !isDate(date)) return Number.NaN;
  const [, hours, minutes = '00'] = /^([+-]\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return Date.parse(`${date}T${time}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
}

/** JavaScript takes the 31st of February for the 2nd of March. */
function isDate(date: string): boolean {
  const day = new Date(`${date}T00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}

function notFinite(cell: number, column: InputColumn, row: number): never {
  throw new InputNotFinite(cellPlace(row, column.name), cell);
}

function refused(cell: unknown, column: InputColumn, row: number): never {
  const remedy = `Give ${takes(column)}, or null for a missing cell.`;
  throw new InputType(cellPlace(row, column.name), `${described(cell)} is not what the column takes`, remedy);
}

function takes({ kind, tensor }: InputColumn): string {
  if (tensor === 'texts') return 'a text';
  return kind === 'timestamp' ? 'a Date, ISO 8601 text or milliseconds since 1970' : 'a number';
}

function described(cell: unknown): string {
  if (typeof cell === 'bigint') return `${cell}, beyond ±2^53,`;
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? 'an invalid Date' : 'a Date';
  return typeof cell === 'string' ? JSON.stringify(cell).slice(0, 60) : `a value of type ${typeof cell}`;
}
