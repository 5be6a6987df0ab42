import {
  type BinaryColumn,
  type CategoricalColumn,
  type Column,
  type CountColumn,
  type IgnoredColumn,
  isUsed,
  type NumericColumn,
  type TimestampColumn,
  type Written,
} from '@semivae/model';
import { type Recipe, RecipeError } from '@semivae/recipe';
import { moments, type NumberProfile, profileNumbers, profileTexts, type TextProfile } from './profile.ts';
import { zeroInflated } from './ranks.ts';
import { IDENTIFIER } from './suspicions.ts';

/** A raw column's type and the cells that its kind is guessed from: NaN and '' where they are missing. */
export interface ColumnSample {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'timestamp' | 'text';
  readonly cells: Float64Array | readonly string[];
  /** How its cells are written in files. */
  readonly written?: Written;
}

export interface InferOptions {
  /** What a person says of a column, by name. */
  readonly asked?: Recipe['data']['columns'];
  /** Columns of a bare array of numbers are all taken for plain numbers, for nothing says what they are. */
  readonly array?: boolean;
  /** Rows of the table; absent: as many as there are cells, which are otherwise a sample of them. */
  readonly rows?: number;
}

type Asked = Recipe['data']['columns'][string];
type AskedOf<K extends Asked['kind']> = Extract<Asked, { readonly kind: K }>;

/** A column may be called `constructor`. */
const askedOf = ({ asked = {} }: InferOptions, name: string): Asked | undefined =>
  Object.hasOwn(asked, name) ? asked[name] : undefined;

const ignored = (name: string, reason: string): IgnoredColumn => ({ name, kind: 'ignored', reason });

/** A level needs so many rows for a place of its own; a column has at most so many places. */
const LEAST_ROWS = 3;
const MOST_LEVELS = 100;

function categorical(
  name: string,
  levels: readonly (readonly [string | number, number])[],
  rows: number,
): CategoricalColumn {
  const named = levels.filter(([, count], i) => count >= LEAST_ROWS && i < MOST_LEVELS);
  const kept = named.length > 0 ? named : levels.slice(0, MOST_LEVELS);
  const rare = levels.slice(kept.length);
  const share = (counts: readonly (readonly [unknown, number])[]) =>
    counts.reduce((sum, [, count]) => sum + count, 0) / rows;
  return {
    name,
    kind: 'categorical',
    levels: kept.map(([level]) => level) as CategoricalColumn['levels'],
    rare: rare.map(([level]) => level) as CategoricalColumn['rare'],
    shares: [...kept.map((each) => share([each])), share(rare)],
  };
}

const numberLevels = ({ values, counts }: NumberProfile): (readonly [number, number])[] =>
  Array.from(values, (value, i) => [value, counts[i]!] as const).sort((a, b) => b[1] - a[1] || a[0] - b[0]);

const binary = (name: string, { values, counts, sorted }: NumberProfile): BinaryColumn => ({
  name,
  kind: 'binary',
  levels: [values[0]!, values[1]!],
  share: counts[1]! / sorted.length,
});

/** Lengths of what may recur, in milliseconds. */
const CYCLES = [
  ['day', 86_400_000],
  ['week', 7 * 86_400_000],
  ['year', 365.2425 * 86_400_000],
] as const;

/** A date that has spread over so long, such as a birthday, is not what the next rows go beyond. */
const LONG = 20 * 365.2425 * 86_400_000;

/** How long moments go on for, but for the first and the last of a hundred. */
const spanOf = ({ sorted }: NumberProfile): number =>
  (sorted[Math.ceil(0.99 * (sorted.length - 1))]! - sorted[Math.floor(0.01 * (sorted.length - 1))]!) / 0.98;

