import {
  abs,
  add,
  argMax,
  cast,
  clip,
  concat,
  constant,
  exp,
  floor,
  gather,
  greater,
  integers,
  matmul,
  mul,
  sign,
  slice,
  sub,
  texts,
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
  rawOrder,
  type TableColumns,
  type TimestampColumn,
  type UsedColumn,
  usedColumns,
} from './columns.ts';
import type { RawTable } from './encode.ts';
import { DAY, FEATURE_LIMIT, PERIODS, unitOf } from './encode.ts';
import { type Layout, layoutOf, timestampPlaces } from './layout.ts';

const placeOf = ({ features }: Layout, column: number, part = 0): number =>
  features.findIndex((place) => place.column === column && place.part === part);

const doubles = (numbers: readonly number[]): Value =>
  constant(Float64Array.from(numbers), [1, numbers.length], 'float64');

const trendOf = (column: TimestampColumn) => timestampPlaces(column).find(({ part }) => part === 'trend');

/** The raw numbers of some columns whose raw cell is an affine or logarithmic map away from one feature; all are finite. */
function numericCells(
  features: Value,
  layout: Layout,
  columns: readonly (readonly [NumericColumn | CountColumn | TimestampColumn, number])[],
  drawn: boolean,
): Value {
  const places = columns.map(([column, at]) =>
    placeOf(layout, at, column.kind === 'timestamp' ? trendOf(column)!.first : 0),
  );
  const standardised = clip(
    cast(gather(features, integers(places), 1), 'float64'),
    -FEATURE_LIMIT,
    FEATURE_LIMIT,
  );
  const scales = doubles(columns.map(([{ scale }]) => scale));
  const centres = doubles(columns.map(([{ centre }]) => centre));
  const linear = add(mul(standardised, scales), centres);
  const units = columns.map(([column]) => (column.kind === 'timestamp' ? undefined : unitOf(column)));
  if (units.every((unit) => unit === undefined)) return linear;
  // sign(t)·(e^|t| − 1)·unit
  const raised = mul(mul(sign(linear), sub(exp(abs(linear)), 1)), doubles(units.map((unit) => unit ?? 1)));
  const logged = constant(
    Uint8Array.from(units, (unit) => Number(unit !== undefined)),
    [1, units.length],
    'bool',
  );
  const lowest = doubles(columns.map(([{ kind }]) => (kind === 'count' ? 0 : -Number.MAX_VALUE)));
  const cells = where(logged, clip(raised, lowest, Number.MAX_VALUE), linear);
  return drawn ? wholeCounts(cells, columns) : cells;
}

/** Counts back from the feature that they lie in, whole again. */
function wholeCounts(cells: Value, columns: readonly (readonly [UsedColumn, number])[]): Value {
  const isCount = columns.map(([{ kind }]) => Number(kind === 'count'));
  if (!isCount.includes(1)) return cells;
  const counts = constant(Uint8Array.from(isCount), [1, isCount.length], 'bool');
  return where(counts, floor(add(cells, 0.5)), cells);
}

/** The more probable of two values. */
function binaryCells(
  features: Value,
  layout: Layout,
  columns: readonly (readonly [BinaryColumn, number])[],
): Value {
  const likely = gather(features, integers(columns.map(([, at]) => placeOf(layout, at))), 1);
  const values = (level: 0 | 1) => doubles(columns.map(([{ levels }]) => levels[level]));
  return where(greater(likely, 0.5), values(1), values(0));
}

/** The most probable named level; the place for everything else has no name to give. */
function levelCell(features: Value, layout: Layout, column: CategoricalColumn, at: number): Value {
  // of a constant, which is no feature, any one place tells the only level
  const place = Math.max(0, placeOf(layout, at));
  const best = argMax(slice(features, -1, place, place + column.levels.length), -1);
  const names = isText(column)
    ? texts(column.levels as readonly string[])
    : constant(Float64Array.from(column.levels as readonly number[]), [column.levels.length], 'float64');
  return unsqueeze(gather(names, best, 0), -1);
}

