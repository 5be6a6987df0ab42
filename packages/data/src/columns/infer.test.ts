import type { Column, NumericColumn } from '@semivae/model';
import { describe, expect, test } from 'vitest';
import { normals, uniforms } from '../../test/draws.ts';
import { type ColumnSample, type InferOptions, inferColumn } from './infer.ts';

const ROWS = 400;
const normal = normals(ROWS, 1);
const uniform = uniforms(ROWS, 2);
const texts = (of: (share: number, row: number) => string) => Array.from(uniform, of);

function kindOf(cells: ColumnSample['cells'], options?: InferOptions, type?: ColumnSample['type']): Column {
  const guessed = cells instanceof Float64Array ? 'number' : 'text';
  return inferColumn({ name: 'it', type: type ?? guessed, cells }, options);
}

const asking = (asked: NonNullable<InferOptions['asked']>[string]): InferOptions => ({
  asked: { it: asked },
});

interface Guess {
  readonly name: string;
  readonly cells: ColumnSample['cells'];
  readonly expected: object;
  readonly type?: ColumnSample['type'];
}

describe('a column is taken for', () => {
  const cases: readonly Guess[] = [
    [
      'numeric, if it is of many numbers',
      normal,
      { kind: 'numeric', likelihood: 'gaussian', transform: { kind: 'none' } },
    ],
    [
      'numeric by its logarithm, if it is skewed',
      normal.map((each) => Math.exp(2 * each)),
      { kind: 'numeric', transform: { kind: 'log' } },
    ],
    [
      'numeric by its logarithm, if it is skewed to the left',
      normal.map((each) => -Math.exp(2 * each)),
      { kind: 'numeric', transform: { kind: 'log' } },
    ],
    [
      'numeric with heavy tails, if it has them on both sides',
      normal.map((_, row) => (row % 2 === 0 ? 1 : -1) * Math.abs(normal[row >> 1]!) ** 4),
      { kind: 'numeric', likelihood: 'student-t' },
    ],
    [
      'numeric with its ranks, if one number holds much of it',
      uniform.map((each) => Math.max(0, each - 0.5)),
      { kind: 'numeric', ranks: { knots: expect.anything() } },
    ],
    [
      'a count, if it is of whole numbers from 0 up with a tail',
      uniform.map((u) => Math.floor(8 * u ** 4)),
      { kind: 'count' },
    ],
    [
      'binary, if it has two numbers',
      uniform.map((u) => (u < 0.3 ? 7 : 5)),
      { kind: 'binary', levels: [5, 7] },
    ],
    ['binary, if it is of booleans', uniform.map((u) => Number(u < 0.3)), { kind: 'binary' }, 'boolean'],
    [
      'a timestamp, if that is its type',
      uniform.map((u) => 1.7e12 + 1e9 * u),
      { kind: 'timestamp' },
      'timestamp',
    ],
    [
      'categorical, if it is of a few texts',
      texts((u) => 'abc'[Math.floor(3 * u)]!),
      { kind: 'categorical', rare: [] },
    ],
    [
      'an identifier, if hardly a text comes twice',
      texts((_, row) => `id ${Math.floor(0.7 * row)}`),
      { kind: 'ignored', reason: expect.stringContaining('identifier') },
    ],
    [
      'the number of its row',
      uniform.map((_, row) => ROWS - row),
      { kind: 'ignored', reason: 'it numbers the rows' },
    ],
    [
      'constant, if it is always the same (fault 49)',
      uniform.map(() => 3.5),
      { kind: 'categorical', levels: [3.5], rare: [], shares: [1, 0] },
    ],
    [
      'constant, if it is the same or missing',
      texts((u) => (u < 0.5 ? 'x' : '')),
      { kind: 'categorical', levels: ['x'], rare: [], shares: [1, 0] },
    ],
    [
      'ignored, if it is always the same moment, which later rows are not of',
      uniform.map(() => 1.7e12),
      { kind: 'ignored', reason: 'it is always the same moment' },
      'timestamp',
    ],
    [
      'empty, if every number is missing (fault 50)',
      uniform.map(() => Number.NaN),
      { kind: 'ignored', reason: 'every cell is missing' },
    ],
    [
      'empty, if every text is missing (fault 50)',
      texts(() => ''),
      { kind: 'ignored', reason: 'every cell is missing' },
    ],
  ].map(([name, cells, expected, type]) => ({ name, cells, expected, type }) as Guess);

  test.each(cases)('$name', ({ cells, expected, type }) => {
    expect(kindOf(cells, {}, type)).toMatchObject({ name: 'it', ...expected });
  });

  test.each(cases.filter(({ cells }) => new Set<unknown>(cells).size > 2))(
    '$name, whatever is missing of it',
    ({ cells, expected, type }) => {
      const holed =
        cells instanceof Float64Array
          ? cells.map((each, row) => (row % 5 === 0 ? Number.NaN : each))
          : cells.map((each, row) => (row % 5 === 0 ? '' : each));
      expect(kindOf(holed, {}, type)).toMatchObject(expected);
    },
  );

  test.each(cases)('$name, in whatever order it comes', ({ cells, type }) => {
    expect(kindOf(cells.toReversed(), {}, type)).toEqual(kindOf(cells, {}, type));
  });

  test('the number of its row, if the cells are a sample of many rows', () => {
    const every = uniform.map((_, row) => 1000 + 50 * row);
    expect(kindOf(every, { rows: 50 * ROWS })).toMatchObject({ kind: 'ignored' });
    expect(kindOf(every)).toMatchObject({ kind: 'numeric' });
  });

  test.each(['id', 'ID', 'order_id', 'orderId', 'orderID', 'Order ID', 'IDs'])(
    'an identifier, if no two numbers are alike and it is called %s',
    (name) => {
      const cells = uniform.map((each, row) => Math.floor(1e6 * each) * ROWS + row);
      const inferred = (cells: Float64Array, called = name) =>
        inferColumn({ name: called, type: 'number', cells });
      expect(inferred(cells)).toMatchObject({
        kind: 'ignored',
        reason: expect.stringContaining('identifier'),
      });
      expect(inferred(cells.with(3, cells[4]!)).kind).toBe('numeric');
      for (const called of ['acid', 'paid', 'grid', 'idle', 'amount'])
        expect(inferred(cells, called).kind).toBe('numeric');
    },
  );

  test('not the number of its row, if numbers come twice or leave many out', () => {
    expect(kindOf(uniform.map((_, row) => row >> 1))).not.toMatchObject({ kind: 'ignored' });
    expect(kindOf(uniform.map((_, row) => 3 * row))).not.toMatchObject({ kind: 'ignored' });
  });
});

