import { parseRecipe } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import {
  checkDecidable,
  compareBy,
  figureWords,
  orderingFigure,
  showSpread,
  spreadOf,
} from './sweep-figures.ts';

const plain = parseRecipe({});
const held = parseRecipe({ data: { validation: 0.1 } });
const unlabelled = parseRecipe({ data: { labels: 0, validation: 0.1 }, model: { kind: 'm1' } });

describe('a choice between settings', () => {
  const undecided = expect.objectContaining({ code: 'SWEEP_UNDECIDED' });

  test('needs rows held out that tell something of every setting, or a figure that is named', () => {
    expect(() => checkDecidable([plain, plain], undefined)).toThrow(undecided);
    expect(() => checkDecidable([held, plain], undefined)).toThrow(undecided);
    expect(() => checkDecidable([held, unlabelled], undefined)).toThrow(undecided);
    expect(() => checkDecidable([held, held], undefined)).not.toThrow();
    expect(() => checkDecidable([{ ...unlabelled, keep: 'best' as const }, unlabelled], undefined)).toThrow(
      undecided,
    );
    expect(() => checkDecidable([plain, plain], 'testError')).not.toThrow();
    expect(() => checkDecidable([plain], undefined)).not.toThrow();
  });

  test('goes by the rows held out before all others', () => {
    const all = { loss: 1, testError: 2, validationError: 3 };
    expect(orderingFigure([all], undefined)).toBe('validationError');
    expect(orderingFigure([all, { loss: 1, testError: 2 }], undefined)).toBe('testError');
    expect(orderingFigure([all], 'loss')).toBe('loss');
  });

  test('puts small errors and large bounds first, and what nobody knows last', () => {
    const means = [2, undefined, 1, 3].map((mean) => (mean === undefined ? undefined : { mean, n: 1 }));
    // wrapped: sorting puts undefined last by itself
    const order = (figure: string) =>
      means
        .map((spread) => ({ spread }))
        .toSorted((a, b) => compareBy(figure)(a.spread, b.spread))
        .map(({ spread }) => spread?.mean);
    expect(order('testError')).toEqual([1, 2, 3, undefined]);
    expect(order('validationBound')).toEqual([3, 2, 1, undefined]);
  });
});

test('figures are told as people read them', () => {
  const { testError, loss } = spreadOf([{ testError: 1, loss: 5 }, { testError: 3 }]);
  expect(showSpread('testError', testError)).toBe('2.00 ± 1.41 %');
  expect(showSpread('loss', loss)).toBe('5.00');
  expect(showSpread('loss', undefined)).toBe('–');
  expect(figureWords('validationError')).toBe('validation error');
});
