import type { Column } from '@semivae/model';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { normals, uniforms } from '../../test/draws.ts';
import { type PreparedTable, prepareTable } from '../rows/prepare.ts';
import { memoryTable } from '../table/memory-table.ts';
import type { Cells } from '../table/table.ts';

const ROWS = 900;
const uniform = uniforms(ROWS, 1);
const other = uniforms(ROWS, 2);
const normal = normals(ROWS, 3);
const rows = Float64Array.from({ length: ROWS }, (_, row) => row);
const day = 86_400_000;
const start = Date.UTC(2024, 0, 1);

type Columns = Readonly<Record<string, Cells>>;

/** Columns are timestamps where their name begins with 'when'. */
function prepared(cells: Columns, data: RecipeInput['data'] = {}, array = false): Promise<PreparedTable> {
  const typeOf = (name: string, each: Cells) =>
    !(each instanceof Float64Array) ? 'text' : name.startsWith('when') ? 'timestamp' : 'number';
  const columns = Object.entries(cells).map(([name, each]) => ({ name, type: typeOf(name, each) }) as const);
  const recipe = parseRecipe({ data: { calibration: 0.2, ...data } });
  return prepareTable(memoryTable('rows.csv', columns, { ...cells }), recipe, { seed: 1, array });
}

async function columnOf(name: string, cells: Columns, data?: RecipeInput['data']): Promise<Column> {
  const { columns } = await prepared({ x: normal, ...cells }, data);
  return columns.columns.find((column) => column.name === name)!;
}

/** Sums of steps. */
const running = (steps: Float64Array): Float64Array => {
  let sum = 0;
  return steps.map((each) => {
    sum += each;
    return sum;
  });
};

const gappedIds = running(uniform.map((each) => (each < 0.02 ? 7000 : 1 + Math.floor(9 * each))));
const inOrder = running(uniform.map((each) => each * 3 * 3_600_000)).map((each) => start + each);
/** The same rows, but in no order of time. */
const dealt = Float64Array.from(rows).sort((a, b) => other[a]! - other[b]!);
const shuffled = (of: Float64Array): Float64Array => dealt.map((row) => of[row]!);

