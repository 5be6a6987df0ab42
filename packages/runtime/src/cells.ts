import { InputNotFinite, InputType } from './errors.ts';
import type { InputColumn, Level } from './manifest.ts';

/** A raw cell; null, NaN and the empty text are missing. */
export type Cell = number | bigint | boolean | string | Date | null;

/** Raw cells by the name of their column, in any order. */
export type Row = Readonly<Record<string, Cell>>;

/** How errors name a cell. */
export function cellPlace(row: number, column: string): string {
  return `row ${row}, column ${JSON.stringify(column)}`;
}

/** A cell of `numbers`, NaN where missing. Throws INPUT_TYPE, INPUT_NOT_FINITE. */
export function numberOf(cell: unknown, column: InputColumn, row: number): number {
  if (isMissing(cell)) return Number.NaN;
  if (typeof cell === 'number') return Math.abs(cell) < Infinity ? cell : notFinite(cell, column, row);
  if (typeof cell === 'bigint' && isSafe(cell)) return Number(cell);
  const found = column.kind === 'timestamp' ? instantOf(cell) : booleanNumber(cell);
  return found ?? refused(cell, column, row);
}

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
  const made = new Map(levels.map((level) => [tensor === 'numbers' ? Number(level) : String(level), level]));
  knownLevels.set(column, made);
  return made;
}

export function isMissing(cell: unknown): boolean {
  return cell === null || cell === undefined || cell === '' || Number.isNaN(cell);
}

function isSafe(cell: bigint): boolean {
  return Number.isSafeInteger(Number(cell));
}

function booleanNumber(cell: unknown): number | undefined {
  return typeof cell === 'boolean' ? Number(cell) : undefined;
}

const iso =
  /^((?:\d{4}|[+-]\d{6})-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Milliseconds since 1970 of a date or of ISO 8601 text, which is UTC unless it says otherwise. */
function instantOf(cell: unknown): number | undefined {
  const instant =
    cell instanceof Date ? cell.getTime() : typeof cell === 'string' ? parsed(cell) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
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