/** What recurs in moments and has been seen twice; how late they are only grows, and is left out unless asked for. */
function timestamp(
  name: string,
  profile: NumberProfile,
  asked?: AskedOf<'timestamp'>,
): TimestampColumn | IgnoredColumn {
  const span = spanOf(profile);
  const recurring = CYCLES.filter(([, length]) => 2 * length <= span).map(([part]) => part);
  const trend = asked?.trend ?? span >= LONG;
  const parts = [...(recurring.length === 0 && asked ? (['day'] as const) : recurring)];
  if (parts.length === 0 && !trend) return ignored(name, 'it spans less than two days, and only grows');
  const { mean: centre, deviation } = profile;
  return {
    name,
    kind: 'timestamp',
    centre,
    scale: deviation || 1,
    parts: [...parts, ...(trend ? (['trend'] as const) : [])],
  };
}

function count(name: string, { sorted }: NumberProfile, asked?: AskedOf<'count'>): CountColumn {
  const { mean, deviation } = moments(sorted);
  const logged = moments(sorted.map((each) => Math.log1p(each)));
  const spread = deviation ** 2 > 1.5 * mean ? 'negative-binomial' : 'poisson';
  const likelihood = asked?.likelihood ?? spread;
  return { name, kind: 'count', centre: logged.mean, scale: logged.deviation || 1, likelihood };
}

const SKEWED = 3;
const HEAVY_TAILED = 10;

/** The median distance from 0 of what is not 0: the unit below which a logarithm is a straight line. */
function unitOf({ sorted }: NumberProfile): number {
  const sizes = sorted
    .filter((each) => each !== 0)
    .map(Math.abs)
    .sort();
  return sizes[Math.floor(sizes.length / 2)] ?? 1;
}

function numeric(
  name: string,
  profile: NumberProfile,
  array: boolean,
  asked?: AskedOf<'numeric'>,
): NumericColumn {
  const skewed = !array && Math.abs(profile.skewness) > SKEWED;
  const logs = asked?.transform ? asked.transform === 'log' : skewed;
  const unit = unitOf(profile);
  const transform = logs ? ({ kind: 'log', unit } as const) : ({ kind: 'none' } as const);
  const logged = (each: number) => Math.log1p(Math.min(Math.abs(each) / unit, Number.MAX_VALUE));
  const map = (each: number) => (logs ? Math.sign(each) * logged(each) : each);
  const values = profile.sorted.map(map);
  const { mean, deviation, kurtosis } = moments(values);
  const scale = deviation || 1;
  const standardised = values.map((each) => (each - mean) / scale);
  const ranks = zeroInflated(standardised);
  const heavy = !array && !ranks && kurtosis > HEAVY_TAILED;
  const likelihood = asked?.likelihood ?? (heavy ? 'student-t' : 'gaussian');
  return { name, kind: 'numeric', transform, centre: mean, scale, likelihood, ...(ranks && { ranks }) };
}

/** Whole numbers, no two alike, that hardly leave any of the table's rows out: they number them. */
function numbersRows({ whole, values, sorted }: NumberProfile, rows = sorted.length): boolean {
  if (!whole || sorted.length < 20 || values.length < sorted.length) return false;
  return sorted.at(-1)! - sorted[0]! < 2 * rows;
}

/** Names that end in the word id: order_id, orderId, ID. */
const ID_NAMES = [/(^|[^a-z])ids?$/i, /[a-z]I[dD]s?$/];

/** Whole numbers of which no two are alike, by a name that says what they are; whatever order they come in. */
const isIdentifier = (name: string, { whole, values, sorted }: NumberProfile): boolean =>
  whole && sorted.length >= 20 && values.length === sorted.length && ID_NAMES.some((each) => each.test(name));

const LARGEST_COUNT = 1000;

/** Whole numbers from 0 with a long tail of not too many. */
function looksCounted({ whole, sorted, skewness }: NumberProfile): boolean {
  const high = sorted[Math.floor(0.99 * (sorted.length - 1))]!;
  return whole && sorted[0] === 0 && skewness > 1 && high <= LARGEST_COUNT;
}

