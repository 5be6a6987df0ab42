import { type Cells, memoryTable, type Table } from '@semivae/data';
import type { RecipeInput } from '@semivae/recipe';
import { load, type Model, memoryFiles } from '@semivae/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normals, uniforms } from './numbers.ts';
import { type TinyTable, tinyTable } from './tiny.ts';

const day = 86_400_000;
const start = Date.UTC(2024, 0, 1);

type Columns = Readonly<Record<string, Cells>>;

/** Orders of some days from the first on, in the order of time: by day alone, numbered with gaps, dearer at the weekend. */
function orders(first: number, days: number, name: string): Columns {
  const rows = days * 20;
  const [uniform, normal] = [uniforms([rows, 2], name).data, normals([rows, 2], name).data];
  const when = Float64Array.from({ length: rows }, (_, row) => {
    const hour = 8 + (12 * ((row % 20) + uniform[row]!)) / 20;
    return start + (first + Math.floor(row / 20) + hour / 24) * day;
  });
  return {
    serial: when.map(
      (each, row) => 500_000 + Math.round((each - start) / 60_000) + Math.floor(2 * uniform[rows + row]!),
    ),
    when,
    date: when.map((each) => Math.floor(each / day) * day),
    amount: when.map((each, row) => 20 + ((each / day) % 7 > 5 ? 30 : 0) + 3 * normal[row]!),
    shop: Array.from(when, (_, row) => (normal[rows + row]! > 0 ? 'north' : 'south')),
  };
}

const tableOf = (cells: Columns): Table =>
  memoryTable(
    'orders.csv',
    Object.keys(cells).map((name) => ({
      name,
      type: ['shop', 'machine'].includes(name)
        ? 'text'
        : ['when', 'date'].includes(name)
          ? 'timestamp'
          : 'number',
    })),
    { ...cells },
  );

const shareOfAlarms = async (model: Model, columns: Columns, fpr = 0.01): Promise<number> => {
  const { anomaly } = await model.scoreColumns(columns, { fpr });
  return anomaly!.reduce((sum, each) => sum + each, 0) / anomaly!.length;
};

describe('a model of orders that are numbered and dated', () => {
  const seen = orders(0, 70, 'seen');
  const later = orders(70, 100, 'later');
  let trained: TinyTable;
  let model: Model;
  beforeAll(async () => {
    trained = await tinyTable(tableOf(seen));
    model = await load(memoryFiles(trained.files, 'orders'));
  });
  afterAll(() => model.dispose());

  test('takes later rows of the same process for ordinary, about as often as was promised', async () => {
    expect(await shareOfAlarms(model, later)).toBeLessThanOrEqual(0.03);
  });

  test('finds an order at 3 in the morning, by its time', async () => {
    const when = (later.when as Float64Array).map((each) => Math.floor(each / day) * day + day / 8);
    const nightly = { ...later, when };
    const { anomaly, contributions } = await model.scoreColumns(nightly, { fpr: 0.01 });
    expect(anomaly!.filter(Boolean).length / anomaly!.length).toBeGreaterThan(0.9);
    const names = trained.trained.prepared.columns.columns.filter(({ kind }) => kind !== 'ignored');
    const own = names.findIndex(({ name }) => name === 'when');
    const first = contributions.subarray(0, names.length);
    expect(Math.max(...first)).toBe(first[own]);
  });

  test('says in its manifest what was left out', () => {
    const { input } = model.manifest;
    const columns = input.kind === 'table' ? input.columns : [];
    const told = (name: string) => columns.find((column) => column.name === name);
    expect(told('serial')).toMatchObject({ kind: 'ignored', reason: expect.stringContaining('grows') });
    expect(told('when')!.encoding).toContain('its trend is left out');
  });

  test('alarms at nearly all later rows where the trend is asked for', async () => {
    const columns = { serial: { kind: 'numeric' }, when: { kind: 'timestamp', trend: true } } as const;
    const { files } = await tinyTable(tableOf(seen), { data: { columns }, epochs: 1 });
    const asked = await load(memoryFiles(files, 'asked'));
    expect(await shareOfAlarms(asked, later)).toBeGreaterThan(0.5);
    await asked.dispose();
  });
});

describe('of machines that each run at a place of their own', () => {
  /** Rows of so many machines, one after the other. */
  function machines(count: number, name: string): Columns {
    const [own, noise] = [uniforms([3, count], name).data, normals([3, 40 * count], name).data];
    const at = (column: number) => (_: unknown, row: number) =>
      20 * own[column * count + Math.floor(row / 40)]! + 0.05 * noise[column * 40 * count + row]!;
    const rows = { length: 40 * count };
    return {
      temperature: Float64Array.from(rows, at(0)),
      vibration: Float64Array.from(rows, at(1)),
      load: Float64Array.from(rows, at(2)),
      machine: Array.from(rows, (_, row) => `${name} ${Math.floor(row / 40)}`),
    };
  }

  async function alarmsOnOthers(data: RecipeInput['data']): Promise<number> {
    const { files } = await tinyTable(tableOf(machines(30, 'seen')), { data, epochs: 1 });
    const model = await load(memoryFiles(files, 'machines'));
    const { machine: _, ...others } = machines(60, 'others');
    const share = await shareOfAlarms(model, others, 0.1);
    await model.dispose();
    return share;
  }

  test('others break the promise unless whole machines are held back, or the last ones', async () => {
    const columns = { machine: { kind: 'ignored' } } as const;
    expect(await alarmsOnOthers({ columns })).toBeGreaterThan(0.5);
    expect(await alarmsOnOthers({ group: 'machine' })).toBeLessThan(0.3);
    expect(await alarmsOnOthers({ columns, calibrateOn: 'latest' })).toBeLessThan(0.3);
  });
});
