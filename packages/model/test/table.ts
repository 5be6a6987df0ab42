import {
  type Column,
  type NumericColumn,
  type Ranks,
  type TableColumns,
  TIMESTAMP_PARTS,
  type TimestampColumn,
  type UsedColumn,
} from '../src/table/columns.ts';
import { layoutOf } from '../src/table/layout.ts';

const none = { kind: 'none' } as const;

/** Evenly spread over knots that are not, of more and of fewer steps than each other. */
const spent: Ranks = { knots: [-1, 0, 1, 3], values: [-2, -1, 1, 1.5] };
const owed: Ranks = { knots: [-0.25, 2], values: [-0.5, 3] };

/** One column of each kind, in an order that the layout must change. */
export const table: TableColumns = {
  kind: 'table',
  columns: [
    {
      name: 'colour',
      kind: 'categorical',
      levels: ['red', 'green'],
      rare: ['mauve'],
      shares: [0.6, 0.3, 0.1],
    },
    { name: 'weight', kind: 'numeric', transform: none, centre: 70, scale: 10, likelihood: 'gaussian' },
    { name: 'id', kind: 'ignored', reason: 'it numbers the rows' },
    { name: 'visits', kind: 'count', centre: 1, scale: 0.5, likelihood: 'poisson' },
    {
      name: 'paid',
      kind: 'numeric',
      transform: { kind: 'log', unit: 5 },
      centre: 2,
      scale: 0.5,
      likelihood: 'student-t',
    },
    { name: 'member', kind: 'binary', levels: [1, 2], share: 0.4 },
    { name: 'grade', kind: 'categorical', levels: [10, 20, 30], rare: [], shares: [0.5, 0.25, 0.25, 0] },
    { name: 'when', kind: 'timestamp', centre: 1.7e12, scale: 1e10 },
    { name: 'shift', kind: 'timestamp', centre: 1.7e12, scale: 1e10, parts: ['day', 'week'] },
    { name: 'sown', kind: 'timestamp', centre: 1.7e12, scale: 1e10, parts: ['year'] },
    {
      name: 'spent',
      kind: 'numeric',
      transform: none,
      centre: 0,
      scale: 1,
      likelihood: 'gaussian',
      ranks: spent,
    },
    { name: 'clock', kind: 'numeric', transform: none, centre: 1.7e12, scale: 1, likelihood: 'gaussian' },
    { name: 'calls', kind: 'count', centre: 2, scale: 3, likelihood: 'negative-binomial' },
    {
      name: 'city',
      kind: 'categorical',
      levels: ['Malmö', 'Ystad', 'Lund'],
      rare: [],
      shares: [0.4, 0.3, 0.3, 0],
    },
    {
      name: 'owed',
      kind: 'numeric',
      transform: { kind: 'log', unit: 1e-3 },
      centre: 0,
      scale: 2,
      likelihood: 'gaussian',
      ranks: owed,
    },
  ] satisfies readonly Column[],
};

export const layout = layoutOf(table);

/** The columns whose cells are numbers, and those whose cells are texts, as the raw tensors have them. */
export const numbers = [
  'weight',
  'visits',
  'paid',
  'member',
  'grade',
  'when',
  'shift',
  'sown',
  'spent',
  'clock',
  'calls',
  'owed',
] as const;
export const texts = ['colour', 'city'] as const;

/** Raw cells, null where one is missing. */
export type Cells = Readonly<Record<string, number | string | null>>;

const held = (number: number): number => Math.min(30, Math.max(-30, number));

/** The map through its knots, of slope 1 outside of them. */
export function rankedByHand({ knots, values }: Ranks, x: number): number {
  if (x < knots[0]!) return values[0]! + x - knots[0]!;
  const next = knots.findIndex((knot) => knot > x);
  if (next < 0) return values.at(-1)! + x - knots.at(-1)!;
  const share = (x - knots[next - 1]!) / (knots[next]! - knots[next - 1]!);
  return values[next - 1]! + share * (values[next]! - values[next - 1]!);
}

function numericByHand({ transform, centre, scale, ranks }: NumericColumn, x: number, part: number): number {
  const raised = transform.kind === 'log' ? Math.sign(x) * Math.log1p(Math.abs(x) / transform.unit) : x;
  const standardised = held((raised - centre) / scale);
  return part === 0 ? standardised : held(rankedByHand(ranks!, standardised));
}

