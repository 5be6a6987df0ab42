import { digits, imageSet } from '@semivae/data';
import { parseRecipe } from '@semivae/recipe';
import { expect, test } from 'vitest';
import { assemble } from './assemble.ts';
import { chunksOf, openAnswerer } from './classify.ts';
import { onnxRuntimeEngine } from './engines/onnxruntime.ts';
import { shapeOf } from './fit.ts';
import { initialState } from './initial.ts';
import { shippedParameters } from './optimizers.ts';
import { taught } from './teachers.ts';

const engine = onnxRuntimeEngine({ threads: 1 });
const set = imageSet(digits({ train: 1100, test: 1 }).train);
const recipe = parseRecipe({
  data: { labels: 20 },
  model: { latent: 2, hidden: [8] },
  augmentation: { shift: 2, erase: 0.5 },
});
const { model, step } = assemble(recipe, shapeOf(set, set.rows));
const teacher = (seed: number) => ({
  name: `seed ${seed}`,
  model,
  parameters: shippedParameters(initialState(step.state, seed)),
});
const none = { ...recipe.augmentation, shift: 0 };
const ask = (seeds: readonly number[], options = {}) =>
  taught(engine, set, seeds.map(teacher), {
    moves: none,
    labelled: new Int32Array(0),
    seed: 1,
    ...options,
  });

const farthest = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, each, i) => Math.max(most, Math.abs(each - b[i]!)), 0);

test('where nothing moves, one teacher says what it says', async () => {
  const answers = (await openAnswerer(engine, model, set.columns)).with(teacher(1).parameters);
  const said = await ask([1]);
  for (const { start, x } of chunksOf(set)) {
    const own = await answers(x);
    expect(farthest(own, said.subarray(start * 10, start * 10 + own.length))).toBeLessThan(1e-6);
  }
});

test('several teachers say the mean of what each says', async () => {
  const [one, other, both] = [await ask([1]), await ask([2]), await ask([1, 2])];
  expect(
    farthest(
      both,
      one.map((each, i) => (each + other[i]!) / 2),
    ),
  ).toBeLessThan(1e-6);
  expect(farthest(one, other)).toBeGreaterThan(0.01);
});

test('moved rows are asked about too, alike at every time, and shares sum to 1', async () => {
  const moves = recipe.augmentation;
  const moved = await ask([1], { moves });
  expect(farthest(moved, await ask([1]))).toBeGreaterThan(1e-3);
  expect(moved).toEqual(await ask([1], { moves }));
  for (let row = 0; row < set.rows; row++)
    expect(moved.subarray(row * 10, row * 10 + 10).reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
});

test('labels that are seen are believed', async () => {
  const said = await ask([1], { labelled: Int32Array.of(3, 1099) });
  for (const row of [3, 1099])
    expect(said.subarray(row * 10, row * 10 + 10).indexOf(1)).toBe(set.labels[row]);
});
