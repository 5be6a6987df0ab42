import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { bestEpoch, checkMonitored, goesByBound, hasStopped, isFinished, shippedEpoch } from './monitor.ts';

const recipeOf = (raw: RecipeInput) => parseRecipe({ epochs: 8, ...raw });
const bounds = (...all: readonly number[]) =>
  all.map((validationBound, i) => ({ epoch: i + 1, validationBound }));
const errors = (...all: readonly number[]) =>
  all.map((validationError, i) => ({ epoch: i + 1, validationError }));

describe('the best epoch', () => {
  test('has the highest bound or the lowest error, the first one at a tie', () => {
    expect(bestEpoch(recipeOf({}), bounds(-5, -3, -4, -3))).toBe(1);
    expect(bestEpoch(recipeOf({ monitor: 'error' }), errors(5, 3, 4, 3))).toBe(1);
  });

  test('is never one whose figure is no number, or is not told', () => {
    expect(bestEpoch(recipeOf({}), bounds(Number.NaN, -9, Number.NaN))).toBe(1);
    expect(bestEpoch(recipeOf({}), errors(5, 3))).toBe(-1);
  });

  test('is the same of figures that were written and read again', () => {
    const read = <T>(figures: T): T => JSON.parse(JSON.stringify(figures));
    expect(bestEpoch(recipeOf({}), read(bounds(Number.NaN, -9, -Infinity)))).toBe(1);
    expect(bestEpoch(recipeOf({ monitor: 'error' }), read(errors(Number.NaN, 3)))).toBe(1);
  });
});

describe('what ships', () => {
  test('is the best epoch where it is kept, by the figure that is monitored, else the last', () => {
    const both = errors(5, 3, 4, 3).map((each, i) => ({ ...each, validationBound: [-3, -4, -1, -2][i]! }));
    expect(shippedEpoch(recipeOf({ keep: 'best' }), both)).toBe(2);
    expect(shippedEpoch(recipeOf({ keep: 'best', monitor: 'error' }), both)).toBe(1);
    expect(shippedEpoch(recipeOf({ keep: 'best', monitor: 'error' }), errors(5, 3, 4, 3))).toBe(1);
    expect(shippedEpoch(recipeOf({ keep: 'best' }), errors(5, 3, 4, 3))).toBe(3);
    expect(shippedEpoch(recipeOf({ patience: 2 }), both)).toBe(3);
  });

  test('goes by the bound only where something is decided, and by nothing else', () => {
    for (const [asked, told] of [
      [{}, false],
      [{ keep: 'best' }, true],
      [{ patience: 2 }, true],
      [{ keep: 'best', monitor: 'error' }, false],
    ] as const)
      expect(goesByBound(recipeOf(asked))).toBe(told);
  });
});

describe('patience', () => {
  const figures = bounds(-5, -3, -4, -3, -3.5, -2);

  test.each([1, 2, 3, 4])('of %i ends after so many epochs without a better one, not before', (patience) => {
    const recipe = recipeOf({ patience });
    const stops = figures.map((_, i) => hasStopped(recipe, figures.slice(0, i + 1)));
    const first = stops.indexOf(true);
    expect(first).toBe(patience < 4 ? 1 + patience : -1);
    if (first >= 0) expect(isFinished({ recipe }, figures.slice(0, first + 1))).toBe(true);
    if (first >= 0) expect(isFinished({ recipe }, figures.slice(0, first))).toBe(false);
  });

  test('that is not given never ends, and the last epoch is the end with or without it', () => {
    const falling = bounds(-1, -2, -3, -4, -5, -6, -7, -8);
    expect(hasStopped(recipeOf({}), falling)).toBe(false);
    expect(isFinished({ recipe: recipeOf({}) }, falling)).toBe(true);
    expect(isFinished({ recipe: recipeOf({ patience: 20 }) }, falling)).toBe(true);
  });
});

describe('a figure that cannot be had is asked for', () => {
  const held = { validation: Int32Array.of(0, 2) };
  const labels = Int32Array.of(1, 0, -1);
  test.each<readonly [string, string, RecipeInput, Int32Array, Int32Array]>([
    ['without rows held out', 'VALIDATION_NEEDED', { patience: 2 }, labels, new Int32Array()],
    ['without rows to choose by', 'VALIDATION_NEEDED', { keep: 'best' }, labels, new Int32Array()],
    [
      'the error of rows without labels',
      'MONITOR_NO_LABELS',
      { patience: 2, monitor: 'error' },
      labels,
      Int32Array.of(2),
    ],
    [
      'the error of an m1',
      'MONITOR_NO_LABELS',
      { keep: 'best', monitor: 'error', model: { kind: 'm1' } },
      labels,
      held.validation,
    ],
    [
      'the bound of a classifier alone',
      'MONITOR_NO_BOUND',
      { keep: 'best', objective: { kind: 'supervised' } },
      labels,
      held.validation,
    ],
  ])('%s', (_, code, raw, known, validation) => {
    const refused = expect.objectContaining({ code, remedy: expect.stringMatching(/./) });
    expect(() => checkMonitored(recipeOf(raw), { labels: known }, { validation })).toThrow(refused);
  });

  test('and nothing is refused that is not asked for', () => {
    checkMonitored(recipeOf({ monitor: 'error' }), { labels }, { validation: new Int32Array() });
    checkMonitored(recipeOf({ monitor: 'error', patience: 1 }), { labels }, held);
  });
});