describe('levels', () => {
  test('are as frequent as is said, the rare ones apart', () => {
    const cells = texts((u, row) => (row < 2 ? 'rare' : u < 0.6 ? 'often' : u < 0.9 ? 'seldom' : ''));
    const column = kindOf(cells);
    const present = cells.filter((each) => each !== '').length;
    const share = (level: string) => cells.filter((each) => each === level).length / present;
    expect(column).toEqual({
      name: 'it',
      kind: 'categorical',
      levels: ['often', 'seldom'],
      rare: ['rare'],
      shares: [share('often'), share('seldom'), share('rare')],
    });
  });

  test('beyond the hundredth share a place', () => {
    const cells = Array.from({ length: 3000 }, (_, row) => `level ${row % 150}`);
    const column = kindOf(cells);
    if (column.kind !== 'categorical') throw new Error(column.kind);
    expect([column.levels.length, column.rare.length, column.shares.length]).toEqual([100, 50, 101]);
    expect(column.shares.reduce((sum, each) => sum + each)).toBeCloseTo(1, 12);
  });

  test('that are all rare have places all the same', () => {
    const column = kindOf(['a', 'b', 'c', 'd'], asking({ kind: 'categorical' }));
    expect(column).toMatchObject({ levels: ['a', 'b', 'c', 'd'], rare: [] });
  });
});

