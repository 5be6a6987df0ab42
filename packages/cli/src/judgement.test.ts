import { sameLabel } from '@semivae/data';
import { parseRecipe } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { anomalyKinds, classIndices, impliedLabels, judgeDetection } from './judgement.ts';

test('a label is the same however a table spells it', () => {
  for (const [a, b] of [
    ['1', '1.0'],
    ['1', 'true'],
    ['0', 'False'],
    ['x', 'x'],
  ] as const)
    expect(sameLabel(a, b)).toBe(true);
  expect(sameLabel('x', 'X')).toBe(false);
  expect(sameLabel('', '0')).toBe(false);
  expect([...classIndices(['b', '', '2.0', 'c'], ['2', 'b'])]).toEqual([1, -1, 0, -1]);
});

describe('anomalies', () => {
  const labels = ['a', 'b', '', 'c'];
  test.each([
    [{ anomalyLabel: 'a' }, [true, false, null, false]],
    [{ normalLabel: 'a' }, [false, true, null, true]],
    [{ anomalyLabel: 'a', normalLabel: 'b' }, [true, false, null, null]],
    [{}, [null, null, null, null]],
  ])('%j', (flags, kinds) => expect(anomalyKinds(labels, flags)).toEqual(kinds));

  test('are those of the recipe only in its own column, and where no flag says otherwise', () => {
    const recipe = parseRecipe({ data: { labelColumn: 'y', anomalyLabel: 'bad' } });
    expect(impliedLabels(recipe, {}).anomaly).toEqual({ anomalyLabel: 'bad' });
    expect(impliedLabels(recipe, { normalLabel: 'good' }).anomaly).toEqual({ normalLabel: 'good' });
    expect(impliedLabels(recipe, { labelColumn: 'z' })).toEqual({ labelColumn: 'z', anomaly: {} });
  });

  test('are judged where they are known, a score that is NaN being stranger than all', () => {
    const found = judgeDetection([3, 1, Number.NaN, 2, 9], [true, false, true, false, null], {
      fpr: 0.5,
      threshold: 1,
    });
    expect(found).toEqual({
      anomalies: 2,
      normal: 2,
      auroc: 1,
      averagePrecision: 1,
      atThreshold: { fpr: 0.5, threshold: 1, falsePositiveRate: 0.5, recall: 1, precision: 2 / 3 },
    });
  });

  test('a threshold that nothing passes has no precision', () => {
    const { atThreshold } = judgeDetection([1, 2], [true, false], { fpr: 0.1, threshold: 2 });
    expect(atThreshold).toEqual({ fpr: 0.1, threshold: 2, falsePositiveRate: 0, recall: 0 });
  });
});

test('where anomalies alone have a label, all other rows are ordinary', () => {
  expect(anomalyKinds(['1', '', '1.0'], { anomalyLabel: '1' })).toEqual([true, false, true]);
  expect(anomalyKinds(['1', '', '0'], { anomalyLabel: '1' })).toEqual([true, null, false]);
  expect(anomalyKinds(['', ''], { anomalyLabel: '1' })).toEqual([null, null]);
});
