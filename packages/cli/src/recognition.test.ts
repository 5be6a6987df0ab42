import { type Cells, memoryTable, prepareTable, type TrainedRows } from '@semivae/data';
import { parseRecipe } from '@semivae/recipe';
import { fillUniform } from '@semivae/runtime/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openRecognition, recognisedInWords } from './recognition.ts';

type Columns = Readonly<Record<string, Cells>>;

function uniforms(rows: number, seed: number): Float32Array {
  const drawn = new Float32Array(rows);
  fillUniform(drawn, { seed, stream: 0, step: 0 });
  return drawn;
}

/** Rows of tables in which few, many and nearly all rows have a twin: of so many values in each of two columns. */
const tables = { 'few twins': 1e6, 'many twins': 40, 'hardly anything but twins': 12 } as const;

function rowsOf(values: number, rows: number, seed: number): Columns {
  const of = (own: number) =>
    Float64Array.from(uniforms(rows, 10 * seed + own), (each) => Math.floor(values * each ** 2) / 10);
  const shop = Array.from(
    uniforms(rows, 10 * seed + 3),
    (each) => ['north', 'south', ''][Math.floor(3 * each)]!,
  );
  return { x: of(1), y: of(2).map((each, row) => (row % 11 === 0 ? Number.NaN : each)), shop };
}

async function trainedOn(cells: Columns): Promise<TrainedRows> {
  const columns = Object.keys(cells).map(
    (name) => ({ name, type: name === 'shop' ? 'text' : 'number' }) as const,
  );
  const data = {
    labels: 0,
    calibration: 0.25,
    columns: { x: { kind: 'numeric' }, y: { kind: 'numeric' } },
  } as const;
  return (await prepareTable(memoryTable('rows.csv', columns, cells), parseRecipe({ data }), { seed: 1 }))
    .trainedRows;
}

function recognised(trained: TrainedRows, cells: Columns) {
  const recognition = openRecognition(trained, ['x', 'y', 'shop']);
  recognition.add(cells, cells.x!.length);
  return recognition.recognised();
}

const joined = (a: Columns, b: Columns): Columns =>
  Object.fromEntries(Object.keys(a).map((name) => [name, [...a[name]!, ...b[name]!]])) as never;

describe.each(Object.entries(tables))('of a table of %s', (name, values) => {
  const rows = rowsOf(values, 3000, 1);
  let trained: TrainedRows;
  beforeAll(async () => {
    trained = await trainedOn(rows);
  });

  test('the rows that were trained on are recognised', async () => {
    const found = await recognised(trained, rows);
    if (name === 'hardly anything but twins') return;
    expect(found!.share).toBeGreaterThan(0.6);
    expect(recognisedInWords(found!)[0]).toMatch(/warning about \d\d.* % of these rows were trained on/);
  });

  test('a file half of which are other rows is recognised, where twins do not hide it', async () => {
    const found = await recognised(trained, joined(rows, rowsOf(values, 3000, 2)));
    expect(found !== undefined).toBe(name === 'few twins');
  });

  test('other rows of the same process never are (fault 96)', async () => {
    for (let seed = 3; seed < 153; seed++)
      for (const many of [30, 400])
        expect(await recognised(trained, rowsOf(values, many, seed))).toBeUndefined();
  });
});
