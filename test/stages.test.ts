import { digits, imageSet } from '@semivae/data';
import { asBelow } from '@semivae/model';
import { parseRecipe, type Recipe, type RecipeInput } from '@semivae/recipe';
import { type Checkpoint, type FitOptions, fit, onnxRuntimeEngine } from '@semivae/train';
import { beforeAll, describe, expect, test } from 'vitest';

const engine = onnxRuntimeEngine({ threads: 1 });
const set = imageSet(digits({ train: 400, test: 10 }).train);

const recipeOf = (model: RecipeInput['model'], labels: number): Recipe =>
  parseRecipe({
    name: 'stages',
    data: { labels },
    model: { hidden: [8], ...model },
    epochs: 1,
    stepsPerEpoch: 6,
  });

async function trained(recipe: Recipe, options: Partial<FitOptions> = {}): Promise<Checkpoint[]> {
  const all: Checkpoint[] = [];
  for await (const report of fit(recipe, set, { seed: 1, engine, reportEvery: 3, ...options }))
    all.push(await report.checkpoint());
  return all;
}

describe('M1 and M2 in the two stages of the paper', () => {
  const above = recipeOf({ kind: 'm1+m2', below: 3, latent: 2, stages: 'trained' }, 100);
  let initial: Checkpoint['state'];
  beforeAll(async () => {
    const [, below] = await trained(recipeOf({ kind: 'm1', latent: 3 }, 0));
    initial = asBelow(below!.state);
  });
  const namesOf = (state: Checkpoint['state'], which: RegExp) =>
    Object.keys(state).filter((name) => which.test(name));

  test('M1 stays as it was trained, and M2 learns', async () => {
    const [early, late] = await trained(above, { initial });
    const below = namesOf(late!.state, /^(q\(z1|p\(x)/);
    expect(below).toHaveLength(10);
    for (const name of below) expect(late!.state[name], name).toEqual(initial[name]);
    for (const name of namesOf(late!.state, /^(q\(y|q\(z\||p\(z1).*weight/))
      expect(late!.state[name], name).not.toEqual(early!.state[name]);
  });

  test('what is resumed needs no M1, and ends alike', async () => {
    const [early, late] = await trained(above, { initial });
    const [resumed] = await trained(above, { resume: early! });
    expect(resumed!.state).toEqual(late!.state);
  });

  test('an M1 that is not given, or of another size, is asked for', async () => {
    const missing = expect.objectContaining({ code: 'INITIAL_MISSING' });
    await expect(trained(above)).rejects.toThrow(missing);
    const larger = { ...above, model: { ...above.model, below: 4 } };
    await expect(trained(larger, { initial })).rejects.toThrow(/'(q\(z1\|x\)|p\(x\|z1\))/);
  });

  test('together, both learn at every step', async () => {
    const together = recipeOf({ kind: 'm1+m2', below: 3, latent: 2 }, 100);
    const [early, late] = await trained(together);
    for (const name of namesOf(late!.state, /^[pq].*weight/))
      expect(late!.state[name], name).not.toEqual(early!.state[name]);
  });
});

test('a training begins with what fits of another, by name and shape', async () => {
  const one = recipeOf({ kind: 'm1', latent: 3 }, 0);
  const [, { state: initial }] = (await trained(one)) as [Checkpoint, Checkpoint];
  const still = { ...one, optimizer: { ...one.optimizer, learningRate: 1e-12, warmup: 0 } };
  const [begun] = await trained(still, { initial });
  const weights = Object.keys(initial).filter((name) => /^[pq]/.test(name));
  for (const name of weights)
    begun!.state[name]!.data.forEach((each, i) => expect(each).toBeCloseTo(initial[name]!.data[i]!, 5));
});
