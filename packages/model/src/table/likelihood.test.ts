import { gradients, input, interpret, leavesOf, sum, type Tensor, type Value } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { encodedByHand, layout, manyRows } from '../../test/table.ts';
import { complete, known, query } from '../factors.ts';
import { m1 } from '../m1.ts';
import { blurred } from './blur.ts';
import { featuresIn, type TableDistribution, tableLikelihood } from './likelihood.ts';

const COLUMNS = layout.columns.length;
const rows = manyRows(40).map(encodedByHand);
const tensorOf = (all: readonly (readonly number[])[]): Tensor => ({
  shape: [all.length, all[0]!.length],
  data: Float64Array.from(all.flat()),
});

/** Numbers that look random, between −4 and 4, the same at every run. */
const scattered = (size: number, seed: number) =>
  Float64Array.from({ length: size }, (_, i) => 4 * ((Math.sin(i * 12.9898 + seed) * 43758.5453) % 1));

const family = tableLikelihood(layout);
const sizes = family.parameters(layout.size);
const parameters = Object.fromEntries(
  Object.entries(sizes).map(([name, size]) => [name, input(name, [1, size])]),
);
const feeds = {
  x: tensorOf(rows),
  ...Object.fromEntries(
    Object.entries(sizes).map(([name, size], i) => [name, { shape: [1, size], data: scattered(size, i) }]),
  ),
};
const x = input('x', [rows.length, layout.size]);
const distribution = family.at(parameters, layout.size) as TableDistribution;

/** Without negative zeros. */
const unsigned = ({ data }: Tensor): Float64Array => data.map((each) => each + 0);

const expectNear = (found: number, expected: number) =>
  expect(Math.abs(found - expected)).toBeLessThan(1e-11 * Math.max(1e3, Math.abs(expected)));

const computed = (value: Value, fed = feeds) => interpret([value], fed)[0]!;

/** A row with a cell taken out, as encoding would have it. */
const without = (row: readonly number[], column: number): number[] =>
  row.map((each, i) => {
    if (i >= layout.features.length) return i === layout.features.length + column ? 1 : each;
    return layout.features[i]!.column === column ? 0 : each;
  });

/** Each output of the network, and the column that it is for. */
const outputs = Object.keys(sizes).flatMap((name) => {
  const kind = name.split('/')[0];
  const own = layout.features.filter((place) =>
    name === 'levels' ? place.kind === 'categorical' : place.kind === kind,
  );
  return own.map(({ column }, i) => ({ name, i, column }));
});

describe('a likelihood of rows of a table', () => {
  test('asks a network for as much as its features need', () => {
    expect(outputs).toHaveLength(Object.values(sizes).reduce((total, each) => total + each, 0));
  });

  test('is the sum of its cells, of which a missing one is 0', () => {
    const cells = computed(distribution.cells(x));
    const whole = computed(distribution.logDensity(x));
    rows.forEach((row, i) => {
      const own = Array.from(cells.data.subarray(i * COLUMNS, (i + 1) * COLUMNS));
      expectNear(
        own.reduce((total, each) => total + each, 0),
        whole.data[i]!,
      );
      own.forEach((each, column) => {
        if (row[layout.features.length + column] === 1) expect(each).toBe(0);
        else expect(each).not.toBe(0);
      });
    });
  });

  test('with a cell hidden is the sum over the others', () => {
    const cells = computed(distribution.cells(x));
    for (let column = 0; column < COLUMNS; column++) {
      const hidden = tensorOf(rows.map((row) => without(row, column)));
      const found = computed(distribution.logDensity(x), { ...feeds, x: hidden });
      const whole = computed(distribution.logDensity(x));
      found.data.forEach((each, i) => expectNear(each + cells.data[i * COLUMNS + column]!, whole.data[i]!));
    }
  });

  test.each(layout.columns.map(({ name }, column) => [name, column] as const))(
    'teaches nothing about %s where it is missing, and something where it is not',
    (_, column) => {
      const there = rows.filter((row) => row[layout.features.length + column] === 0).slice(0, 3);
      const own = outputs.filter((each) => each.column === column);
      const slopesAt = (given: readonly (readonly number[])[]) => {
        const of = input('x', [given.length, layout.size]);
        const slopes = gradients(sum(distribution.logDensity(of)), Object.values(parameters));
        const found = interpret(slopes, { ...feeds, x: tensorOf(given) });
        const byName = Object.fromEntries(Object.keys(parameters).map((name, i) => [name, found[i]!.data]));
        return own.map(({ name, i }) => byName[name]![i]!);
      };
      expect(slopesAt(there.map((row) => without(row, column)))).toEqual(
        own.map(() => expect.closeTo(0, 12)),
      );
      expect(Math.max(...slopesAt(there).map(Math.abs))).toBeGreaterThan(1e-6);
    },
  );

  test('leaves features that are made of others out of the density where that is asked', () => {
    const bare = tableLikelihood(layout, { derived: false }).at(parameters, layout.size) as TableDistribution;
    const derived = layout.features.flatMap((place, i) => (place.derived ? [i] : []));
    const changed = tensorOf(
      rows.map((row) => row.map((each, i) => (derived.includes(i) ? each + 1 : each))),
    );
    const moved = { ...feeds, x: changed };
    expect(computed(bare.logDensity(x), moved)).toEqual(computed(bare.logDensity(x)));
    expect(computed(bare.cells(x), moved)).toEqual(computed(bare.cells(x)));
    expect(computed(distribution.logDensity(x), moved)).not.toEqual(computed(distribution.logDensity(x)));
  });

  test('leaves no residual where a cell is missing, and elsewhere one of the right side', () => {
    const residual = computed(distribution.residual(x)).data;
    const mean = computed(distribution.mean).data;
    const width = layout.features.length;
    rows.forEach((row, i) =>
      layout.features.forEach(({ column }, feature) => {
        const found = residual[i * width + feature]!;
        expect(Number.isFinite(found)).toBe(true);
        if (row[width + column] === 1) expect(Math.abs(found)).toBe(0);
        else if (found !== 0) expect(Math.sign(found)).toBe(Math.sign(row[feature]! - mean[feature]!));
      }),
    );
    expect(residual.filter((each) => each !== 0).length).toBeGreaterThan(rows.length * 10);
  });
});

