import {
  type DateOrder,
  type DateUnit,
  type DecimalSign,
  dateOrders,
  isDateUnit,
  truthWords,
  wordsAmong,
  writtenNumber,
  writtenTime,
} from '@semivae/runtime/core';
import { type Asked, type Counted, tallyOf } from './columns.ts';
import type { Engine } from './duckdb.ts';
import { isUntyped, naturalType } from './fields.ts';
import { fieldOf } from './part.ts';
import {
  citedCell,
  type Promised,
  type Range,
  rangeOf,
  type Spellings,
  sampleOf,
  spellingsOf,
} from './spellings.ts';
import type { ColumnType, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';
import { nearlyAll, type Tally } from './tally.ts';

/** Where columns are looked at. */
export interface Looking {
  readonly engine: Engine;
  readonly parts: readonly Counted[];
  readonly asked: Asked;
  readonly missing: readonly string[];
}

/** Columns, and what a person should know of how they are written. */
export interface Found {
  readonly columns: readonly TableColumn[];
  readonly notes: readonly string[];
}

/** `columns` with what their cells turn out to be: numbers, dates and words for 0 and 1 as people write them. */
export async function foundColumns(looking: Looking, columns: readonly TableColumn[]): Promise<Found> {
  const open = columns.filter((column) => isOpen(looking, column));
  const judged = await withNumbers(looking, columns, await judgedTexts(looking, open));
  const decimals = decimalsOf(looking, judged);
  const found: TableColumn[] = [];
  for (const column of columns) {
    const spelled = judged.get(column.name);
    const read = spelled ? await asSpelled(looking, column, spelled, decimals) : column;
    found.push(await asDate(looking, read));
  }
  return { columns: found, notes: [...judged.values()].flatMap(currencyNotes) };
}

/** Whether only a closer look tells how a column is written: its cells do not all plainly spell one type. */
function isOpen({ parts, asked }: Looking, { name, type, unread }: TableColumn): boolean {
  const tally = tallyOf(parts, name);
  if (!tally || unread || asked.written || asked.asWritten.has(name) || asked.types.get(name) === 'text')
    return false;
  if (tally.present === 0 || tally.booleans === tally.present) return false;
  if (tally.numbers === tally.present) return type === 'number' && asked.decimal === ',';
  return tally.times < tally.present;
}

interface Judged {
  readonly name: string;
  readonly tally: Tally;
  readonly spellings: Spellings;
}

/** A column is looked at in full where a good part of its first rows may be something else than texts. */
async function judgedTexts(
  { engine, parts, missing, asked }: Looking,
  open: readonly TableColumn[],
): Promise<ReadonlyMap<string, Judged>> {
  if (open.length === 0) return new Map();
  const samples = await sampleOf(
    engine,
    parts,
    open.map(({ name }) => name),
    missing,
  );
  const promising = open.flatMap(({ name }) => {
    const promised = promisedBy(asked.types.get(name), samples.get(name) ?? []);
    return promised ? [[name, promised] as const] : [];
  });
  return judgedColumns({ engine, parts, missing }, new Map(promising));
}

async function judgedColumns(
  { engine, parts, missing }: Pick<Looking, 'engine' | 'parts' | 'missing'>,
  promises: ReadonlyMap<string, Promised>,
): Promise<ReadonlyMap<string, Judged>> {
  const spellings = await spellingsOf(engine, parts, promises, missing);
  return new Map(
    [...spellings].map(([name, each]) => [name, { name, tally: tallyOf(parts, name)!, spellings: each }]),
  );
}

const isNumber = (cell: string): boolean =>
  writtenNumber(cell, '.') !== undefined || writtenNumber(cell, ',') !== undefined;

const isDate = (cell: string): boolean =>
  dateOrders.some((order) => writtenTime(cell, order) !== undefined) || /^\d{4}[-/]\d\d?[-/]\d\d?/.test(cell);

const isWord = (cell: string): boolean => truthWords.includes(cell.trim().toLowerCase());

/** What texts like these may be; undefined where nothing but texts. */
function promisedBy(asked: ColumnType | undefined, cells: readonly string[]): Promised | undefined {
  if (asked !== undefined) return { numbers: asked === 'number', dates: asked === 'timestamp' };
  const half = (is: (cell: string) => boolean) => 2 * cells.filter(is).length >= cells.length;
  const [numbers, dates] = [half(isNumber), half(isDate)];
  return numbers || dates || half(isWord) ? { numbers, dates } : undefined;
}

/** The decimal signs that columns of a table show beyond doubt. */
type Decimals = ReadonlySet<DecimalSign>;

function decimalsOf({ asked }: Looking, judged: ReadonlyMap<string, Judged>): Decimals {
  if (asked.decimal) return new Set([asked.decimal]);
  const shown = [...judged.values()].flatMap(({ tally, spellings: { point, comma, either } }) => [
    ...(nearlyAll(point, tally) && point > either ? (['.'] as const) : []),
    ...(nearlyAll(comma, tally) && comma > either ? ([','] as const) : []),
  ]);
  return new Set(shown);
}

/** Where some column has decimal commas, or may have them, plain numbers count as well: 1.234 may be a thousand. */
async function withNumbers(
  looking: Looking,
  columns: readonly TableColumn[],
  judged: ReadonlyMap<string, Judged>,
): Promise<ReadonlyMap<string, Judged>> {
  const { parts, asked } = looking;
  const isTold = [...judged.values()].every(
    ({ spellings: { comma, either, unsure } }) => comma === either && unsure === 0,
  );
  if (isTold || asked.decimal) return judged;
  const others = columns.filter(
    ({ name, type }) =>
      type === 'number' &&
      !judged.has(name) &&
      !asked.written &&
      !asked.asWritten.has(name) &&
      tallyOf(parts, name) !== undefined,
  );
  const numbers = await judgedColumns(
    looking,
    new Map(others.map(({ name }) => [name, { numbers: true, dates: false }])),
  );
  return new Map([...judged, ...numbers]);
}

const onlyOf = (decimals: Decimals): DecimalSign | undefined =>
  decimals.size === 1 ? [...decimals][0] : undefined;

async function asSpelled(
  looking: Looking,
  column: TableColumn,
  judged: Judged,
  decimals: Decimals,
): Promise<TableColumn> {
  const { asked } = looking;
  const type = asked.types.get(column.name);
  if (type === 'number') return asNumber(looking, column, judged, decimals, true);
  if (type === 'timestamp') return (await asTime(looking, column, judged)) ?? column;
  if (type === 'boolean') return asTruth(column, judged) ?? column;
  return (
    asTruth(column, judged) ??
    (await asTime(looking, column, judged)) ??
    asNumber(looking, column, judged, decimals, false)
  );
}

function asTruth(column: TableColumn, { tally, spellings }: Judged): TableColumn | undefined {
  if (spellings.truths < tally.present) return undefined;
  const words = wordsAmong(spellings.words);
  return words && { ...column, type: 'boolean', written: { words } };
}

/** How a person says that the dates of a column are written. */
const saidOf = ({ asked }: Looking, name: string): DateOrder | DateUnit | undefined =>
  asked.formats.get(name) ?? asked.format;

async function asTime(
  looking: Looking,
  column: TableColumn,
  { name, tally, spellings }: Judged,
): Promise<TableColumn | undefined> {
  const { dayFirst, monthFirst, onlyDayFirst, onlyMonthFirst, doubtful } = spellings;
  const said = saidOf(looking, name);
  const both = dayFirst + onlyMonthFirst;
  if (!nearlyAll(both, tally) || both === tally.times) return undefined;
  const read = (date: DateOrder): TableColumn => ({ ...column, type: 'timestamp', written: { date } });
  if (said !== undefined && !isDateUnit(said)) return read(said);
  if (onlyDayFirst > 0 && onlyMonthFirst > 0) throw await mixedDates(looking, name);
  if (onlyDayFirst > 0) return read('dmy');
  if (onlyMonthFirst > 0 || monthFirst > dayFirst) return read('mdy');
  if (doubtful > 0) throw await doubtfulDates(looking, name);
  return read('dmy');
}

async function mixedDates({ engine, parts, missing }: Looking, name: string): Promise<TableError> {
  const cite = (condition: string) => citedCell(engine, parts, name, missing, condition);
  const day = await cite('i IS NULL AND d IS NOT NULL AND m IS NULL');
  const month = await cite('i IS NULL AND m IS NOT NULL AND d IS NULL');
  const problem = `some of its dates begin with the day (${day?.place}: '${day?.cell}'), others with the month (${month?.place}: '${month?.cell}')`;
  const remedy = `Write them in one way; or say which it is (--date-format dmy or mdy), leave the column out (--column ${name}=ignored), or take it for categories.`;
  return new TableError('TABLE_DATES', `column '${name}'`, problem, remedy);
}

async function doubtfulDates({ engine, parts, missing }: Looking, name: string): Promise<TableError> {
  const found = await citedCell(engine, parts, name, missing, 'i IS NULL AND d <> m');
  const problem = `'${found?.cell}' may be day, month, year or month, day, year, and no cell of the column decides it`;
  const remedy = `Say which: --date-format dmy or --date-format mdy (for this column alone --column ${name}=timestamp:dmy).`;
  return new TableError('TABLE_DATES', `${found?.place}, column '${name}'`, problem, remedy);
}

async function asNumber(
  looking: Looking,
  column: TableColumn,
  judged: Judged,
  decimals: Decimals,
  isAsked: boolean,
): Promise<TableColumn> {
  const { tally, spellings } = judged;
  if (tally.codes > 0 && !isAsked) return column;
  const decimal = await decimalOf(looking, judged, decimals);
  if (decimal === undefined) return column;
  const cells = decimal === '.' ? spellings.point : spellings.comma;
  if (!isAsked && !nearlyAll(cells, tally)) return column;
  const isPlain = decimal === '.' && cells <= tally.numbers;
  return { ...column, type: 'number', ...(!isPlain && { written: { decimal } }) };
}

/** The decimal sign of a column; undefined where its cells are no numbers. Throws TABLE_DECIMAL where nothing tells. */
async function decimalOf(
  looking: Looking,
  { name, tally, spellings }: Judged,
  decimals: Decimals,
): Promise<DecimalSign | undefined> {
  const { asked, parts } = looking;
  if (asked.decimal) return asked.decimal;
  const { point, comma, either, unsure } = spellings;
  const all = point + comma - either;
  if (!nearlyAll(all, tally)) return asked.types.has(name) ? (comma > point ? ',' : '.') : undefined;
  if (comma > either && point > either)
    return nearlyAll(point, tally) ? '.' : nearlyAll(comma, tally) ? ',' : throwMixed(looking, name);
  if (comma > either) return ',';
  if (point > either || unsure === 0) return '.';
  const sign = onlyOf(decimals) ?? (parts.some(({ delimiter }) => delimiter === ';') ? ',' : undefined);
  return sign ?? throwUnsure(looking, name);
}

async function throwMixed({ engine, parts, missing }: Looking, name: string): Promise<never> {
  const cite = (condition: string) => citedCell(engine, parts, name, missing, condition);
  const [point, comma] = [await cite('p AND NOT c'), await cite('c AND NOT p')];
  const problem = `some of its numbers have a decimal point (${point?.place}: '${point?.cell}'), others a decimal comma (${comma?.place}: '${comma?.cell}')`;
  const remedy = `Write them in one way, or leave the column out (--column ${name}=ignored).`;
  throw new TableError('TABLE_DECIMAL', `column '${name}'`, problem, remedy);
}

async function throwUnsure({ engine, parts, missing }: Looking, name: string): Promise<never> {
  const found = await citedCell(engine, parts, name, missing, `p AND c AND regexp_matches(t, '[.,]')`);
  const [point, comma] = [writtenNumber(found?.cell ?? '', '.'), writtenNumber(found?.cell ?? '', ',')];
  const problem = `'${found?.cell}' may be ${point} or ${comma}, and no cell of the table decides it`;
  const remedy = `Say what the decimal sign is: --decimal . or --decimal ,`;
  throw new TableError('TABLE_DECIMAL', `${found?.place}, column '${name}'`, problem, remedy);
}

const currencyNotes = ({ name, spellings: { currencies } }: Judged): string[] =>
  currencies.length > 1
    ? [
        `column '${name}' has amounts of several currencies (${currencies.join(', ')}): they are read as plain numbers`,
      ]
    : [];

/** Numbers that stand for dates, where a person says so or their name and all of them do. */
async function asDate(looking: Looking, column: TableColumn): Promise<TableColumn> {
  const { engine, parts, asked, missing } = looking;
  const { name } = column;
  const type = asked.types.get(name);
  if (column.unread || column.written || asked.written || asked.asWritten.has(name)) return column;
  if (!isCounted(looking, column)) return column;
  if (type !== 'timestamp' && (type !== undefined || !isDateName(name))) return column;
  const said = saidOf(looking, name);
  const unit = isDateUnit(said) ? said : unitOf(await rangeOf(engine, parts, name, missing), name);
  if (unit) return { ...column, type: 'timestamp', written: { date: unit } };
  if (type !== 'timestamp') return column;
  const remedy = `Say it: --date-format excel, seconds, milliseconds, microseconds or yyyymmdd; or leave it a number.`;
  throw new TableError(
    'TABLE_DATES',
    `column '${name}'`,
    'nothing tells what dates its numbers stand for',
    remedy,
  );
}

function isCounted({ parts }: Looking, { name, type }: TableColumn): boolean {
  const tally = tallyOf(parts, name);
  if (tally) return tally.present > 0 && tally.numbers === tally.present && tally.codes === 0;
  const fields = parts.map((part) => fieldOf(part, name));
  return (
    (type === 'number' || type === 'timestamp') &&
    fields.every((field) => !isUntyped(field) && naturalType(field) === 'number')
  );
}

const DATE_NAME =
  /(^|[^a-z])(date|datetime|time|timestamp|when|created|updated|modified|datum|zeitstempel|ts|at|on)([^a-z]|$)|(date|timestamp|datum)$/;

/** Whether a column is called as dates are. */
const isDateName = (name: string): boolean =>
  DATE_NAME.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase());

const [FROM, TO] = [Date.UTC(1980, 0), Date.UTC(2050, 0)];

/** What numbers count, if all of them are then dates between 1980 and 2050; else undefined. */
function unitOf({ least, most, fractions, notDays }: Range, name: string): DateUnit | undefined {
  const within = (from: number, to: number) => least >= from && most <= to;
  const days = 86_400_000;
  if (notDays === 0 && within(19_800_101, 20_491_231)) return 'yyyymmdd';
  if (within(FROM / 1000, TO / 1000)) return 'seconds';
  if (within(FROM, TO)) return 'milliseconds';
  if (within(FROM * 1000, TO * 1000)) return 'microseconds';
  const isDay = fractions === 0 ? /date|datum|when|day/i.test(name) : /date|datum|when|time/i.test(name);
  return isDay && within(FROM / days + 25_569, TO / days + 25_569) ? 'excel' : undefined;
}
