import {
  add,
  cast,
  clip,
  concat,
  constant,
  div,
  equal,
  floor,
  gather,
  integers,
  isNaN as isMissing,
  labelEncoder,
  matmul,
  mul,
  square,
  sub,
  sum,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';
import {
  type BinaryColumn,
  type CategoricalColumn,
  type CellSurprise,
  isText,
  type PairSurprise,
  rawOrder,
  type Surprise,
  type TableColumns,
  type Tail,
  type UsedColumn,
  usedColumns,
} from './columns.ts';
import type { RawTable } from './encode.ts';
import { type FeaturePlace, type Layout, layoutOf } from './layout.ts';

/** Nats are whole multiples of this, so that sums of their squares are exact in float32, in whatever order, up to 8192. */
export const NAT_STEP = 2 ** -5;

const stepped = (nats: number): number => Math.round(nats / NAT_STEP) * NAT_STEP;
const nats = (each: readonly number[]): Value => constant(Float32Array.from(each, stepped), [each.length]);
const doubles = (numbers: readonly number[]): Value =>
  constant(Float64Array.from(numbers), [numbers.length], 'float64');

/** Some columns' surprises side by side, [rows, as many as `at`], and which columns they are. */
interface Part {
  readonly surprise: Value;
  readonly at: readonly number[];
}

/** A step of a tail: from a number on, over a length that is negative where it goes down. */
interface Step {
  readonly start: number;
  readonly length: number;
  readonly rise: number;
}

const stepsOf = ({ knots, nats: heights }: Tail): Step[] =>
  knots.slice(1).map((knot, i) => ({
    start: knots[i]!,
    length: knot - knots[i]!,
    rise: stepped(heights[i + 1]!) - stepped(heights[i]!),
  }));

const tailSteps = ({ lower, upper }: CellSurprise): Step[] =>
  [lower, upper].flatMap((tail) => (tail ? stepsOf(tail) : []));

/** How far out numbers [rows, columns] lie: the sum of the steps passed. */
function tails(cells: Value, steps: readonly (readonly Step[])[]): Value | undefined {
  const most = Math.max(...steps.map((own) => own.length));
  if (most === 0) return undefined;
  const filled = (of: (step: Step) => number, filling: number) =>
    steps.flatMap((own) => Array.from({ length: most }, (_, i) => (own[i] ? of(own[i]) : filling)));
  const shape = [steps.length, most];
  const inDoubles = (numbers: number[]) => constant(Float64Array.from(numbers), shape, 'float64');
  const beyond = sub(unsqueeze(cells, -1), inDoubles(filled(({ start }) => start, 0)));
  const passed = clip(cast(div(beyond, inDoubles(filled(({ length }) => length, 1))), 'float32'), 0, 1);
  const rises = constant(Float32Array.from(filled(({ rise }) => rise, 0)), shape);
  const total = sum(mul(passed, rises), [-1]);
  return mul(floor(add(div(total, NAT_STEP), 0.5)), NAT_STEP);
}

/** Numbers that are measured or counted: whether a cell is there, and how far out it lies. */
function ofNumbers(
  columns: readonly UsedColumn[],
  { cells }: Surprise,
  raw: RawTable,
  order: readonly string[],
): Part[] {
  const at = columns.flatMap(({ kind }, i) => (kind === 'categorical' || kind === 'binary' ? [] : [i]));
  if (at.length === 0) return [];
  const own = gather(raw.numbers!, integers(at.map((i) => order.indexOf(columns[i]!.name))), 1);
  const missing = isMissing(own);
  const of = (pick: (each: CellSurprise) => number) => nats(at.map((i) => pick(cells[i]!)));
  const there = of(({ present }) => present);
  const far = tails(
    where(missing, 0, own),
    at.map((i) => tailSteps(cells[i]!)),
  );
  return [
    {
      surprise: where(
        missing,
        of((each) => each.missing),
        far ? add(there, far) : there,
      ),
      at,
    },
  ];
}

type Discrete = CategoricalColumn | BinaryColumn;

const valuesOf = (column: Discrete): readonly (string | number)[] =>
  column.kind === 'binary' ? column.levels : [...column.levels, ...column.rare];

/** A cell's nats by its place: 0 where it is missing, 1… for the levels, and last any other value. */
const byPlace = ({ missing, levels = [], unseen = 0 }: CellSurprise): Value =>
  nats([missing, ...levels, unseen]);

/** Levels that a file tells apart; rarer ones count as never seen. */
const MOST_TEXTS = 100_000;

function ofTexts(column: Discrete, { levels = [], ...own }: CellSurprise, cells: Value): Value {
  const keys = ['', ...(valuesOf(column) as readonly string[]).slice(0, MOST_TEXTS)];
  return gather(
    byPlace({ ...own, levels: levels.slice(0, MOST_TEXTS) }),
    labelEncoder(cells, keys, { missing: keys.length }),
    0,
  );
}

function ofCodes(column: Discrete, { missing, levels = [], unseen = 0 }: CellSurprise, cells: Value): Value {
  const is = cast(equal(unsqueeze(cells, -1), doubles(valuesOf(column) as readonly number[])), 'float32');
  const beside = nats(levels.map((each) => stepped(each) - stepped(unseen)));
  return where(isMissing(cells), stepped(missing), add(sum(mul(is, beside), [-1]), stepped(unseen)));
}

/** Categories and binary numbers: the level that is there, one that never was, or none. */
function ofLevels(
  columns: readonly UsedColumn[],
  { cells }: Surprise,
  { numbers, texts }: RawTable,
  order: ReturnType<typeof rawOrder>,
): Part[] {
  return columns.flatMap((column, at) => {
    if (column.kind !== 'categorical' && column.kind !== 'binary') return [];
    const [from, names] = isText(column) ? [texts!, order.texts] : [numbers!, order.numbers];
    const index = constant(BigInt64Array.of(BigInt(names.indexOf(column.name))), [], 'int64');
    const own = gather(from, index, 1);
    const surprise = isText(column) ? ofTexts(column, cells[at]!, own) : ofCodes(column, cells[at]!, own);
    return [{ surprise: unsqueeze(surprise, -1), at: [at] }];
  });
}

/** Where the levels of some columns lie in one-hot rows: the first place of each column, by its number. */
interface Places {
  readonly first: ReadonlyMap<number, number>;
  readonly size: number;
}

const levelsIn = (column: UsedColumn): number => (column as Discrete).levels.length;

function placesOf(columns: readonly UsedColumn[], pairs: readonly PairSurprise[]): Places {
  const first = new Map<number, number>();
  let size = 0;
  for (const at of new Set(pairs.flatMap(({ columns: both }) => both))) {
    first.set(at, size);
    size += levelsIn(columns[at]!);
  }
  return { first, size };
}

/** Named levels one-hot, [rows, places], of an encoded row: a binary number is 0 or 1 there, also where it is missing. */
function oneHotLevels(columns: readonly UsedColumn[], layout: Layout, x: Value, { first }: Places): Value {
  const parts = [...first.keys()].map((at) => {
    const column = columns[at]!;
    const own = layout.columns.indexOf(column);
    const isOwn = (place: FeaturePlace) => place.column === own && place.part < levelsIn(column);
    const features = layout.features.flatMap((place, i) => (isOwn(place) ? [i] : []));
    const levels = gather(x, integers(features), 1);
    if (column.kind !== 'binary') return levels;
    const absent = gather(x, integers([layout.features.length + own]), 1);
    return mul(cast(equal(levels, constant(Float32Array.of(0, 1), [2])), 'float32'), sub(1, absent));
  });
  return concat(parts, 1);
}

/** Half of each pair's squared nats, by the places of both levels: [places, places], symmetric. */
function halves(pairs: readonly PairSurprise[], { first, size }: Places): Value {
  const data = new Float32Array(size * size);
  for (const {
    columns: [a, b],
    cells,
  } of pairs)
    for (const [level, other, each] of cells) {
      const [i, j] = [first.get(a)! + level, first.get(b)! + other];
      data[i * size + j] = data[j * size + i] = stepped(each) ** 2 / 2;
    }
  return constant(data, [size, size]);
}

/** 1 where a place is a column's: [places, columns]. */
function owners(columns: readonly UsedColumn[], { first, size }: Places): Value {
  const data = new Float32Array(size * columns.length);
  for (const [at, start] of first)
    for (let i = 0; i < levelsIn(columns[at]!); i++) data[(start + i) * columns.length + at] = 1;
  return constant(data, [size, columns.length]);
}

/** What levels that avoid each other add to each of their columns, squared. */
function ofPairs(
  columns: readonly UsedColumn[],
  layout: Layout,
  pairs: readonly PairSurprise[],
  x: Value,
): Value {
  const places = placesOf(columns, pairs);
  const levels = oneHotLevels(columns, layout, x, places);
  return matmul(mul(levels, matmul(levels, halves(pairs, places))), owners(columns, places));
}

/** Side by side in the order of the columns. */
function arranged(parts: readonly Part[]): Value {
  const all = concat(
    parts.map(({ surprise }) => surprise),
    1,
  );
  const at = parts.flatMap((part) => part.at);
  return gather(all, integers(at.map((_, column) => at.indexOf(column))), 1);
}

/**
 * How surprising every cell is beside what the training rows hold, in squared nats [rows, used columns]: a value that never
 * occurred, one missing that never was, a rare level, a number far out, levels that avoid each other. From raw cells and the
 * rows that they are encoded as.
 */
export function squaredSurprises(table: TableColumns, surprise: Surprise, raw: RawTable, x: Value): Value {
  const columns = usedColumns(table);
  const order = rawOrder(table);
  const cells = arranged([
    ...ofNumbers(columns, surprise, raw, order.numbers),
    ...ofLevels(columns, surprise, raw, order),
  ]);
  const squares = square(cells);
  if (surprise.pairs.length === 0) return squares;
  return add(squares, ofPairs(columns, layoutOf(table), surprise.pairs, x));
}