describe('what only grows is left out and told', () => {
  test.each<readonly [string, Cells]>([
    ['ids with gaps', gappedIds],
    ['ids from the newest down', gappedIds.toReversed()],
    ['ids that several workers give out', rows.map((row) => 1000 + 5 * row + Math.floor(90 * uniform[row]!))],
    ['ids that several rows share', rows.map((row) => gappedIds[3 * Math.floor(row / 3)]!)],
    ['a counter of work done', running(uniform).map((each) => each + 1e4)],
    ['seconds since the start', rows.map((row) => row / 8)],
    ['ids, some of which are missing', gappedIds.map((each, row) => (row % 7 === 0 ? Number.NaN : each))],
    ['years, rows lying in their order', rows.map((row) => 2019 + Math.floor(row / 250))],
    [
      'months in six digits',
      rows.map((row) => 202311 + (row < 150 ? 0 : row < 300 ? 1 : 88 + Math.floor(row / 150))),
    ],
  ])('%s', async (_, serial) => {
    const { columns, warnings } = await prepared({ x: normal, serial });
    expect(columns.columns[1]).toMatchObject({ kind: 'ignored', reason: expect.stringContaining('grows') });
    expect(warnings).toEqual([expect.stringMatching(/'serial'.*--column 'serial=numeric'/)]);
  });

  test.each<readonly [string, Cells]>([
    [
      'a level of stock that was filled and used up',
      rows.map((row) => Math.abs((row % 500) - 250) + uniform[row]!),
    ],
    ['numbers in no order', normal.map((each) => each * 3)],
    ['amounts that a file is sorted by', Float64Array.from(normal).sort()],
    ['skewed amounts that a file is sorted by', normal.map((each) => Math.exp(each)).sort()],
    ['a few grades that a file is sorted by', rows.map((row) => Math.floor(row / 200))],
    ['years in no order', rows.map((_, row) => 2019 + Math.floor(4 * uniform[row]!))],
    ['a switch', rows.map((row) => Number(row > 300))],
    ['kinds that a file is sorted by', Array.from(rows, (row) => `kind ${Math.floor(row / 90)}`)],
  ])('but not %s', async (_, y) => {
    const { columns, warnings } = await prepared({ x: normal, y });
    expect(columns.columns[1]!.kind).not.toBe('ignored');
    expect(warnings).toEqual([]);
  });

  test.each<readonly [string, Float64Array]>([
    ['walks at random', running(normal)],
    ['rises under noise', rows.map((row) => row / 100 + normal[row]!)],
    ['fell to another level', rows.map((row) => (row < 800 ? 0 : -9) + normal[row]!)],
  ])('but what %s is told and stays', async (_, y) => {
    const { columns, warnings } = await prepared({ x: normal, y });
    expect(columns.columns.map(({ kind }) => kind)).toEqual(['numeric', 'numeric']);
    expect(warnings).toEqual([expect.stringMatching(/'y' wanders.*--column 'y=ignored'/)]);
    const inNoOrder = await prepared({ x: normal, whenever: inOrder, y: shuffled(y) });
    expect(inNoOrder.warnings).toEqual([]);
    const byTime = await prepared({ x: normal, when: shuffled(inOrder), y: shuffled(y) });
    expect(byTime.warnings).toEqual([expect.stringContaining("'y' wanders")]);
  });

  test('what follows the time of rows that lie in its order, however unevenly', async () => {
    const week = Array.from(rows, (row) => `2024-W${Math.floor(row / 60)}`);
    const year = rows.map((row) => 2021 + Math.floor(row / 300));
    const squared = rows.map((row) => row ** 4);
    for (const grown of [week, year, squared])
      expect(await columnOf('it', { when: inOrder, it: grown })).toMatchObject({ kind: 'ignored' });
  });

  test('an id along a moment, where rows lie in no order; but no age', async () => {
    const cells = { when: shuffled(inOrder), it: shuffled(gappedIds) };
    expect(await columnOf('it', cells)).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('when'),
    });
    const whenBorn = uniform.map((each) => start - 60 * 365 * day * each);
    const age = whenBorn.map((each) => Math.floor((start - each) / day / 365));
    expect((await columnOf('age', { whenBorn, age })).kind).not.toBe('ignored');
    expect(await columnOf('whenBorn', { whenBorn, age })).toMatchObject({
      parts: expect.arrayContaining(['trend']),
    });
  });

  test('never of what is asked for, nor of a bare array', async () => {
    const asked = { columns: { serial: { kind: 'numeric' } } } as const;
    expect(await columnOf('serial', { serial: gappedIds }, asked)).toMatchObject({ kind: 'numeric' });
    expect((await prepared({ x: normal, id: gappedIds }, {}, true)).columns.columns[1]!.kind).toBe('numeric');
  });
});

describe('of a moment there stays', () => {
  const spread = (days: number) => rows.map((row) => start + ((row + uniform[row]!) / ROWS) * days * day);
  const partsOf = async (when: Float64Array, data?: RecipeInput['data']) => {
    const column = await columnOf('when', { when }, data);
    return column.kind === 'timestamp' ? column.parts : column.kind;
  };

  test.each([
    [0.5, 'ignored'],
    [10, ['day']],
    [60, ['day', 'week']],
    [400, ['day', 'week']],
    [800, ['day', 'week', 'year']],
  ] as const)('of %d days what was seen to recur', async (days, parts) => {
    expect(await partsOf(spread(days))).toEqual(parts);
    expect(await partsOf(shuffled(spread(days)))).toEqual(parts);
  });

  test('the trend where it is asked for, or spans decades in no order of the rows', async () => {
    const columns = { when: { kind: 'timestamp', trend: true } } as const;
    expect(await partsOf(spread(60), { columns })).toEqual(['day', 'week', 'trend']);
    expect(await partsOf(spread(0.5), { columns })).toEqual(['day', 'trend']);
    expect(await partsOf(shuffled(spread(10_000)))).toEqual(['day', 'week', 'year', 'trend']);
    expect(await partsOf(spread(10_000))).toEqual(['day', 'week', 'year']);
  });

  test('what recurs, whatever single cells are far off', async () => {
    expect(
      await partsOf(
        spread(10)
          .with(5, 0)
          .with(700, start + 4000 * day),
      ),
    ).toEqual(['day']);
  });
});
