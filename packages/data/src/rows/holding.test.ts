import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { normals, uniforms } from '../../test/draws.ts';
import { chooseRows } from '../choose-rows.ts';
import { memoryTable } from '../table/memory-table.ts';
import type { Cells } from '../table/table.ts';
import { type PreparedTable, prepareTable } from './prepare.ts';

const ROWS = 600;
const row = Float64Array.from({ length: ROWS }, (_, i) => i);
const x = normals(ROWS, 1);
const dealt = Array.from(row).sort((a, b) => uniforms(ROWS, 2)[a]! - uniforms(ROWS, 2)[b]!);
/** Moments in no order of the rows. */
const when = row.map((each) => 1.7e12 + 3_600_000 * dealt[each]!);
const machine = Array.from(row, (each) => `machine ${Math.floor(uniforms(ROWS, 3)[each]! * 20)}`);

const asRow = { kind: 'numeric' } as const;
const options = (data: RecipeInput['data']) =>
  parseRecipe({
    data: {
      labels: 0,
      calibration: 0.2,
      validation: 0.1,
      ...data,
      columns: { row: asRow, ...data?.columns },
    },
  });

async function prepared(cells: Readonly<Record<string, Cells>>, data: RecipeInput['data'] = {}) {
  const columns = Object.entries({ row, ...cells }).map(([name, each]) => ({
    name,
    type: each instanceof Float64Array ? (name === 'when' ? 'timestamp' : 'number') : 'text',
  })) satisfies { name: string; type: string }[];
  const table = memoryTable('rows.csv', columns as never, { row, ...cells });
  return prepareTable(table, options(data), { seed: 1 });
}

/** The rows of the table that have each role. */
function rolesOf({ set, calibration, columns }: PreparedTable, data: RecipeInput['data'] = {}) {
  const [column] = columns.columns;
  if (column?.kind !== 'numeric') throw new Error('the rows are not numbered');
  const numbersIn = (all: Float32Array) =>
    Array.from({ length: all.length / set.width }, (_, i) =>
      Math.round(all[i * set.width]! * column.scale + column.centre),
    );
  const all = new Float32Array(set.rows * set.width);
  set.copy(
    Int32Array.from({ length: set.rows }, (_, i) => i),
    all,
  );
  const numbers = numbersIn(all);
  const { train, validation } = chooseRows(options(data), set, 1);
  const pick = (rows: Int32Array) => Array.from(rows, (each) => numbers[each]!);
  return { training: pick(train), validation: pick(validation), calibration: numbersIn(calibration.x) };
}

describe('calibrated on the latest', () => {
  const data = { calibrateOn: 'latest' } as const;

  test('rows as they lie, where nothing tells the time', async () => {
    const found = await prepared({ x }, data);
    expect(rolesOf(found, data).calibration).toEqual([...row.slice(480)]);
    expect(found.heldBack).toMatch(/as the rows lie/);
  });

  test('rows by the first of moments, missing ones being the earliest', async () => {
    const holed = when.map((each, i) => (i % 50 === 0 ? Number.NaN : each));
    const found = rolesOf(await prepared({ x, when: holed }, data), data);
    const earliest = Math.min(...found.calibration.map((each) => holed[each]!));
    const others = [...found.training, ...found.validation].map((each) => holed[each]!);
    expect(found.calibration).toHaveLength(120);
    expect(Math.max(...others.filter((each) => !Number.isNaN(each)))).toBeLessThan(earliest);
  });

  test('rows by the column that is named', async () => {
    const tick = row.map((each) => -each);
    const named = { ...data, timeColumn: 'tick' };
    expect(rolesOf(await prepared({ x, when, tick }, named), named).calibration).toEqual([
      ...row.slice(0, 120),
    ]);
    await expect(prepared({ x, machine }, { ...data, timeColumn: 'machine' })).rejects.toMatchObject({
      code: 'TIME_COLUMN',
    });
    await expect(prepared({ x }, { ...data, timeColumn: 'tock' })).rejects.toMatchObject({
      code: 'COLUMN_UNKNOWN',
    });
  });
});

describe('groups', () => {
  const data = { group: 'machine' } as const;

  test.each([
    ['random', machine],
    ['latest', machine],
    ['random', Float64Array.from(machine, (each) => Number(each.slice(8)))],
  ] as const)('are in one role alone, those held back being %s', async (calibrateOn, groups) => {
    const asked = { ...data, calibrateOn };
    const found = rolesOf(await prepared({ x, when, machine: groups }, asked), asked);
    const sets = Object.values(found).map((rows) => new Set(rows.map((each) => groups[each])));
    expect(sets.reduce((sum, each) => sum + each.size, 0)).toBe(new Set<unknown>(groups).size);
    const { training, validation, calibration } = found;
    expect(training.length + validation.length + calibration.length).toBe(ROWS);
    expect(Math.abs(calibration.length - 120)).toBeLessThan(30);
    expect(Math.abs(validation.length - 48)).toBeLessThan(30);
  });

  test('that go on to the last are held back, where the latest are asked for', async () => {
    const asked = { ...data, calibrateOn: 'latest' } as const;
    const ordered = Array.from(row, (each) => `machine ${Math.floor(each / 30)}`);
    expect(rolesOf(await prepared({ x, machine: ordered }, asked), asked).calibration).toEqual([
      ...row.slice(480),
    ]);
  });

  test('are no part of what the model sees, unless that is asked for', async () => {
    const kindOf = async (asked: RecipeInput['data']) =>
      (await prepared({ x, machine }, asked)).columns.columns.find(({ name }) => name === 'machine');
    expect(await kindOf(data)).toMatchObject({ kind: 'ignored', reason: expect.stringContaining('whole') });
    const columns = { machine: { kind: 'categorical' } } as const;
    expect(await kindOf({ ...data, columns })).toMatchObject({ kind: 'categorical' });
  });

  test('that are far too large to be held back are not, unless there is no other', async () => {
    const uneven = Array.from(row, (each) => (each < 400 ? 'large' : `small ${Math.floor(each / 20)}`));
    const { calibration, training } = rolesOf(await prepared({ x, machine: uneven }, data), data);
    expect(Math.abs(calibration.length - 120)).toBeLessThan(20);
    expect(training.filter((each) => each < 400)).toHaveLength(400);
    const two = Array.from(row, (each) => (each < 400 ? 'large' : 'small'));
    const without = { ...data, validation: 0 };
    expect(rolesOf(await prepared({ x, machine: two }, without), without).calibration).toEqual([
      ...row.slice(400),
    ]);
  });

  test('that are missing are each of their own; one group for all is refused', async () => {
    const none = machine.map((each, i) => (i < 300 ? '' : each));
    const { calibration } = rolesOf(await prepared({ x, machine: none }, data), data);
    expect(calibration.filter((each) => each < 300).length).toBeGreaterThan(0);
    const refusal = { code: 'GROUPS_FEW', message: expect.stringContaining('--group') };
    await expect(prepared({ x, machine: machine.map(() => 'one') }, data)).rejects.toMatchObject(refusal);
    await expect(prepared({ x }, data)).rejects.toMatchObject({ code: 'COLUMN_UNKNOWN' });
  });
});