/**
 * Without its trend a moment is known but for the period it lies in: of those around the column's centre, the one that is
 * nearest on the circles.
 */
function momentCell(features: Value, layout: Layout, column: TimestampColumn, at: number): Value {
  const circles = timestampPlaces(column).map(({ part, first }) => ({
    days: PERIODS[part as keyof typeof PERIODS],
    place: placeOf(layout, at, first),
  }));
  const longest = Math.max(...circles.map(({ days }) => days));
  const begin = Math.floor(column.centre / DAY / longest) * longest;
  const moments = Float64Array.from({ length: MOMENTS }, (_, i) => begin + (i * longest) / MOMENTS);
  const angles = circles.map(({ days }) => moments.map((moment) => (2 * Math.PI * moment) / days));
  const waves = angles.flatMap((each) => [...each.map(Math.sin), ...each.map(Math.cos)]);
  const places = circles.flatMap(({ place }) => [place, place + 1]);
  const near = matmul(
    gather(features, integers(places), 1),
    constant(Float32Array.from(waves), [places.length, MOMENTS]),
  );
  const times = constant(
    moments.map((each) => each * DAY),
    [MOMENTS],
    'float64',
  );
  return unsqueeze(gather(times, argMax(near, -1), 0), -1);
}

/** Ten minutes apart in a week. */
const MOMENTS = 1008;

type Placed<C extends UsedColumn> = readonly [column: C, at: number];
const isCategorical = ([column]: Placed<UsedColumn>): boolean => column.kind === 'categorical';

/** Side by side, each column where it lies in the raw tensor. */
function arranged(parts: readonly Value[], names: readonly string[], order: readonly string[]): Value {
  const all = parts.length === 1 ? parts[0]! : concat(parts, 1);
  if (names.every((name, i) => name === order[i])) return all;
  return gather(all, integers(order.map((name) => names.indexOf(name))), 1);
}

function numberCells(
  features: Value,
  layout: Layout,
  placed: readonly Placed<UsedColumn>[],
  order: readonly string[],
  drawn: boolean,
) {
  const moments = placed.filter(
    (each): each is Placed<TimestampColumn> => each[0].kind === 'timestamp' && !trendOf(each[0]),
  );
  const numeric = placed.filter(
    (each): each is Placed<NumericColumn | CountColumn | TimestampColumn> =>
      !isCategorical(each) && each[0].kind !== 'binary' && !moments.some(([, at]) => at === each[1]),
  );
  const binary = placed.filter((each): each is Placed<BinaryColumn> => each[0].kind === 'binary');
  const codes = placed.filter((each): each is Placed<CategoricalColumn> => isCategorical(each));
  const parts = [
    ...(numeric.length ? [numericCells(features, layout, numeric, drawn)] : []),
    ...(binary.length ? [binaryCells(features, layout, binary)] : []),
    ...codes.map(([column, at]) => levelCell(features, layout, column, at)),
    ...moments.map(([column, at]) => momentCell(features, layout, column, at)),
  ];
  return arranged(
    parts,
    [...numeric, ...binary, ...codes, ...moments].map(([{ name }]) => name),
    order,
  );
}

/**
 * Features, such as a likelihood's means [rows, features], as raw cells: `numbers` and `texts`, as `encodeTable` takes them.
 * Of features that are drawn, counts are whole.
 */
export function decodeTable(
  table: TableColumns,
  features: Value,
  { drawn = false }: { readonly drawn?: boolean } = {},
): RawTable {
  const layout = layoutOf(table);
  const order = rawOrder(table);
  const placed = usedColumns(table).map(
    (column): Placed<UsedColumn> => [column, layout.columns.indexOf(column)],
  );
  const numbers = placed.filter(([column]) => !isText(column));
  const words = placed.filter((each): each is Placed<CategoricalColumn> => isText(each[0]));
  return {
    ...(numbers.length > 0 && { numbers: numberCells(features, layout, numbers, order.numbers, drawn) }),
    ...(words.length > 0 && {
      texts: concat(
        words.map(([column, at]) => levelCell(features, layout, column, at)),
        1,
      ),
    }),
  };
}