const DAY = 86_400_000;

const PERIODS = { day: 1, week: 7, year: 365.2425, trend: 0 } as const;

function timestampByHand({ parts = TIMESTAMP_PARTS, ...column }: TimestampColumn, x: number, part: number) {
  const seen = parts[Math.floor(part / 2)]!;
  if (seen === 'trend') return held((x - column.centre) / column.scale);
  const period = PERIODS[seen] * DAY;
  const angle = (2 * Math.PI * (((x % period) + period) % period)) / period;
  return Math.SQRT2 * (part % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
}

/** A feature of a cell that is there, as the columns' definitions say it. */
export function featureByHand(column: UsedColumn, part: number, cell: number | string): number {
  const x = cell as number;
  if (column.kind === 'numeric') return numericByHand(column, x, part);
  if (column.kind === 'count')
    return held((Math.sign(x) * Math.log1p(Math.abs(x)) - column.centre) / column.scale);
  if (column.kind === 'binary') return held((x - column.levels[0]) / (column.levels[1] - column.levels[0]));
  if (column.kind === 'timestamp') return timestampByHand(column, x, part);
  const place = (column.levels as readonly unknown[]).indexOf(cell);
  return Number(part === (place < 0 ? column.levels.length : place));
}

/** A row of x: features in the layout's order, and 1 for each column whose cell is missing. */
export function encodedByHand(row: Cells): number[] {
  const features = layout.features.map(({ column, part }) => {
    const cell = row[layout.columns[column]!.name]!;
    return cell === null ? 0 : featureByHand(layout.columns[column]!, part, cell);
  });
  return [...features, ...layout.columns.map(({ name }) => Number(row[name] === null))];
}

const pools: Readonly<Record<string, Cells[string][]>> = {
  colour: ['red', 'green', 'mauve', 'never seen', ' red', 'Red', null],
  city: ['Malmö', 'Ystad', 'Lund', 'Malmo', null],
  weight: [70, 81.25, -12, 0, 1e300, -1e300, 1e-300, 371, 370, -230.5, null],
  visits: [0, 1, 2, 7, 1000, 1e15, 1e300, -3, null],
  paid: [0, 5, -5, 12.5, 1e-9, 1e300, -1e300, 5 * (Math.E ** 3 - 1), null],
  member: [1, 2, 1, 2, 3, -1e300, null],
  grade: [10, 20, 30, 40, 20.000001, -0, null],
  shift: [1.7e12, 0, 1.7e12 + 3_600_000, -1e12, null],
  sown: [1.7e12, 1.71e12, 1.72e12, -1e12, null],
  when: [1.7e12, 1.71e12, 0, -86_400_000, 1.7e12 + 3_600_000, 4e12, -1e15, null],
  spent: [-1, 0, 1, 3, 0.5, 2.75, -4, 9, 29.5, 1e300, -1e300, null],
  clock: [1.7e12, 1.7e12 + 1, 1.7e12 - 1, 1.7e12 + 0.5, 1.7e12 + 31, 0, null],
  calls: [0, 1, 40, 2000, 1e300, null],
  owed: [0, 1e-4, -1e-4, 1e-3, 1, 5000, -1e300, 1e300, null],
};

/** Row `i` of as many as are wanted, each cell from its column's pool, so that all meet all in time. */
export const rowAt = (i: number): Cells =>
  Object.fromEntries(
    Object.entries(pools).map(([name, pool], column) => {
      const turn = Math.imul(i + 1, 2654435761 + 2 * column * 40503) >>> 0;
      return [name, pool[Math.floor((turn / 2 ** 32) * pool.length)]!];
    }),
  );

export const manyRows = (count: number): Cells[] => Array.from({ length: count }, (_, i) => rowAt(i));

/** Rows as a raw tensor has them: NaN and '' where a cell is missing. */
export const numbersOf = (rows: readonly Cells[]): Float64Array =>
  Float64Array.from(rows.flatMap((row) => numbers.map((name) => (row[name] ?? Number.NaN) as number)));
export const textsOf = (rows: readonly Cells[]): string[] =>
  rows.flatMap((row) => texts.map((name) => (row[name] ?? '') as string));
