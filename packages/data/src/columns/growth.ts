import { type Column, type IgnoredColumn, isUsed, type TableColumns } from '@semivae/model';
import type { RawRows } from '../rows/raw-rows.ts';
import type { Cells } from '../table/table.ts';

/** Columns of which none only grows, and what was said of those that did. */
export interface Ungrown {
  readonly columns: TableColumns;
  readonly warnings: readonly string[];
}

/** Rows that a trend is looked for in. */
const MOST_ROWS = 5000;
const LEAST_ROWS = 20;
/** As near to a perfect order as this is growth. */
const ORDERLY = 0.99;
/** Fewer values than these may come in order by chance, or because a file was sorted by them. */
const LEAST_VALUES = 20;
const LEAST_VALUES_IN_TIME = 3;
const LEAST_LEVELS_IN_TIME = 5;
/** How much faster than elsewhere numbers may go at the first and the last rows. */
const EVEN = 2.5;

/** The rank of each number, equal ones sharing theirs. */
function ranksOf(numbers: Float64Array): Float64Array {
  const order = Uint32Array.from(numbers, (_, i) => i).sort((a, b) => numbers[a]! - numbers[b]!);
  const ranks = new Float64Array(numbers.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && numbers[order[to]!] === numbers[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

/** Σ (i − mean)(rank i − mean) over numbers as they stand. */
function alignment(ranks: Float64Array): number {
  const middle = (ranks.length - 1) / 2;
  return ranks.reduce((sum, rank, i) => sum + (i - middle) * (rank - middle), 0);
}

/** Spearman's correlation of numbers with their order, in [−1, 1]: 1 or −1 where they never fall or never rise. */
function orderliness(numbers: Float64Array): number {
  const ranks = ranksOf(numbers);
  const most = alignment(ranks.slice().sort());
  return most > 0 ? alignment(ranks) / most : 0;
}

const median = (numbers: Float64Array): number => numbers.slice().sort()[numbers.length >> 1]!;

/**
 * Whether numbers go on at the first and the last rows much as they do elsewhere. Those of a file that was sorted by them do
 * not: they lie thin at an end.
 */
function isSteady(numbers: Float64Array): boolean {
  const lag = Math.max(1, Math.floor(numbers.length / 50));
  const steps = numbers.subarray(lag).map((each, i) => Math.abs(each - numbers[i]!));
  const end = Math.max(Math.min(10, steps.length), Math.floor(steps.length / 10));
  const most = EVEN * median(steps);
  return median(steps.subarray(0, end)) <= most && median(steps.subarray(-end)) <= most;
}

/** Whether numbers are years, or years and months in six digits. */
function areCalendar(numbers: Float64Array): boolean {
  const isYear = (each: number) => Number.isInteger(each) && each >= 1900 && each <= 2100;
  const isMonth = (each: number) => isYear(Math.floor(each / 100)) && each % 100 >= 1 && each % 100 <= 12;
  return numbers.every(isYear) || numbers.every((each) => Number.isInteger(each) && isMonth(each));
}

const distinct = (cells: Cells): number => new Set<number | string>(cells).size;

const present = (cells: Float64Array): Float64Array => cells.filter((each) => !Number.isNaN(each));

/** Levels as numbers, in the order in which they lie on average. */
function levelNumbers(cells: readonly string[]): Float64Array {
  const places = new Map<string, { sum: number; count: number }>();
  cells.forEach((cell, row) => {
    const { sum, count } = places.get(cell) ?? { sum: 0, count: 0 };
    places.set(cell, { sum: sum + row, count: count + 1 });
  });
  return Float64Array.from(cells, (cell) => {
    const { sum, count } = places.get(cell)!;
    return cell === '' ? Number.NaN : sum / count;
  });
}

/** Every so many rows, so that few are left. */
function thinned({ rows, columns }: RawRows): RawRows['columns'] {
  const every = Math.max(1, rows / MOST_ROWS);
  const chosen = Array.from({ length: Math.floor(rows / every) }, (_, i) => Math.floor(i * every));
  return pickedRows(columns, chosen);
}

const pickedRows = (columns: RawRows['columns'], rows: readonly number[]): RawRows['columns'] =>
  Object.fromEntries(
    Object.entries(columns).map(([name, cells]) => [
      name,
      cells instanceof Float64Array
        ? Float64Array.from(rows, (row) => cells[row]!)
        : rows.map((row) => cells[row]!),
    ]),
  );

/** Rows in some order, and what that order says. */
interface Ordered {
  readonly columns: RawRows['columns'];
  /** What a column grows with, in words. */
  readonly by: string;
  /** Whether the rows are known to lie in the order of time: else a person may have sorted them. */
  readonly inTime: boolean;
  /** Whether it is an order of a column, which may say more than when a row came about, as a birthday does. */
  readonly ofColumn: boolean;
}

/** Whether a column grows, or falls, along some rows, so that later ones lie beyond what was seen. */
function grows(column: Column, { columns, inTime, ofColumn }: Ordered): boolean {
  const cells = columns[column.name]!;
  if (column.kind === 'binary' || !isUsed(column) || (ofColumn && isClock(column))) return false;
  if (!(cells instanceof Float64Array)) {
    if (!inTime || distinct(cells) < LEAST_LEVELS_IN_TIME) return false;
    return orderliness(present(levelNumbers(cells))) >= ORDERLY;
  }
  const numbers = present(cells);
  if (numbers.length < LEAST_ROWS) return false;
  const values = distinct(numbers);
  const tellTime = inTime || areCalendar(numbers);
  if (values < (tellTime ? LEAST_VALUES_IN_TIME : LEAST_VALUES)) return false;
  const found = orderliness(numbers);
  if (ofColumn) return found >= ORDERLY && values >= 0.9 * numbers.length;
  return Math.abs(found) >= ORDERLY && (tellTime || isSteady(numbers));
}

/** The share of the latest fifth of numbers that lies beyond all earlier ones. */
function shareBeyond(numbers: Float64Array): number {
  const from = Math.floor(0.8 * numbers.length);
  const earlier = numbers.subarray(0, from);
  const [least, most] = [Math.min(...earlier), Math.max(...earlier)];
  const beyond = numbers.subarray(from).filter((each) => each < least || each > most);
  return beyond.length / (numbers.length - from);
}

/** Beyond this share, numbers are going somewhere; of numbers in no order hardly one is beyond. */
const FAR = 0.1;

/** A warning of a column that has gone on beyond what was seen before, though not at every row. */
function wanderingWarning(column: Column, { columns }: Ordered): readonly string[] {
  const cells = columns[column.name];
  if (!isUsed(column) || isClock(column) || !(cells instanceof Float64Array)) return [];
  const numbers = present(cells);
  if (numbers.length < 5 * LEAST_ROWS || Math.abs(orderliness(numbers)) >= ORDERLY) return [];
  const share = shareBeyond(numbers);
  if (share < FAR) return [];
  return [
    `column '${column.name}' wanders: of the latest fifth of its numbers ${Math.round(100 * share)} % lie beyond all earlier ones, and later rows may be anomalies for it; train anew now and then, or leave it out by --column '${column.name}=ignored'`,
  ];
}

const isClock = (column: Column): boolean => column.kind === 'timestamp';

function orderedBy(name: string, columns: RawRows['columns']): Ordered {
  const times = columns[name] as Float64Array;
  const rows = Array.from(times, (_, row) => row).filter((row) => !Number.isNaN(times[row]));
  const order = rows.sort((a, b) => times[a]! - times[b]!);
  return { columns: pickedRows(columns, order), by: `with ${name}`, inTime: false, ofColumn: true };
}

/** The orders that rows may have grown in: the one they lie in, and those of moments that they do not lie in. */
function ordersOf(columns: readonly Column[], rows: RawRows['columns']): readonly Ordered[] {
  const clocks = columns.filter(isClock).map(({ name }) => name);
  const follows = (name: string) => Math.abs(orderliness(present(rows[name] as Float64Array))) >= ORDERLY;
  const inTime = clocks.some(follows);
  const asTheyLie = { columns: rows, by: 'from row to row', inTime, ofColumn: false };
  return [asTheyLie, ...clocks.filter((name) => !follows(name)).map((name) => orderedBy(name, rows))];
}

const kept = (column: Column): string => (column.kind === 'timestamp' ? 'timestamp:trend' : column.kind);

const warningOf = (column: Column, by: string): string =>
  `column '${column.name}' only grows or falls, ${by}: later rows would lie beyond all that was seen, so it is left out; --column '${column.name}=${kept(column)}' keeps it`;

/** What is left of a column that grows: of a timestamp, what recurs. */
function withoutTrend(column: Column, by: string): Column {
  const gone: IgnoredColumn = { name: column.name, kind: 'ignored', reason: `it only grows or falls, ${by}` };
  if (column.kind !== 'timestamp') return gone;
  const parts = column.parts?.filter((part) => part !== 'trend') ?? [];
  return parts.length > 0 ? { ...column, parts } : gone;
}

/**
 * Columns without what only grows, in the order of the rows or of a moment: ids with gaps, counters, dates. A model of them
 * would take every later row for an anomaly. What was `asked` for stays as it is.
 */
export function withoutGrowth(table: TableColumns, sample: RawRows, asked: ReadonlySet<string>): Ungrown {
  const orders = ordersOf(table.columns, thinned(sample));
  const inTime = orders.find(({ ofColumn }) => ofColumn && !orders[0]!.inTime) ?? orders[0]!;
  const warnings: string[] = [];
  const columns = table.columns.map((column) => {
    if (asked.has(column.name) || !isUsed(column)) return column;
    if (column.kind === 'timestamp' && !column.parts?.includes('trend')) return column;
    const order = orders.find((each) => grows(column, each));
    if (!order) {
      warnings.push(...wanderingWarning(column, inTime));
      return column;
    }
    warnings.push(warningOf(column, order.by));
    return withoutTrend(column, order.by);
  });
  return { columns: { ...table, columns }, warnings };
}
