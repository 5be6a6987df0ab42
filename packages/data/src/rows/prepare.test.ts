import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { normals, uniforms } from '../../test/draws.ts';
import { memoryTable } from '../table/memory-table.ts';
import type { Cells, Table } from '../table/table.ts';
import { type PreparedTable, prepareTable } from './prepare.ts';
import { dealRoles, role } from './roles.ts';
import { encodeSamples, samplesOf } from './samples.ts';

const ROWS = 500;
const uniform = uniforms(ROWS, 1);
const x = normals(ROWS, 2);
const sex = Array.from(uniform, (each) => (each < 0.5 ? 'f' : 'm'));
const age = uniforms(ROWS, 3).map((each) => 20 + Math.floor(30 * each));
const label = Array.from(uniforms(ROWS, 4), (each) => (each < 0.3 ? 'yes' : 'no'));

const typeOf = (cells: Cells) => (cells instanceof Float64Array ? 'number' : 'text');
const tableOf = (cells: Readonly<Record<string, Cells>>): Table =>
  memoryTable(
    'people.csv',
    Object.entries(cells).map(([name, each]) => ({ name, type: typeOf(each) })),
    cells,
  );

const people = { x, sex, age, label };

const prepared = (
  cells: Readonly<Record<string, Cells>>,
  data: RecipeInput['data'] = {},
  seed = 1,
): Promise<PreparedTable> =>
  prepareTable(
    tableOf(cells),
    parseRecipe({ data: { calibration: 0.2, ...data }, score: { neighbours: 50 } }),
    { seed },
  );

/** The training rows as a step is fed them. */
function trained({ set }: PreparedTable): number[][] {
  const out = new Float32Array(set.rows * set.width);
  set.copy(
    Int32Array.from({ length: set.rows }, (_, row) => row),
    out,
  );
  return rowsOf(out, set.width);
}

const rowsOf = (all: Float32Array, width: number): number[][] =>
  Array.from({ length: all.length / width }, (_, row) => [...all.subarray(row * width, (row + 1) * width)]);

/** The encoded training rows that new ones are compared with. */
function comparedWith({ set, reference }: PreparedTable): Float32Array {
  const kept = new Float32Array(reference.length * set.width);
  set.copy(reference, kept);
  return kept;
}

describe('roles', () => {
  const anomalous = (row: number) => row % 50 === 7;

  test.each([
    [0.2, 98],
    [0, 0],
    [30, 30],
  ])('hold back %d of the ordinary rows', (asked, held) => {
    const { of, counts } = dealRoles(anomalous, ROWS, asked, 1, 'it');
    expect(counts).toEqual([490 - held, held, 10]);
    for (const [name, each] of Object.entries(role))
      expect(of.filter((every) => every === each).length, name).toBe(counts[each]);
    of.forEach((each, row) => expect(each === role.anomaly).toBe(anomalous(row)));
  });

  test('hang on the seed alone', () => {
    const dealt = (seed: number) => dealRoles(anomalous, ROWS, 0.2, seed, 'it').of;
    expect(dealt(1)).toEqual(dealt(1));
    expect(dealt(1)).not.toEqual(dealt(2));
  });

  test.each([ROWS, 1e9, 1.5])('are refused where %d rows are to be held back', (asked) => {
    expect(() => dealRoles(() => false, ROWS, asked, 1, 'people.csv')).toThrow(
      expect.objectContaining({ code: 'CALIBRATION_SIZE', place: 'people.csv' }),
    );
  });
});

