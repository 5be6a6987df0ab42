import {
  abs,
  add,
  cast,
  clip,
  concat,
  constant,
  cos,
  type Dimension,
  div,
  equal,
  floor,
  gather,
  input,
  integers,
  isNaN as isMissing,
  type LeafValue,
  labelEncoder,
  log,
  mul,
  sign,
  sin,
  sub,
  sum,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';
import {
  type BinaryColumn,
  type CategoricalColumn,
  type CountColumn,
  isText,
  type NumericColumn,
  type Ranks,
  rawOrder,
  type TableColumns,
  TIMESTAMP_PARTS,
  type TimestampColumn,
  type TimestampPart,
  type UsedColumn,
} from './columns.ts';
import { type Layout, layoutOf, timestampPlaces } from './layout.ts';

/** The raw cells of some rows: `numbers` float64 [rows, n], NaN where missing; `texts` [rows, m], empty where missing. */
export interface RawTable {
  readonly numbers?: Value;
  readonly texts?: Value;
}

/** The raw input leaves of a table; a tensor that no column is in is left out. */
export function rawTable(
  table: TableColumns,
  rows: Dimension,
): { numbers?: LeafValue<'input'>; texts?: LeafValue<'input'> } {
  const { numbers, texts } = rawOrder(table);
  return {
    ...(numbers.length > 0 && { numbers: input('numbers', [rows, numbers.length], 'float64') }),
    ...(texts.length > 0 && { texts: input('texts', [rows, texts.length], 'string') }),
  };
}

/** Standardised values stay within ±this. */
export const FEATURE_LIMIT = 30;

/** Some features of some columns, side by side: [rows, as many as `places`]. */
interface Encoded {
  readonly features: Value;
  readonly places: readonly { readonly column: number; readonly part: number }[];
}

/** Columns of one kind, where they lie in the raw tensor, and which columns they are. */
interface Picked<C extends UsedColumn> {
  readonly columns: readonly C[];
  readonly cells: Value;
  readonly missing: Value;
  readonly at: readonly number[];
}

const doubles = (numbers: readonly number[]): Value =>
  constant(Float64Array.from(numbers), [1, numbers.length], 'float64');
const floats = (numbers: readonly number[]): Value =>
  constant(Float32Array.from(numbers), [1, numbers.length]);
const flags = (bits: readonly boolean[]): Value =>
  constant(Uint8Array.from(bits, Number), [1, bits.length], 'bool');

/** The columns of a kind, a missing cell being 0. */
function pick<C extends UsedColumn>(
  table: TableColumns,
  { columns }: Layout,
  numbers: Value | undefined,
  wanted: (column: UsedColumn) => column is C,
): Picked<C> | undefined {
  const at = columns.flatMap((column, i) => (wanted(column) && !isText(column) ? [i] : []));
  if (at.length === 0) return undefined;
  const order = rawOrder(table).numbers;
  const raw = gather(numbers!, integers(at.map((i) => order.indexOf(columns[i]!.name))), 1);
  const missing = isMissing(raw);
  return { columns: at.map((i) => columns[i] as C), cells: where(missing, 0, raw), missing, at };
}

/** sign(x)·log(1 + |x|/unit), for the columns that ask for it. */
function transformed(cells: Value, columns: readonly (NumericColumn | CountColumn)[]): Value {
  const units = columns.map(unitOf);
  if (units.every((unit) => unit === undefined)) return cells;
  const scaled = add(div(abs(cells), doubles(units.map((unit) => unit ?? 1))), 1);
  const logged = mul(sign(cells), log(scaled));
  if (units.every((unit) => unit !== undefined)) return logged;
  return where(flags(units.map((unit) => unit !== undefined)), logged, cells);
}

/** The unit of a column's logarithm; undefined where it takes none. */
export const unitOf = (column: NumericColumn | CountColumn): number | undefined => {
  if (column.kind === 'count') return 1;
  return column.transform.kind === 'log' ? column.transform.unit : undefined;
};

const limited = (features: Value): Value => clip(features, -FEATURE_LIMIT, FEATURE_LIMIT);
const blank = (missing: Value, features: Value): Value => where(missing, 0, features);
const firstParts = (at: readonly number[]) => at.map((column) => ({ column, part: 0 }));

/** The sum of the steps passed, and of what lies beyond the ends: every term rises, so nothing cancels. */
function ranked(standardised: Value, ranks: readonly Ranks[]): Value {
  const steps = Math.max(...ranks.map(({ knots }) => knots.length)) - 1;
  const padded = (of: (each: Ranks, step: number) => number, filling: number) =>
    constant(
      Float32Array.from(
        ranks.flatMap((each) =>
          Array.from({ length: steps }, (_, step) =>
            step + 1 < each.knots.length ? of(each, step) : filling,
          ),
        ),
      ),
      [1, ranks.length, steps],
    );
  const starts = padded(({ knots }, step) => knots[step]!, 0);
  const lengths = padded(({ knots }, step) => knots[step + 1]! - knots[step]!, 1);
  const rises = padded(({ values }, step) => values[step + 1]! - values[step]!, 0);
  const passed = clip(div(sub(unsqueeze(standardised, -1), starts), lengths), 0, 1);
  const first = floats(ranks.map(({ knots }) => knots[0]!));
  const last = floats(ranks.map(({ knots }) => knots.at(-1)!));
  const lowest = floats(ranks.map(({ values }) => values[0]!));
  const beyond = add(
    clip(sub(standardised, first), -2 * FEATURE_LIMIT, 0),
    clip(sub(standardised, last), 0, 2 * FEATURE_LIMIT),
  );
  return add(add(lowest, beyond), sum(mul(passed, rises), [-1]));
}

function encodeNumeric({ columns, cells, missing, at }: Picked<NumericColumn | CountColumn>): Encoded {
  const centred = sub(transformed(cells, columns), doubles(columns.map(({ centre }) => centre)));
  const scaled = limited(cast(div(centred, doubles(columns.map(({ scale }) => scale))), 'float32'));
  const features = blank(missing, scaled);
  const withRanks = columns.flatMap((column, i) => (column.kind === 'numeric' && column.ranks ? [i] : []));
  if (withRanks.length === 0) return { features, places: firstParts(at) };
  const chosen = integers(withRanks);
  const maps = withRanks.map((i) => (columns[i] as NumericColumn).ranks!);
  const scores = blank(gather(missing, chosen, 1), limited(ranked(gather(scaled, chosen, 1), maps)));
  return {
    features: concat([features, scores], 1),
    places: [...firstParts(at), ...withRanks.map((i) => ({ column: at[i]!, part: 1 }))],
  };
}

function encodeBinary({ columns, cells, missing, at }: Picked<BinaryColumn>): Encoded {
  const low = doubles(columns.map(({ levels }) => levels[0]));
  const width = doubles(columns.map(({ levels }) => levels[1] - levels[0]));
  const share = limited(cast(div(sub(cells, low), width), 'float32'));
  return { features: blank(missing, share), places: firstParts(at) };
}

export const DAY = 86_400_000;
const YEAR = 365.2425;

/** Where on a circle, 0…2π. */
const turn = (days: Value, period: number): Value => {
  const turns = div(days, period);
  return mul(cast(sub(turns, floor(turns)), 'float32'), 2 * Math.PI);
};

/** Lengths of the circles, in days. */
export const PERIODS = { day: 1, week: 7, year: YEAR } as const;

/** The sine and the cosine of moments on a circle, of deviation 1. */
const onCircle = (days: Value, period: number): Value[] => {
  const angle = turn(days, period);
  return [sin(angle), cos(angle)].map((each) => mul(each, Math.SQRT2));
};

/** One part of the timestamps that it is seen of. */
function encodePart(
  { columns, cells, missing, at }: Picked<TimestampColumn>,
  part: TimestampPart,
): Encoded[] {
  const seen = columns.map((column) => timestampPlaces(column).find((each) => each.part === part));
  const chosen = columns.flatMap((_, i) => (seen[i] ? [i] : []));
  if (chosen.length === 0) return [];
  const pickSeen = (of: Value): Value =>
    chosen.length === columns.length ? of : gather(of, integers(chosen), 1);
  const features =
    part === 'trend'
      ? [
          lateness(
            pickSeen(cells),
            chosen.map((i) => columns[i]!),
          ),
        ]
      : onCircle(div(pickSeen(cells), DAY), PERIODS[part]);
  return features.map((each, feature) => ({
    features: blank(pickSeen(missing), each),
    places: chosen.map((i) => ({ column: at[i]!, part: seen[i]!.first + feature })),
  }));
}

/** How late moments are, standardised. */
const lateness = (cells: Value, columns: readonly TimestampColumn[]): Value => {
  const centred = sub(cells, doubles(columns.map(({ centre }) => centre)));
  return limited(cast(div(centred, doubles(columns.map(({ scale }) => scale))), 'float32'));
};

function encodeTimestamps(picked: Picked<TimestampColumn>): Encoded {
  const parts = TIMESTAMP_PARTS.flatMap((part) => encodePart(picked, part));
  return {
    features: concat(
      parts.map(({ features }) => features),
      1,
    ),
    places: parts.flatMap(({ places }) => places),
  };
}

const counting = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

const blockPlaces = (column: number, size: number) => counting(0, size).map((part) => ({ column, part }));

/** A text's place: 0 where it is missing, 1… for the levels, and one more for everything else. */
function encodeTexts(column: CategoricalColumn, at: number, cells: Value): Encoded & { missing: Value } {
  const other = column.levels.length + 1;
  const place = unsqueeze(
    labelEncoder(cells, ['', ...(column.levels as readonly string[])], { missing: other }),
    -1,
  );
  const features = cast(equal(place, integers(counting(1, other + 1))), 'float32');
  return { features, places: blockPlaces(at, other), missing: equal(place, integers([0])) };
}

function encodeCodes(column: CategoricalColumn, at: number, raw: Value): Encoded & { missing: Value } {
  const missing = isMissing(raw);
  const known = cast(equal(raw, doubles(column.levels as readonly number[])), 'float32');
  const other = sub(sub(1, sum(known, [-1], { keep: true })), cast(missing, 'float32'));
  return { features: concat([known, other], 1), places: blockPlaces(at, column.levels.length + 1), missing };
}

const isKind =
  <K extends UsedColumn['kind']>(...kinds: readonly K[]) =>
  (column: UsedColumn): column is Extract<UsedColumn, { kind: K }> =>
    (kinds as readonly string[]).includes(column.kind);

/** Each categorical column, with whether its cell is missing. */
function encodeCategories(table: TableColumns, { columns }: Layout, { numbers, texts }: RawTable) {
  const order = rawOrder(table);
  return columns.flatMap((column, at) => {
    if (column.kind !== 'categorical') return [];
    const from = isText(column) ? order.texts : order.numbers;
    const index = integers([from.indexOf(column.name)]);
    if (!isText(column)) return [{ at, ...encodeCodes(column, at, gather(numbers!, index, 1)) }];
    const cells = gather(
      texts!,
      constant(BigInt64Array.of(BigInt(from.indexOf(column.name))), [], 'int64'),
      1,
    );
    return [{ at, ...encodeTexts(column, at, cells) }];
  });
}

/** Columns side by side, in another order. */
function arranged(parts: readonly Value[], order: readonly number[]): Value {
  const all = parts.length === 1 ? parts[0]! : concat(parts, 1);
  return order.every((from, i) => from === i) ? all : gather(all, integers(order), 1);
}

/**
 * Raw cells as rows of x: [rows, `layoutOf(table).size`], float32: features in the layout's order, then for each column 1
 * where its cell is missing, whose features are then 0.
 */
export function encodeTable(table: TableColumns, raw: RawTable): Value {
  const layout = layoutOf(table);
  const numeric = pick(table, layout, raw.numbers, isKind('numeric', 'count'));
  const binary = pick(table, layout, raw.numbers, isKind('binary'));
  const timestamps = pick(table, layout, raw.numbers, isKind('timestamp'));
  const categories = encodeCategories(table, layout, raw);
  const encoded: readonly Encoded[] = [
    ...(numeric ? [encodeNumeric(numeric)] : []),
    ...(binary ? [encodeBinary(binary)] : []),
    ...(timestamps ? [encodeTimestamps(timestamps)] : []),
    ...categories,
  ];
  const places = encoded.flatMap((each) => each.places);
  const found = layout.features.map(({ column, part }) =>
    places.findIndex((place) => place.column === column && place.part === part),
  );
  const gone = [numeric, binary, timestamps].flatMap((each) => (each ? [each] : []));
  const absentAt = [...gone.flatMap(({ at }) => at), ...categories.map(({ at }) => at)];
  const absent = [...gone, ...categories].map(({ missing }) => cast(missing, 'float32'));
  return concat(
    [
      arranged(
        encoded.map(({ features }) => features),
        found,
      ),
      arranged(
        absent,
        layout.columns.map((_, column) => absentAt.indexOf(column)),
      ),
    ],
    1,
  );
}