function guessNumber(name: string, profile: NumberProfile, { array = false, rows }: InferOptions): Column {
  if (array) return numeric(name, profile, array);
  if (profile.values.length === 2) return binary(name, profile);
  if (numbersRows(profile, rows)) return ignored(name, 'it numbers the rows');
  if (isIdentifier(name, profile)) return ignored(name, 'an identifier, by its name, and no two are alike');
  return looksCounted(profile) ? count(name, profile) : numeric(name, profile, array);
}

const MANY_TEXTS = 50;

function guessText(name: string, { levels, rows, missing }: TextProfile): Column {
  const present = rows - missing;
  if (levels.length > MANY_TEXTS && levels.length > present / 2) {
    return ignored(name, `${levels.length} different texts in ${present} rows: ${IDENTIFIER}`);
  }
  return categorical(name, levels, present);
}

/** Nothing for a model to learn from: no cell, or one value alone, beside which another one is a surprise. */
function uniform(name: string, values: ArrayLike<string | number>): Column | undefined {
  if (values.length === 0) return ignored(name, 'every cell is missing');
  if (values.length > 1) return undefined;
  const levels = [values[0]!] as CategoricalColumn['levels'];
  return { name, kind: 'categorical', levels, rare: [], shares: [1, 0] };
}

function misfit(name: string, kind: string, problem: string): never {
  const remedy = `Choose another kind for it, or leave the choice out: data.columns.${name}.`;
  throw new RecipeError('COLUMN_KIND', `column ${name}`, `it cannot be ${kind}: ${problem}`, remedy);
}

function askedNumber(
  name: string,
  profile: NumberProfile,
  asked: Exclude<Asked, { kind: 'ignored' }>,
): Column {
  const { kind } = asked;
  if (asked.kind === 'numeric') return numeric(name, profile, false, asked);
  if (asked.kind === 'timestamp') return timestamp(name, profile, asked);
  if (asked.kind === 'categorical') return categorical(name, numberLevels(profile), profile.sorted.length);
  if (asked.kind === 'binary') {
    return profile.values.length === 2
      ? binary(name, profile)
      : misfit(name, kind, `it has ${profile.values.length} different values`);
  }
  if (profile.whole && profile.sorted[0]! >= 0) return count(name, profile, asked);
  return misfit(name, kind, 'it holds more than whole numbers from 0 up');
}

function inferNumbers({ name, type }: ColumnSample, cells: Float64Array, options: InferOptions): Column {
  const profile = profileNumbers(cells);
  const asked = askedOf(options, name);
  const one = uniform(name, profile.values);
  if (one) return type === 'timestamp' && isUsed(one) ? ignored(name, 'it is always the same moment') : one;
  if (asked && asked.kind !== 'ignored') return askedNumber(name, profile, asked);
  if (type === 'timestamp') return timestamp(name, profile);
  return guessNumber(name, profile, options);
}

function inferTexts({ name }: ColumnSample, cells: readonly string[], options: InferOptions): Column {
  const profile = profileTexts(cells);
  const one = uniform(
    name,
    profile.levels.map(([level]) => level),
  );
  if (one) return one;
  const kind = askedOf(options, name)?.kind;
  if (kind === undefined) return guessText(name, profile);
  if (kind === 'categorical') return categorical(name, profile.levels, profile.rows - profile.missing);
  return misfit(name, kind, 'it holds texts');
}

/** What a column is and how it is encoded, guessed from its cells or as it is asked for. Throws `COLUMN_KIND`. */
export function inferColumn(sample: ColumnSample, options: InferOptions = {}): Column {
  if (askedOf(options, sample.name)?.kind === 'ignored') return ignored(sample.name, 'it was asked to be');
  const column =
    sample.cells instanceof Float64Array
      ? inferNumbers(sample, sample.cells, options)
      : inferTexts(sample, sample.cells, options);
  return sample.written && isUsed(column) ? { ...column, written: sample.written } : column;
}