describe('a prepared table', () => {
  test('has every row in one role', async () => {
    const row = Float64Array.from({ length: ROWS }, (_, i) => i + 1);
    const data = { columns: { row: { kind: 'numeric' } } } as const;
    const whole = await prepared({ row }, data);
    const [column] = whole.columns.columns;
    if (column?.kind !== 'numeric') throw new Error('the rows are not numbered');
    const { centre, scale } = column;
    const numbersIn = (rows: readonly (readonly number[])[]) =>
      rows.map(([first]) => Math.round(first! * scale + centre));
    const train = numbersIn(trained(whole));
    const held = numbersIn(rowsOf(whole.calibration.x, whole.set.width));
    expect([train.length, held.length]).toEqual([400, 100]);
    expect([...train, ...held].sort((a, b) => a - b)).toEqual([...row]);
    expect(train).toEqual(train.toSorted((a, b) => a - b));
    const kept = rowsOf(comparedWith(whole), whole.set.width);
    expect(kept).toHaveLength(50);
    for (const each of numbersIn(kept)) expect(train).toContain(each);
    expect(whole.sample.columns.row).toEqual(Float64Array.from(held));
  });

  test('is the same at every time, and another with another seed', async () => {
    const parts = ({ columns, calibration, reference, sample }: PreparedTable) => ({
      columns,
      calibration,
      reference,
      sample,
    });
    const [once, again, other] = [
      await prepared(people),
      await prepared(people),
      await prepared(people, {}, 2),
    ];
    expect(parts(again)).toEqual(parts(once));
    expect(trained(again)).toEqual(trained(once));
    expect(trained(other)).not.toEqual(trained(once));
  });

  test('knows its columns from training rows alone', async () => {
    const before = await prepared(people, { labelColumn: 'label', anomalyLabel: 'yes' });
    const { of } = dealRoles((row) => label[row] === 'yes', ROWS, 0.2, 1, 'it');
    const unseen = (row: number) => of[row] !== role.train;
    const spoilt = {
      x: x.map((each, row) => (unseen(row) ? 1e6 : each)),
      sex: sex.map((each, row) => (unseen(row) ? `other ${row}` : each)),
      age: age.map((each, row) => (unseen(row) ? Number.NaN : each)),
      label,
    };
    const after = await prepared(spoilt, { labelColumn: 'label', anomalyLabel: 'yes' });
    expect(after.columns).toEqual(before.columns);
    expect(trained(after)).toEqual(trained(before));
    expect(after.calibration).not.toEqual(before.calibration);
    const moved = await prepared({ ...people, x: x.map((each, row) => (unseen(row) ? each : each + 1)) });
    expect(moved.columns).not.toEqual(before.columns);
  });

  test('does not see the column of labels', async () => {
    const { columns } = await prepared(people, { labelColumn: 'label' });
    expect(columns.columns.map(({ name }) => name)).toEqual(['x', 'sex', 'age']);
  });

  test('keeps how its columns are distributed', async () => {
    const { columns, sample } = await prepared({ ...people, x: x.with(0, Number.NaN) });
    const stored = samplesOf(columns, sample.columns);
    expect(stored.map(({ name, kind, rows }) => [name, kind, rows])).toEqual([
      ['x', 'number', 100],
      ['sex', 'level', 100],
      ['age', 'number', 100],
      ['label', 'level', 100],
    ]);
    const total = Object.values(stored[1]!.levels!).reduce((sum, each) => sum + each, 0);
    expect(total).toBe(100);
  });

  test.each([
    [{ columns: { sexe: { kind: 'ignored' } } }, 'COLUMN_UNKNOWN', 'sexe'],
    [{ columns: { x: { kind: 'binary' } } }, 'COLUMN_KIND', 'column x'],
    [{ labelColumn: 'labels' }, 'TABLE_COLUMNS', 'labels'],
    [{ labelColumn: 'label', anomalyLabel: '1' }, 'LABEL_UNKNOWN', 'no, yes'],
    [
      {
        columns: Object.fromEntries(Object.keys(people).map((name) => [name, { kind: 'ignored' as const }])),
      },
      'COLUMNS_NONE',
      'it was asked to be',
    ],
  ] as const)('is refused: %j', async (data, code, said) => {
    const refused = prepared(people, data);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(said) });
  });
});

