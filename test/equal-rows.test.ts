import { memoryTable } from '@semivae/data';
import { verify } from '@semivae/export/node';
import type { RecipeInput } from '@semivae/recipe';
import {
  type Columns,
  load,
  type Manifest,
  type Model,
  memoryFiles,
  sealManifest,
  thresholdFor,
} from '@semivae/runtime';
import { beforeAll, describe, expect, test } from 'vitest';
import { load as loadOnWeb } from '../packages/runtime/src/web.ts';
import { normals, uniforms } from './numbers.ts';
import { type TinyTable, tiny, tinyTable } from './tiny.ts';

type Made = (rows: number, name: string) => Columns;

const drawn = <T>(rows: number, name: string, of: (u: number) => T): T[] =>
  Array.from(uniforms([rows], name).data, of);
const several = (count: number, of: (i: number) => [string, Columns[string]]): Columns =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => of(i)));

/** Tables of different kinds: rows with twins, levels, many numbers, and what has logarithms, counts, moments and holes. */
const kinds: Readonly<Record<string, Made>> = {
  discrete: (rows, name) => ({
    die: Float64Array.from(drawn(rows, `${name} die`, (u) => Math.floor(4 * u))),
    ...several(2, (i) => [`rule${i}`, drawn(rows, `${name} rule${i}`, (u) => 'abc'[Math.floor(3 * u)]!)]),
  }),
  categorical: (rows, name) =>
    several(7, (i) => [
      `level${i}`,
      drawn(rows, `${name} level${i}`, (u) => `l${Math.floor((3 + 7 * i) * u * u)}`),
    ]),
  wide: (rows, name) => {
    const causes = normals([rows, 3], `${name} causes`).data;
    return several(75, (i) => [
      `n${i}`,
      Float64Array.from(normals([rows], `${name} n${i}`).data, (e, row) => causes[3 * row + (i % 3)]! + e),
    ]);
  },
  mixed: (rows, name) => {
    const cell = (column: string, of: (e: number) => number) =>
      Float64Array.from(normals([rows], `${name} ${column}`).data, (e) => (e > 2 ? Number.NaN : of(e)));
    return {
      income: cell('income', (e) => Math.exp(2 * e)),
      spent: cell('spent', (e) => e * e * e),
      visits: cell('visits', (e) => Math.floor(Math.exp(1.5 * e))),
      at: cell('at', (e) => Math.round(1.6e12 + 1e10 * e)),
    };
  },
};

const typeOf = (name: string, cells: Columns[string]) =>
  cells instanceof Float64Array ? (name === 'at' ? 'timestamp' : 'number') : 'text';

const trainings: Record<string, Promise<TinyTable>> = {};
/** Each is trained once. */
const trainOn = (kind: string): Promise<TinyTable> => (trainings[kind] ??= trained(kind));

function trained(kind: string): Promise<TinyTable> {
  const cells = kinds[kind]!(1200, `${kind} trained`);
  const columns = Object.entries(cells).map(([name, each]) => ({ name, type: typeOf(name, each) }) as const);
  const asked: RecipeInput = {
    data: { calibration: 399 },
    epochs: 1,
    score: { neighbours: 800, samples: 3 },
  };
  return tinyTable(memoryTable(`${kind}.csv`, columns, cells), asked);
}

const ROWS = 300;
const reordered = (cells: Columns, rows: readonly number[]): Columns =>
  Object.fromEntries(
    Object.entries(cells).map(([name, each]) => [
      name,
      each instanceof Float64Array
        ? Float64Array.from(rows, (row) => each[row]!)
        : rows.map((row) => each[row]!),
    ]),
  );
const inOrder = Array.from({ length: ROWS }, (_, row) => row);

/** Everything that a row is told, as text that tells bits apart. */
async function toldOf(model: Model, cells: Columns, rows: readonly number[]): Promise<string[]> {
  const { rows: count, columns: _, ...answers } = await model.scoreColumns(reordered(cells, rows));
  const parts = Object.values(answers).map((each) => Array.from(each as ArrayLike<number>));
  return rows.map((_, row) =>
    parts
      .map((each) => each.slice((row * each.length) / count, ((row + 1) * each.length) / count).join())
      .join(' '),
  );
}

