import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cells, memoryTable } from '@semivae/data';
import { ship, verify } from '@semivae/export/node';
import { parseRecipe } from '@semivae/recipe';
import { load, memoryFiles, type Row } from '@semivae/runtime';
import { createRun, onnxRuntimeEngine, readHeld, readRun, trainTable, writeHeld } from '@semivae/train/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshFolder } from './command.ts';

/** Texts that a program may take for something of its own. */
const NASTY = [
  '[18, 25]',
  '[41,  65]',
  'income [0 1]',
  'a"quote',
  'two\nlines',
  'größe 🚚',
  'line\u2028end',
  '{"x": [1, 2]}',
  '__proto__',
  'constructor',
  'toString',
  'back\\slash',
];
const ROWS = 240;

/** A column of levels and one of numbers for each text, which name the columns and are the levels. */
const cells = new Map<string, Cells>(
  NASTY.flatMap((name, at) => [
    [`level ${name}`, Array.from({ length: ROWS }, (_, row) => NASTY[(row * 7 + at) % NASTY.length]!)],
    [name, Float64Array.from({ length: ROWS }, (_, row) => Math.sin(row * (at + 1)) + (row % 7))],
  ]),
);
const names = [...cells.keys()];
const rows: Row[] = Array.from({ length: ROWS }, (_, row) =>
  Object.fromEntries(names.map((name) => [name, cells.get(name)![row]!])),
);

describe('names and levels of any text', () => {
  let shipped: Awaited<ReturnType<typeof ship>>;
  beforeAll(async () => {
    const columns = names.map((name) => ({
      name,
      type: cells.get(name) instanceof Float64Array ? ('number' as const) : ('text' as const),
    }));
    const table = memoryTable('any.csv', columns, Object.fromEntries(cells));
    const recipe = parseRecipe({
      name: 'any-text',
      data: { labels: 0, calibration: 0.4 },
      model: { kind: 'm1', latent: 2, hidden: [8] },
      epochs: 1,
      stepsPerEpoch: 20,
      score: { neighbours: 50 },
    });
    const engine = onnxRuntimeEngine({ threads: 1 });
    const trained = await trainTable(table, recipe, { seed: 1, engine });
    const folder = join(freshFolder(), 'run');
    await createRun(folder, trained.info);
    await writeHeld(folder, trained.prepared);
    const [info, held] = [await readRun(folder), await readHeld(folder)];
    expect(info).toEqual(JSON.parse(JSON.stringify(trained.info)));
    const { checkpoint, metrics } = trained;
    const options = {
      name: 'any-text',
      version: '0.1.0',
      engine,
      fpr: 0.05,
      info,
      held,
      checkpoint,
      metrics,
    };
    shipped = await ship(options);
    await rm(folder, { recursive: true });
  }, 60_000);

  test('come out of a bundle as they went into training (fault 18)', async () => {
    const model = await load(memoryFiles(shipped), { threads: 1 });
    const answers = await model.score(rows);
    for (const { unseen, contributions } of answers) {
      expect(unseen).toEqual([]);
      expect(Object.keys(contributions)).toEqual(names);
    }
    expect(answers.filter(({ anomaly }) => anomaly).length).toBeLessThan(0.3 * ROWS);
    const [filled] = await model.impute([Object.fromEntries(names.map((name) => [name, null]))]);
    for (const name of names.filter((each) => each.startsWith('level ')))
      expect(NASTY).toContain(Object.getOwnPropertyDescriptor(filled, name)?.value);
    await model.dispose();
  });

  test('and the bundle agrees with what was trained', async () => {
    expect((await verify(memoryFiles(shipped))).filter(({ ok }) => !ok)).toEqual([]);
  });
});