describe('labels', () => {
  const labelled = async (cells: Cells, data: RecipeInput['data'] = {}) => {
    const { set, anomalies } = await prepared(
      { x, label: cells },
      { calibration: 0, labelColumn: 'label', ...data },
    );
    return { set, anomalies, of: Array.from(set.labels) };
  };

  test('are texts, in alphabetical order', async () => {
    const { set, of } = await labelled(label);
    expect(set.classes).toEqual(['no', 'yes']);
    expect(of).toEqual(label.map((each) => Number(each === 'yes')));
  });

  test('are numbers, in their order', async () => {
    const grades = uniform.map((each) => [10, 9, 2][Math.floor(3 * each)]!);
    const { set, of } = await labelled(grades);
    expect(new Set(set.classes)).toEqual(new Set(['2', '9', '10']));
    expect(set.classes.indexOf('9')).toBeLessThan(set.classes.indexOf('10'));
    expect(of.map((each) => set.classes[each])).toEqual(Array.from(grades, String));
  });

  test('are unknown where a cell is empty', async () => {
    const { set, of } = await labelled(label.map((each, row) => (row % 3 === 0 ? each : '')));
    expect(set.classes).toEqual(['no', 'yes']);
    of.forEach((each, row) => expect(each < 0).toBe(row % 3 !== 0));
    const { of: ofNumbers } = await labelled(
      uniform.map((each) => (each < 0.5 ? Number.NaN : Math.round(each))),
    );
    ofNumbers.forEach((each, row) => expect(each < 0).toBe(uniform[row]! < 0.5));
  });

  test('that say NaN are a class, unless they are said to be none (fault 48)', async () => {
    const some = label.map((each, row) => (row % 3 === 0 ? 'NaN' : each));
    expect((await labelled(some)).set.classes).toEqual(['NaN', 'no', 'yes']);
    const { set, of } = await labelled(some, { unlabelled: 'NaN' });
    expect(set.classes).toEqual(['no', 'yes']);
    of.forEach((each, row) => expect(each < 0).toBe(row % 3 === 0));
  });

  test('of known anomalies are found by what people write: 1, 1.0 and true are one', async () => {
    const codes = label.map((each) => (each === 'yes' ? '1.0' : '0.0'));
    const known = label.filter((each) => each === 'yes').length;
    for (const anomalyLabel of ['1', 'true', '1.0'])
      expect((await labelled(codes, { anomalyLabel })).anomalies.labels).toHaveLength(known);
  });

  test('of known anomalies take their rows out of training', async () => {
    const { set, anomalies, of } = await labelled(label, { anomalyLabel: 'yes' });
    const known = label.filter((each) => each === 'yes').length;
    expect(anomalies.labels).toHaveLength(known);
    expect(set.rows).toBe(ROWS - known);
    expect(set.classes).toEqual([]);
    expect(new Set(of)).toEqual(new Set([-1]));
  });

  test('beside those of known anomalies stay classes', async () => {
    const three = label.map((each, row) => (row % 10 === 0 ? 'strange' : each));
    const { set, anomalies } = await labelled(three, { anomalyLabel: 'strange' });
    expect(set.classes).toEqual(['no', 'yes']);
    expect(Array.from(set.labels)).toEqual(
      label.filter((_, row) => row % 10 !== 0).map((each) => Number(each === 'yes')),
    );
    expect(anomalies.labels).toHaveLength(ROWS / 10);
  });

  test('are missed where there are none (fault 31)', async () => {
    await expect(labelled(label.map(() => ''))).rejects.toMatchObject({
      code: 'LABELS_NONE',
      place: 'people.csv, column label',
    });
  });
});

describe('reference.json', () => {
  test('has hashes of training rows only where training rows ship', async () => {
    const stored = async (neighbours: number) => {
      const recipe = parseRecipe({ data: { calibration: 0.2 }, score: { neighbours } });
      return JSON.parse(encodeSamples(await prepareTable(tableOf(people), recipe, { seed: 1 })));
    };
    expect((await stored(50)).trained.hashes.length).toBeGreaterThan(300);
    expect(await stored(0)).not.toHaveProperty('trained');
  });
});

describe('a leak', () => {
  const warningsOf = async (cells: Readonly<Record<string, Cells>>) =>
    (await prepared(cells, { labelColumn: 'label' })).warnings.map((each) => /'(\w+)'/.exec(each)?.[1]);

  test('is a column that tells the label, and no other (fault 63)', async () => {
    const copy = label.map((each) => `is ${each}`);
    const finer = label.map((each, row) => `${each} ${row % 4}`);
    const coded = Float64Array.from(label, (each) => Number(each === 'yes'));
    const nearly = copy.with(17, copy[17] === 'is no' ? 'is yes' : 'is no');
    expect(await warningsOf({ ...people, copy, finer, coded, nearly })).toEqual(['copy', 'finer', 'coded']);
  });

  test('is seen where a few rows are labelled, and no innocent column is taken for one', async () => {
    for (const every of [5, 10, 20]) {
      const few = label.map((each, row) => (row % every === 0 ? each : ''));
      const copy = label.map((each) => `is ${each}`);
      const wide = uniforms(ROWS, 8).map((each) => Math.floor(1000 * each));
      const found = await warningsOf({ ...people, copy, wide, label: few });
      expect(found, `every ${every}`).toEqual(['copy']);
    }
  });

  test('is no constant column, nor one where one label is all there is', async () => {
    const same = label.map(() => 'same');
    expect(await warningsOf({ ...people, same })).toEqual([]);
    expect(await warningsOf({ ...people, label: label.map((_, row) => (row < 40 ? 'yes' : '')) })).toEqual(
      [],
    );
  });
});