describe('what is asked for', () => {
  const few = uniform.map((each) => Math.floor(5 * each));

  test.each([
    ['numeric', { kind: 'numeric', likelihood: 'gaussian' }],
    ['categorical', { kind: 'categorical', levels: expect.arrayContaining([0, 1, 2, 3, 4]) }],
    ['count', { kind: 'count' }],
    ['timestamp', { kind: 'timestamp' }],
    ['ignored', { kind: 'ignored', reason: 'it was asked to be' }],
  ] as const)('is done: %s', (kind, expected) => {
    expect(kindOf(few, asking({ kind }))).toMatchObject(expected);
  });

  test.each([
    [{ kind: 'numeric', transform: 'log' }, { transform: { kind: 'log' } }],
    [{ kind: 'numeric', likelihood: 'student-t' }, { likelihood: 'student-t' }],
    [{ kind: 'count', likelihood: 'poisson' }, { likelihood: 'poisson' }],
    [{ kind: 'count', likelihood: 'negative-binomial' }, { likelihood: 'negative-binomial' }],
  ] as const)('is done: %j', (asked, expected) => {
    expect(kindOf(few, asking(asked))).toMatchObject(expected);
  });

  test.each([
    ['binary', few, '5 different values'],
    ['count', normal, 'more than whole numbers'],
    ['count', few.map((each) => each - 1), 'more than whole numbers'],
    ['numeric', texts(() => 'abc').map((each, i) => each + (i % 3)), 'texts'],
    ['timestamp', texts((u) => (u < 0.5 ? 'a' : 'b')), 'texts'],
  ] as const)('is refused where a column cannot be %s', (kind, cells, problem) => {
    expect(() => kindOf(cells, asking({ kind }))).toThrow(
      expect.objectContaining({
        code: 'COLUMN_KIND',
        place: 'column it',
        message: expect.stringContaining(problem),
      }),
    );
  });

  test('of an array, its columns are numbers', () => {
    expect(kindOf(few, { array: true })).toMatchObject({ kind: 'numeric', transform: { kind: 'none' } });
    expect(
      kindOf(
        uniform.map((u) => Number(u < 0.5)),
        { array: true },
      ),
    ).toMatchObject({ kind: 'numeric' });
    expect(
      kindOf(
        uniform.map((_, row) => row),
        { array: true },
      ),
    ).toMatchObject({ kind: 'numeric' });
  });
});

describe('scales', () => {
  const scaled = (column: Column): NumericColumn => {
    if (column.kind !== 'numeric') throw new Error(column.kind);
    return column;
  };

  test.each([1, 1e-200, 1e200, 1e305])('standardise numbers of the size of %d', (size) => {
    const { centre, scale } = scaled(kindOf(normal.map((each) => (each + 3) * size)));
    const standardised = normal.map((each) => ((each + 3) * size - centre) / scale);
    const mean = standardised.reduce((sum, each) => sum + each, 0) / ROWS;
    const variance = standardised.reduce((sum, each) => sum + (each - mean) ** 2, 0) / ROWS;
    expect(mean).toBeCloseTo(0, 10);
    expect(variance).toBeCloseTo(1, 10);
  });

  test('keep what is small beside a large offset', () => {
    const { centre, scale } = scaled(kindOf(normal.map((each) => 1.7e12 + each)));
    expect(scale).toBeGreaterThan(0.9);
    expect(scale).toBeLessThan(1.1);
    expect(Math.abs(centre - 1.7e12)).toBeLessThan(0.2);
  });

  test.each([1e300, -1e300, Number.MAX_VALUE])(
    'are numbers that a file can hold, where a cell is %d',
    (one) => {
      for (const shape of [
        normal,
        normal.map((each) => 1e-9 * Math.exp(each)),
        uniform.map((u) => Math.max(0, u - 0.5)),
      ]) {
        const column = kindOf(shape.with(7, one));
        expect(JSON.parse(JSON.stringify(column))).toEqual(column);
        expect(column.kind).toBe('numeric');
      }
    },
  );

  test('of ranks rise with the numbers, and are normal scores', () => {
    const { ranks } = scaled(kindOf(uniform.map((each) => Math.max(0, each - 0.5))));
    const rises = (all: readonly number[]) => all.every((each, i) => i === 0 || each > all[i - 1]!);
    expect(rises(ranks!.knots) && rises(ranks!.values)).toBe(true);
    expect(ranks!.values.at(-1)! - ranks!.values[0]!).toBeGreaterThan(2);
  });
});