describe.each(Object.keys(kinds))('a table that is %s', (kind) => {
  const fresh = kinds[kind]!(ROWS, `${kind} fresh`);
  let made: TinyTable;
  let model: Model;
  beforeAll(async () => {
    made = await trainOn(kind);
    model = await load(memoryFiles(made.files));
  });

  test('is told the same of a row in any batch and at any place of it, bit for bit (fault 83)', async () => {
    const whole = await toldOf(model, fresh, inOrder);
    for (const size of [1, 2, 3, 7, 64, 255]) {
      for (let start = 0; start < ROWS; start += size) {
        const rows = inOrder.slice(start, start + size);
        expect(await toldOf(model, fresh, rows), `${rows.length} from ${start}`).toEqual(
          whole.slice(start, start + size),
        );
      }
    }
    for (let place = 0; place < 40; place++) {
      const rows = [...inOrder.slice(1, 1 + place), 0, ...inOrder.slice(1 + place, 40)];
      expect((await toldOf(model, fresh, rows))[place]).toBe(whole[0]);
    }
  });

  test('is told the same of a row by any number of threads, bit for bit (fault 83)', async () => {
    const many = kinds[kind]!(2000, `${kind} many`);
    const rows = Array.from({ length: 2000 }, (_, row) => row);
    const one = await load(memoryFiles(made.files), { threads: 1, rowsAtOnce: 2000 });
    const two = await load(memoryFiles(made.files), { threads: 2, rowsAtOnce: 1999 });
    expect(await toldOf(two, many, rows)).toEqual(await toldOf(one, many, rows));
  });

  test('has the same verdicts in Node and in a browser, and false alarms as promised (fault 94)', async () => {
    const web = await loadOnWeb(memoryFiles(made.files), { threads: 1 });
    for (const fpr of [0.01, 0.05, 0.1]) {
      const [here, there] = [
        await model.scoreColumns(fresh, { fpr }),
        await web.scoreColumns(fresh, { fpr }),
      ];
      expect(there.anomaly).toEqual(here.anomaly);
      expect(there.pValue).toEqual(here.pValue);
      const alarms = here.anomaly!.filter(Boolean).length / ROWS;
      const error = Math.sqrt(fpr * (1 - fpr) * (1 / ROWS + 1 / 400));
      expect(alarms).toBeLessThan(fpr + 4 * error);
    }
  });
});

test('a calibration that does not come from its file is noticed', async () => {
  const { files, options } = await trainOn('mixed');
  const rows = options.held!.calibration;
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(files['manifest.json']!));
  const scores = manifest.calibration!.scores.map((each) => 1.01 * each + 0.01);
  const calibration = { ...manifest.calibration!, scores, threshold: thresholdFor(scores, 0.02) };
  const foreign = { ...files, 'manifest.json': await sealManifest({ ...manifest, calibration }) };
  const notOk = async (of: typeof files) => (await verify(memoryFiles(of), rows)).filter(({ ok }) => !ok);
  expect(await notOk(files)).toEqual([]);
  expect(await notOk(foreign)).toMatchObject([{ answer: 'calibration' }]);
});

test('images are told the same at any place of any batch, bit for bit (fault 83)', async () => {
  const { options, files } = await tiny('m2', { classifier: { channels: [4, 8] } });
  const images = options.info.data.examples.x!.map((row) => Uint8Array.from(row));
  const model = await load(memoryFiles(files));
  const told = async (x: readonly Uint8Array[]) => {
    const [scores, codes, classes] = [await model.score(x), await model.encode(x), await model.classify(x)];
    const again = await model.reconstruct(x);
    return x.map((_, i) => JSON.stringify([scores[i], codes[i], classes[i], again[i]]));
  };
  const whole = await told(images);
  for (const size of [1, 2, 3, 7])
    for (let start = 0; start < images.length; start += size)
      expect(await told(images.slice(start, start + size))).toEqual(whole.slice(start, start + size));
});
