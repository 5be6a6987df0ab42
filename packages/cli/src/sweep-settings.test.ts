import { parseRecipe } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import {
  type Asked,
  combinations,
  fileName,
  listed,
  parsedGrid,
  parsedRange,
  settingsOf,
  showFields,
} from './sweep-settings.ts';

const base = parseRecipe({});

const asked = (grid: readonly string[], ranges: readonly string[] = [], draws = 0, seed = 1): Asked => ({
  grid: grid.map(parsedGrid),
  ranges: ranges.map(parsedRange),
  draws,
  seed,
});

const fieldsOf = (all: Asked) => settingsOf(base, all).map(({ fields }) => fields);

describe('a grid', () => {
  test('parts values at commas, but for those in brackets', () => {
    expect(listed('1e-3, 3e-3')).toEqual(['1e-3', '3e-3']);
    expect(listed('[600,600],[300],50')).toEqual(['[600,600]', '[300]', '50']);
  });

  test('is every combination, once, each a whole recipe', () => {
    expect(combinations([[1, 2], [3], [4, 5]])).toEqual([
      [1, 3, 4],
      [1, 3, 5],
      [2, 3, 4],
      [2, 3, 5],
    ]);
    const settings = settingsOf(base, asked(['model.hidden=[600,600],300', 'model.latent=5,5.0,7']));
    const field = (hidden: number[], latent: number) => ({ 'model.hidden': hidden, 'model.latent': latent });
    expect(settings.map(({ fields }) => fields)).toEqual([
      field([600, 600], 5),
      field([600, 600], 7),
      field([300], 5),
      field([300], 7),
    ]);
    const { hidden, latent } = settings[3]!.recipe.model;
    expect([hidden, latent]).toEqual([[300], 7]);
  });

  test('without fields is the recipe itself', () => {
    expect(settingsOf(base, asked([]))).toEqual([{ name: '', fields: {}, recipe: base }]);
  });

  test.each([
    ['model.latnet=3,4', 'RECIPE_UNKNOWN_FIELD'],
    ['model.latent=3,four', 'RECIPE_FIELD'],
    ['objective.alpha=-1', 'RECIPE_FIELD'],
  ])('%s is refused', (text, code) => {
    expect(() => fieldsOf(asked([text]))).toThrow(expect.objectContaining({ code }));
  });

  test('a field is named once, with a = behind it', () => {
    const refused = expect.objectContaining({ code: 'SWEEP_FORM' });
    expect(() => fieldsOf(asked(['epochs=1', 'epochs=2']))).toThrow(refused);
    expect(() => fieldsOf(asked(['epochs=1'], ['epochs=2..3'], 1))).toThrow(refused);
    expect(() => parsedGrid('epochs')).toThrow(refused);
  });
});

describe('draws', () => {
  const ranges = [
    'optimizer.learningRate=1e-4..1e-2:log',
    'model.latent=2..4',
    'model.hidden=[8,8],[9]',
    'objective.beta=0.5..2',
  ];

  test('are the same again, others by another seed, and the first of more', () => {
    const five = fieldsOf(asked([], ranges, 5));
    expect(fieldsOf(asked([], ranges, 5))).toEqual(five);
    expect(fieldsOf(asked([], ranges, 8)).slice(0, 5)).toEqual(five);
    expect(fieldsOf(asked([], ranges, 5, 2))).not.toEqual(five);
  });

  test('keep to their ranges, ends of whole numbers and every choice among them', () => {
    const all = fieldsOf(asked([], ranges, 300));
    const of = (path: string) => all.map((fields) => fields[path] as number);
    const rates = of('optimizer.learningRate');
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    // evenly in the logarithm: half of them below the geometric middle
    expect(rates.filter((rate) => rate < 1e-3).length / 300).toBeCloseTo(0.5, 1);
    expect(of('objective.beta').filter((beta) => beta < 1.25).length / 300).toBeCloseTo(0.5, 1);
    expect([...new Set(of('model.latent'))].sort()).toEqual([2, 3, 4]);
    expect(new Set(of('model.hidden').map(String))).toEqual(new Set(['8,8', '9']));
  });

  test('differ from each other, as far as there are others', () => {
    expect(fieldsOf(asked([], ['model.latent=2..4'], 9)).map((each) => each['model.latent'])).toHaveLength(3);
  });

  test('go with every combination of a grid', () => {
    const both = fieldsOf(asked(['epochs=1,2'], ['model.latent=2..99'], 3));
    const drawn = fieldsOf(asked([], ['model.latent=2..99'], 3));
    expect(both).toEqual(drawn.flatMap((fields) => [1, 2].map((epochs) => ({ ...fields, epochs }))));
  });

  test.each(['objective.beta=2..1', 'objective.beta=0..1:log'])('%s is refused', (text) => {
    expect(() => parsedRange(text)).toThrow(expect.objectContaining({ code: 'SWEEP_FORM' }));
  });

  test('a range of paths is a list of them', () => {
    expect(parsedRange('data.name=../a,../b')).toEqual({ path: 'data.name', texts: ['../a', '../b'] });
  });
});

describe('names', () => {
  test('are short, unless two fields end alike', () => {
    expect(fileName({ 'optimizer.learningRate': 3e-4, 'model.hidden': [600, 600] })).toBe(
      'learningRate-0.0003_hidden-600x600',
    );
    expect(showFields({ 'objective.kind': 'supervised', 'model.kind': 'm2' })).toBe(
      'objective.kind supervised, model.kind m2',
    );
  });

  test('can be names of files, and differ where values do', () => {
    const long = (end: string) => fileName({ 'data.name': `${'folder/'.repeat(40)}${end}` });
    expect(long('a')).toMatch(/^[\w.%-]{1,100}$/);
    expect(long('a')).not.toBe(long('b'));
  });
});
