import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRecipe, recipeJsonSchema, storedRecipe, withField } from './recipe.ts';
import { builtInRecipe, recipes } from './recipes.ts';

const codeOf = (work: () => unknown): { code?: string; message?: string } => {
  try {
    work();
    return {};
  } catch (error) {
    return error as { code: string; message: string };
  }
};

describe('a recipe', () => {
  test('may name columns as it likes', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const columns = Object.fromEntries(names.map((name) => [name, { kind: 'ignored' as const }]));
    expect(Object.keys(parseRecipe({ data: { columns } }).data.columns).sort()).toEqual([...names].sort());
    const wrong = Object.fromEntries([['__proto__', { kind: 'no kind' }]]);
    expect(codeOf(() => parseRecipe({ data: { columns: wrong } })).message).toMatch(
      /data\.columns\.__proto__/,
    );
  });

  test('that is empty takes every default, and stays the same when read again', () => {
    const recipe = parseRecipe({});
    expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
    expect(recipe.model.kind).toBe('m2');
  });

  test.each([
    [{ epoch: 3 }, 'RECIPE_UNKNOWN_FIELD', /recipe, epoch: .*'epochs'/],
    [{ optimizer: { learningrate: 1 } }, 'RECIPE_UNKNOWN_FIELD', /optimizer\.learningrate: .*'learningRate'/],
    [
      { objective: { bound: { sample: 1 } } },
      'RECIPE_UNKNOWN_FIELD',
      /objective\.bound\.sample: .*'samples'/,
    ],
    [{ epochs: 'many' }, 'RECIPE_FIELD', /recipe, epochs: .*number/],
    [{ epochs: 0.5 }, 'RECIPE_FIELD', /recipe, epochs/],
    [{ model: { hidden: [] } }, 'RECIPE_FIELD', /model\.hidden/],
    [{ model: { kind: 'm3' } }, 'RECIPE_FIELD', /model\.kind: .*m2/],
    ['text', 'RECIPE_FIELD', /recipe: /],
    [{ data: { columns: { paid: { kind: 'money' } } } }, 'RECIPE_FIELD', /data\.columns\.paid/],
  ])('%j is refused with the field and the remedy', (raw, code, message) => {
    const error = codeOf(() => parseRecipe(raw));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each([
    ['numeric', { likelihood: 'poisson' }, /paid\.likelihood: .*gaussian.*student-t/],
    ['count', { likelihood: 'gaussian' }, /paid\.likelihood: .*poisson.*negative-binomial/],
    ['count', { transform: 'log' }, /paid\.transform: .*Known here: kind, likelihood/s],
    ['categorical', { transform: 'log' }, /paid\.transform: /],
    ['categorical', { likelihood: 'poisson' }, /paid\.likelihood: /],
    ['binary', { trend: true }, /paid\.trend: /],
    ['numeric', { trend: true }, /paid\.trend: .*Known here: kind, transform, likelihood/s],
    ['timestamp', { transform: 'log' }, /paid\.transform: .*Known here: kind, trend, date/s],
    ['ignored', { likelihood: 'gaussian' }, /paid\.likelihood: /],
  ])('refuses what means nothing for a %s column: %j', (kind, more, message) => {
    const raw = { data: { columns: { paid: { kind, ...more } } } };
    expect(codeOf(() => parseRecipe(raw)).message).toMatch(message);
  });

  test('of a run or a bundle of before is read without what meant nothing for its columns', () => {
    const columns = {
      code: { kind: 'categorical', transform: 'log' },
      paid: { kind: 'numeric', likelihood: 'poisson', transform: 'log' },
    };
    expect(storedRecipe({ name: 'old', data: { columns } }, 'run.json')).toEqual(
      parseRecipe({
        name: 'old',
        data: { columns: { code: { kind: 'categorical' }, paid: { kind: 'numeric', transform: 'log' } } },
      }),
    );
    expect(codeOf(() => storedRecipe({ data: { columns: { x: { kind: 'no' } } } }, 'run.json')).code).toBe(
      'RECIPE_FIELD',
    );
  });

  test('names the fields of a column that is called __proto__', () => {
    const columns = Object.fromEntries([['__proto__', { kind: 'count', trend: true }]]);
    expect(codeOf(() => parseRecipe({ data: { columns: columns as object } })).message).toMatch(
      /data\.columns\.__proto__.*Known here: kind, likelihood/s,
    );
  });

  test('that gives a field in one of its shapes has all fields of that shape', () => {
    const recipe = withField(parseRecipe({}), 'model.classifier.channels', '[8,16]');
    expect(recipe.model.classifier).toMatchObject({ channels: [8, 16], hidden: [600, 600] });
    expect(withField(recipe, 'model.classifier', '[300]').model.classifier).toEqual([300]);
  });

  test('has a schema file beside it that says the same', () => {
    const file = new URL('../recipe.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
  });
});

describe('built-in recipes', () => {
  test('are found by their own names', () => {
    for (const [name, recipe] of Object.entries(recipes)) expect(recipe.name).toBe(name);
  });

  test('suggest the nearest for a name that is none', () => {
    expect(codeOf(() => builtInRecipe('mnist-m3')).message).toMatch(/'mnist-m[12]'/);
  });
});
