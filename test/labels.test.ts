import { type Cells, digits, imageSet, memoryTable, prepareTable } from '@semivae/data';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { fit, isCollapsed, onnxRuntimeEngine, openFigures, trainTable } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { normals } from './numbers.ts';

const engine = onnxRuntimeEngine({ threads: 1 });

/** Rows of two overlapping heaps, one row in fifty of the second. */
function heaps(rows: number, label: (row: number) => string) {
  const rare = (row: number) => row % 50 === 0;
  const noise = normals([rows, 2], 'heaps').data;
  const cells: Record<string, Cells> = {
    a: Float64Array.from({ length: rows }, (_, row) => noise[2 * row]! + (rare(row) ? 1.2 : 0)),
    b: Float64Array.from({ length: rows }, (_, row) => noise[2 * row + 1]!),
    label: Array.from({ length: rows }, (_, row) => label(row)),
  };
  const columns = [
    { name: 'a', type: 'number' },
    { name: 'b', type: 'number' },
    { name: 'label', type: 'text' },
  ] as const;
  return memoryTable('heaps.csv', columns, cells);
}

const recipeOf = (objective: RecipeInput['objective'] = {}) =>
  parseRecipe({
    name: 'heaps',
    data: { labelColumn: 'label', labels: 10, validation: 0.3 },
    model: { kind: 'm2', latent: 2, hidden: [8], classifier: [] },
    objective: { alpha: 5, ...objective },
    batch: { labelled: 32, unlabelled: 32 },
    optimizer: { learningRate: 2e-2 },
    epochs: 2,
    stepsPerEpoch: 60,
  });

const rareOr = (row: number) => (row % 50 === 0 ? 'rare' : 'common');

describe('a class of one row in fifty', () => {
  test('is found by weights of the classes, and its recall is told either way', async () => {
    const [alike, balanced] = await Promise.all(
      (['none', 'balanced'] as const).map(
        async (classWeights) =>
          (await trainTable(heaps(3000, rareOr), recipeOf({ classWeights }), { seed: 1, engine })).metrics,
      ),
    );
    expect(alike!['recall/rare']).toBeLessThan(10);
    expect(alike!['recall/common']).toBeGreaterThan(95);
    expect(balanced!['recall/rare']).toBeGreaterThan(50);
    expect(balanced!['precision/rare']).toBeLessThan(50);
  });

  test('cannot be weighed where nothing is classified', async () => {
    const recipe = {
      ...recipeOf({ classWeights: 'balanced' }),
      model: { ...recipeOf().model, kind: 'm1' as const },
    };
    await expect(trainTable(heaps(200, rareOr), recipe, { seed: 1, engine })).rejects.toMatchObject({
      code: 'CLASS_WEIGHTS',
    });
  });
});

test('a table of one class is refused before training (fault 32)', async () => {
  const one = trainTable(
    heaps(200, () => 'yes'),
    recipeOf(),
    { seed: 1, engine },
  );
  await expect(one).rejects.toMatchObject({ code: 'LABELS_ONE_CLASS' });
});

test('labels that mean none make unlabelled rows, unless each is a class', async () => {
  const label = (row: number) => (row % 4 ? '-1' : String(row % 3));
  const prepared = (unlabelled?: string) => {
    const recipe = recipeOf();
    const data = { ...recipe.data, unlabelled };
    return prepareTable(heaps(300, label), { ...recipe, data }, { seed: 1 });
  };
  const { set, warnings } = await prepared();
  expect(set.classes).toEqual(['0', '1', '2']);
  expect(Array.from(set.labels).filter((each) => each < 0)).toHaveLength(225);
  expect(warnings.join()).toMatch(/marked -1/);
  expect((await prepared('none')).set.classes).toEqual(['-1', '0', '1', '2']);
});

/** Figures and the state of a few steps on drawn digits. */
async function trained(asked: RecipeInput) {
  const recipe = parseRecipe({
    data: { labels: 20 },
    model: { kind: 'm2', latent: 3, hidden: [12] },
    stepsPerEpoch: 4,
    epochs: 1,
    ...asked,
  });
  const { train, test } = digits({ train: 60, test: 20 });
  const sets = { set: imageSet(train), test: imageSet(test) };
  const figuresOf = await openFigures({ recipe, seed: 1, engine, ...sets });
  for await (const report of fit(recipe, sets.set, { seed: 1, engine })) {
    if (!report.epochEnded) continue;
    const { state } = await report.checkpoint();
    return { metrics: report.metrics, state, figures: await figuresOf(state) };
  }
  throw new Error('no epoch ended');
}

test('batches of one row train to finite numbers, normalised layers and all (fault 34)', async () => {
  const classifier = { hidden: [8], normalised: true };
  const { metrics, state, figures } = await trained({
    model: { kind: 'm2', latent: 3, hidden: [12], classifier },
    batch: { labelled: 1, unlabelled: 1 },
  });
  const numbers = [...Object.values(metrics), ...Object.values(figures)];
  expect(numbers.every(Number.isFinite)).toBe(true);
  for (const { data } of Object.values(state)) expect(data.every(Number.isFinite)).toBe(true);
});

test('each epoch tells what the latent carries, and a collapse', async () => {
  const { figures } = await trained({ stepsPerEpoch: 30, batch: { labelled: 10, unlabelled: 30 } });
  expect(figures).toMatchObject({
    divergence: expect.any(Number),
    activeUnits: 3,
    reconstruction: expect.any(Number),
  });
  expect(isCollapsed(figures)).toBe(false);
  const crushed = await trained({
    stepsPerEpoch: 80,
    objective: { beta: 500 },
    batch: { labelled: 10, unlabelled: 30 },
    optimizer: { learningRate: 2e-2 },
  });
  expect(isCollapsed(crushed.figures)).toBe(true);
});
