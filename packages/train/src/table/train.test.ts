import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  batchRows,
  chooseRows,
  encodedSet,
  memoryTable,
  type PreparedTable,
  prepareTable,
  rowOrder,
  someRows,
  type TrainingSet,
} from '@semivae/data';
import { openSpill } from '@semivae/data/node';
import type { TableColumns } from '@semivae/model';
import { parseRecipe, type Recipe, type RecipeInput } from '@semivae/recipe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normals, uniforms } from '../../../data/test/draws.ts';
import { modelOf } from '../assemble.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { onnxRuntimeEngine } from '../engines/onnxruntime.ts';
import { type Checkpoint, fit, shapeOf } from '../fit.ts';
import { openJudge } from '../judge.ts';
import { shippedParameters } from '../optimizers.ts';
import { completeRecipe } from './complete.ts';
import { trainTable } from './train.ts';

const ROWS = 300;
const engine = onnxRuntimeEngine({ threads: 1 });
const [first, second, third] = [normals(ROWS, 1), normals(ROWS, 2), uniforms(ROWS, 3)];
const cells = {
  a: first.map((each, row) => (row % 7 === 0 ? Number.NaN : each)),
  b: first.map((each, row) => each + second[row]! / 4),
  c: Array.from(third, (each) => (each < 0.1 ? '' : 'xyz'[Math.floor(3 * each)]!)),
  label: Array.from(first, (each, row) => (row % 5 === 0 ? (each > 0 ? 'up' : 'down') : '')),
};
const table = memoryTable(
  'rows.csv',
  Object.entries(cells).map(([name, each]) => ({
    name,
    type: each instanceof Float64Array ? ('number' as const) : ('text' as const),
  })),
  cells,
);

const recipeOf = (given: RecipeInput = {}): Recipe =>
  parseRecipe({
    name: 'rows',
    data: { labels: 0, validation: 0.2, calibration: 0.1, labelColumn: 'label' },
    objective: { klWarmup: 10, inputNoise: 0.1, hide: 0.2 },
    batch: { labelled: 8, unlabelled: 16 },
    optimizer: { warmup: 3, average: 0.9, clipNorm: 20, decay: 1 },
    epochs: 3,
    stepsPerEpoch: 6,
    ...given,
    model: { kind: 'm2', latent: 3, hidden: [12], activation: 'silu', ...given.model },
  });

const bytes = (data: ArrayLike<number>) => Buffer.from(Float32Array.from(data).buffer).toString('base64');
const bitsOf = ({ state }: Pick<Checkpoint, 'state'>) =>
  Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, bytes(data)]));

async function checkpoints(
  recipe: Recipe,
  set: TrainingSet,
  seed = 5,
  resume?: Checkpoint,
): Promise<readonly Checkpoint[]> {
  const all: Checkpoint[] = [];
  const options = { seed, engine, reportEvery: 1, ...(resume && { resume }) };
  for await (const report of fit(recipe, set, options)) all.push(await report.checkpoint());
  return all;
}

/** The bound on the rows that a training of a table holds out. */
async function judgeOf(recipe: Recipe, { set }: PreparedTable, seed: number) {
  const { train, validation } = chooseRows(recipe, set, seed);
  const shape = shapeOf(set, train.length);
  const judge = await openJudge(engine, modelOf(recipe, shape), shape);
  return (state: Checkpoint['state']) => judge(state, someRows(set, validation));
}