describe('what q is shown', () => {
  const size = layout.features.length;
  const uniform = (shape: readonly number[], seed: number): Tensor => ({
    shape,
    data: scattered(shape[0]! * shape[1]!, seed).map((each) => Math.abs(each) / 4),
  });
  const noise = {
    'noise(x)': { shape: [rows.length, size], data: scattered(rows.length * size, 5) },
    'noise(share)': uniform([rows.length, 1], 6),
    'noise(hidden)': uniform([rows.length, COLUMNS], 7),
  };
  const blur = { noise: 0.1, hide: 0.4 };
  const shownOf = (given: readonly (readonly number[])[]) =>
    interpret([blurred(layout, x, blur, '')], { x: tensorOf(given), ...noise })[0]!;

  test('has zeros and the flag where a cell is hidden or missing, and noise where it is not', () => {
    const shown = shownOf(rows);
    let hidden = 0;
    rows.forEach((row, i) => {
      const own = Array.from(shown.data.subarray(i * layout.size, (i + 1) * layout.size));
      layout.features.forEach(({ column }, feature) => {
        const gone = own[size + column] === 1;
        if (row[size + column] === 1) expect(gone).toBe(true);
        else if (gone) hidden++;
        if (gone) expect(Math.abs(own[feature]!)).toBe(0);
        else expect(Math.abs(own[feature]! - row[feature]!)).toBeGreaterThan(0);
        if (!gone) expect(Math.abs(own[feature]! - row[feature]!)).toBeLessThan(0.41);
      });
    });
    const there = rows.flatMap((row) => layout.features.filter(({ column }) => row[size + column] === 0));
    expect(hidden / there.length).toBeGreaterThan(0.3);
    expect(hidden / there.length).toBeLessThan(0.5);
  });

  test('does not tell q the value of a hidden cell', () => {
    const shown = shownOf(rows);
    const moved = rows.map((row, i) =>
      row.map((each, at) => {
        if (at >= size) return each;
        const hidden = shown.data[i * layout.size + size + layout.features[at]!.column] === 1;
        return hidden && row[size + layout.features[at]!.column] === 0 ? each + 3 : each;
      }),
    );
    expect(moved).not.toEqual(rows);
    expect(unsigned(shownOf(moved))).toEqual(unsigned(shown));
  });

  test('is all that q goes by', () => {
    const model = m1({ x: layout.size, latent: 3, hidden: [5], likelihood: family });
    const seen = known({ x }, [rows.length], '', { x: input('shown', x.shape) });
    const { drawn, values } = complete(model.q, seen);
    const inputs = (value: Value) => leavesOf([value], 'input').map(({ leaf }) => leaf.name);
    expect(inputs(drawn.z!.answers.mean!)).toEqual(['shown']);
    const decoded = query(model.p, model.x, values);
    expect(inputs(decoded.logDensity(values.x!)).toSorted()).toEqual(['shown', 'x']);
  });

  test('is the rows themselves where nothing is blurred', () => {
    const [plain] = interpret([blurred(layout, x, { noise: 0, hide: 0 }, '')], { x: tensorOf(rows) });
    expect(plain).toEqual(tensorOf(rows));
    expect(interpret([featuresIn(layout, x)], { x: tensorOf(rows) })[0]!.shape).toEqual([rows.length, size]);
  });
});
