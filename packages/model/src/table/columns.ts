/** The cell of a raw column as numbers: what is not told apart below is in every kind. */
interface Named {
  readonly name: string;
  readonly written?: Written;
}

/** How the cells of a column are written in files, where that is not plain. */
export interface Written {
  /** The decimal sign of numbers; with it, groups of digits, a currency and a percent sign are read, too. */
  readonly decimal?: '.' | ',';
  /** The order of dates that do not begin with the year, or what numbers count that stand for dates. */
  readonly date?: 'dmy' | 'mdy' | 'excel' | 'seconds' | 'milliseconds' | 'microseconds' | 'yyyymmdd';
  /** What stands for 0 and for 1. */
  readonly words?: readonly [string, string];
}

/** A monotone map, linear between knots, of slope 1 outside; in standardised units on both sides. */
export interface Ranks {
  readonly knots: readonly number[];
  readonly values: readonly number[];
}

/** `log` is sign(x)·log(1 + |x|/unit). */
export type Transform = { readonly kind: 'none' } | { readonly kind: 'log'; readonly unit: number };

/** A number, standardised after its transform: (t(x) − centre) / scale, held within ±30. */
export interface NumericColumn extends Named {
  readonly kind: 'numeric';
  readonly transform: Transform;
  readonly centre: number;
  readonly scale: number;
  readonly likelihood: 'gaussian' | 'student-t';
  /** A second feature: the column's rank as a normal score, where one value holds much of the rows. */
  readonly ranks?: Ranks;
}

/** A whole number from 0 up. Networks see log(1 + x), standardised; the likelihood sees the count itself. */
export interface CountColumn extends Named {
  readonly kind: 'count';
  readonly centre: number;
  readonly scale: number;
  readonly likelihood: 'poisson' | 'negative-binomial';
}

/** A number with two values, seen as 0 and 1. */
export interface BinaryColumn extends Named {
  readonly kind: 'binary';
  readonly levels: readonly [number, number];
  /** The share of the second. */
  readonly share: number;
}

/** One of several texts or numbers, one-hot; what is none of `levels`, the rare among it, shares a last place. */
export interface CategoricalColumn extends Named {
  readonly kind: 'categorical';
  readonly levels: readonly string[] | readonly number[];
  /** Seen in training, but too seldom for a place of their own. */
  readonly rare: readonly string[] | readonly number[];
  /** The share of each level and, last, of everything else. */
  readonly shares: readonly number[];
}

/** What may be seen of a moment: its place in the day, the week and the year, on circles, and how late it is, standardised. */
export const TIMESTAMP_PARTS = ['day', 'week', 'year', 'trend'] as const;
export type TimestampPart = (typeof TIMESTAMP_PARTS)[number];

/** Milliseconds since 1970. */
export interface TimestampColumn extends Named {
  readonly kind: 'timestamp';
  readonly centre: number;
  readonly scale: number;
  /** What is seen of it, in the order of TIMESTAMP_PARTS; absent: all. */
  readonly parts?: readonly TimestampPart[];
}

const PARTS_IN_WORDS: Readonly<Record<TimestampPart, string>> = {
  day: 'time of day',
  week: 'weekday',
  year: 'season',
  trend: 'trend',
};

/** What is seen of a timestamp, and whether its trend is left out. */
export function timestampInWords({ parts = TIMESTAMP_PARTS }: TimestampColumn): string {
  const seen = parts.map((part) => PARTS_IN_WORDS[part]).join(', ');
  return parts.includes('trend') ? seen : `${seen}; its trend is left out`;
}

/** A column that the model does not see. */
export interface IgnoredColumn extends Named {
  readonly kind: 'ignored';
  readonly reason: string;
}

/** Nats by how far out a number lies: linear between knots, which go outwards, 0 before the first and constant after the last. */
export interface Tail {
  readonly knots: readonly number[];
  readonly nats: readonly number[];
}

/** How surprising the cells of a column are, in nats beyond what ordinary rows reach: 0 of most. */
export interface CellSurprise {
  readonly missing: number;
  readonly present: number;
  /** Of each level, those that are rare last. */
  readonly levels?: readonly number[];
  /** Of a value that is no level. */
  readonly unseen?: number;
  readonly lower?: Tail;
  readonly upper?: Tail;
}

/** Levels of two columns that avoid each other: a level of each, by number, and how surprising both in one row are. */
export interface PairSurprise {
  readonly columns: readonly [number, number];
  readonly cells: readonly (readonly [level: number, other: number, nats: number])[];
}

/** What is rare in the training rows: of each column that is used, and of pairs of them, by their places among these. */
export interface Surprise {
  readonly cells: readonly CellSurprise[];
  readonly pairs: readonly PairSurprise[];
}

export type UsedColumn = NumericColumn | CountColumn | BinaryColumn | CategoricalColumn | TimestampColumn;
export type Column = UsedColumn | IgnoredColumn;

/** Raw rows of a table, and how each of its columns is encoded; plain JSON. */
export interface TableColumns {
  readonly kind: 'table';
  readonly columns: readonly Column[];
  readonly surprise?: Surprise;
}

export const isUsed = (column: Column): column is UsedColumn => column.kind !== 'ignored';

/** The columns whose cells are read, in their order. */
export const usedColumns = ({ columns }: TableColumns): readonly UsedColumn[] => columns.filter(isUsed);

/** Whether a column has one value alone: the model learns nothing from it, but another value is a surprise. */
export const isConstant = (column: UsedColumn): boolean =>
  column.kind === 'categorical' && column.levels.length === 1 && column.rare.length === 0;

/** The columns that the model sees, in their order. */
export const modelledColumns = (table: TableColumns): readonly UsedColumn[] =>
  usedColumns(table).filter((column) => !isConstant(column));

/** Whether a column's raw cells are texts; otherwise they are float64 numbers. */
export const isText = (column: UsedColumn): boolean =>
  column.kind === 'categorical' && typeof (column.levels[0] ?? column.rare[0]) !== 'number';

/** The names of the raw columns in each of the two raw tensors, in order. */
export function rawOrder(table: TableColumns): {
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
} {
  const used = usedColumns(table);
  const names = (wanted: boolean) =>
    used.filter((column) => isText(column) === wanted).map(({ name }) => name);
  return { numbers: names(false), texts: names(true) };
}