describe('a training on a table', () => {
  let prepared: PreparedTable;
  let recipe: Recipe;
  let whole: readonly Checkpoint[];
  beforeAll(async () => {
    prepared = await prepareTable(table, recipeOf(), { seed: 5 });
    recipe = completeRecipe(recipeOf(), prepared, 5);
    whole = await checkpoints(recipe, prepared.set);
  });

  test('uses every label that is there', () => {
    const { train, labelled } = chooseRows(recipe, prepared.set, 5);
    expect([...labelled]).toEqual([...train].filter((row) => prepared.set.labels[row]! >= 0));
    expect(labelled.length).toBeGreaterThan(20);
    expect(labelled.length).toBeLessThan(train.length / 2);
  });

  test.each([1, 7, 17])('stopped after step %i, it ends bit-identical', async (step) => {
    const file = encodeCheckpoint(whole[step - 1]!);
    const after = await checkpoints(recipe, prepared.set, 5, decodeCheckpoint(file));
    expect(bitsOf(after.at(-1)!)).toEqual(bitsOf(whole.at(-1)!));
  });

  test('ships the running mean of its weights, the start forgotten', () => {
    const names = Object.keys(whole[0]!.state).filter((name) => /^[pq]\(/.test(name));
    const means = Object.fromEntries(names.map((name) => [name, whole[0]!.state[name]!.data]));
    whole.forEach(({ state }, step) => {
      const kept = Math.min(step / (step + 10), 0.9);
      const shipped = shippedParameters(state);
      for (const name of names) {
        means[name] = means[name]!.map((mean, i) => kept * mean + (1 - kept) * state[name]!.data[i]!);
        shipped[name]!.data.forEach((each, i) => expect(each).toBeCloseTo(means[name]![i]!, 5));
      }
    });
    const weight = 'q(z|x,y)/hidden1/weight(x)';
    const last = whole.at(-1)!.state;
    expect(names).toContain(weight);
    expect(bytes(shippedParameters(last)[weight]!.data)).not.toBe(bytes(last[weight]!.data));
  });

  test('keeps the epoch whose bound on the rows held out is best', async () => {
    const wild = recipeOf({ keep: 'best', epochs: 6, optimizer: { learningRate: 0.3, decay: 0 } });
    const steps: number[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const { checkpoint, metrics, info, prepared: own } = await trainTable(table, wild, { seed, engine });
      const judge = await judgeOf(info.recipe, own, seed);
      const ends = (await checkpoints(info.recipe, own.set, seed)).filter(({ step }) => step % 6 === 0);
      const bounds: number[] = [];
      for (const { state } of ends) bounds.push(await judge(state));
      expect(metrics.validationBound).toBe(Math.max(...bounds));
      expect(ends[bounds.indexOf(Math.max(...bounds))]!.step).toBe(checkpoint.step);
      steps.push(checkpoint.step);
    }
    expect(steps.some((step) => step < 36)).toBe(true);
  });

  test('learns: the bound on rows held out rises', async () => {
    const steady = recipeOf({ epochs: 20, keep: 'best', model: { kind: 'm1' } });
    const { metrics, info, checkpoint, prepared: own } = await trainTable(table, steady, { seed: 5, engine });
    const judge = await judgeOf(info.recipe, own, 5);
    const early = (await checkpoints({ ...info.recipe, epochs: 1 }, own.set))[0]!;
    expect(await judge(checkpoint.state)).toBe(metrics.validationBound);
    expect(metrics.validationBound!).toBeGreaterThan((await judge(early.state)) + 0.5);
  });
});

describe('rows beyond memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'semivae-spill-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const columns: TableColumns = {
    kind: 'table',
    columns: ['a', 'b'].map((name) => ({
      name,
      kind: 'numeric',
      transform: { kind: 'none' },
      centre: 0,
      scale: 1,
      likelihood: 'gaussian',
    })),
  };
  const [rows, width] = [150_001, 4];
  const drawn = normals(rows * 2, 9);
  const x = Float32Array.from({ length: rows * width }, (_, i) =>
    i % width < 2 ? drawn[2 * Math.floor(i / width) + (i % width)]! : 0,
  );
  const about = { name: 'many', columns, classes: [], labels: new Int32Array(rows).fill(-1) };

  const spilled = () => {
    const store = openSpill(join(folder, 'rows.f32'), rows, width);
    for (let at = 0; at < x.length; at += 40_000) store.append(x.subarray(at, at + 40_000));
    return { store, set: store.set(about) };
  };

  test('are read as they were written, in whatever order', () => {
    const { store, set } = spilled();
    const chosen = Int32Array.from(uniforms(500, 4), (each) => Math.floor(each * rows))
      .with(0, rows - 1)
      .with(1, 0);
    const [found, expected] = [new Float32Array(500 * width), new Float32Array(500 * width)];
    set.copy(chosen, found);
    encodedSet(about, x, width).copy(chosen, expected);
    expect(found).toEqual(expected);
    store.close();
  });

  test('train as rows in memory do, bit for bit', async () => {
    const { store, set } = spilled();
    const recipe = parseRecipe({
      data: { labels: 0, validation: 0.1 },
      model: { kind: 'm1', latent: 2, hidden: [6] },
      batch: { unlabelled: 4000 },
      epochs: 1,
      stepsPerEpoch: 25,
    });
    const memory = { ...encodedSet(about, x, width), together: set.together! };
    const [there, here] = [await checkpoints(recipe, set), await checkpoints(recipe, memory)];
    expect(bitsOf(there.at(-1)!)).toEqual(bitsOf(here.at(-1)!));
    const apart = await checkpoints(recipe, encodedSet(about, x, width));
    expect(bitsOf(apart.at(-1)!)).not.toEqual(bitsOf(here.at(-1)!));
    store.close();
  });

  test('are gone through by runs that lie together in the file, each row once', () => {
    const together = 1000;
    const kept = Int32Array.from({ length: 7500 }, (_, i) => i).filter((row) => row % 3 !== 0);
    const order = rowOrder(kept, 1, 7, together);
    const epoch = new Int32Array(kept.length);
    batchRows(order, 0, epoch);
    const runs = Array.from(epoch, (row) => Math.floor(row / together));
    expect(runs.filter((run, i) => run !== runs[i - 1])).toHaveLength(8);
    expect([...epoch].sort((a, b) => a - b)).toEqual([...kept]);
    const next = new Int32Array(kept.length);
    batchRows(order, 1, next);
    expect(next).not.toEqual(epoch);
  });

  test('go to a file where the budget does not hold them', async () => {
    const opened: number[] = [];
    let close = () => {};
    const openStore = (count: number, size: number) => {
      opened.push(count, size);
      const store = openSpill(join(folder, 'some.f32'), count, size);
      close = store.close;
      return store;
    };
    const recipe = recipeOf();
    const held = await prepareTable(table, recipe, { seed: 5 });
    const enough = held.set.rows * held.set.width * 4;
    await prepareTable(table, recipe, { seed: 5, openStore, budget: enough });
    expect(opened).toEqual([]);
    const { set } = await prepareTable(table, recipe, { seed: 5, openStore, budget: enough - 1 });
    expect(opened).toEqual([held.set.rows, held.set.width]);
    const all = Int32Array.from({ length: set.rows }, (_, row) => row);
    const [found, expected] = [set, held.set].map((each) => {
      const out = new Float32Array(set.rows * set.width);
      each.copy(all, out);
      return out;
    });
    expect(found).toEqual(expected);
    close();
  });
});
