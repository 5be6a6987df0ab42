import { parseRecipe } from '@semivae/recipe';
import { expect, test } from 'vitest';
import { checkEffect } from './effect.ts';

test.each([
  ['image', { data: { labelColumn: 'class' } }, 'data.labelColumn'],
  ['image', { data: { header: false } }, 'data.header'],
  ['image', { data: { columns: { a: { kind: 'ignored' } } } }, 'data.columns'],
  ['image', { objective: { hide: 0.5 } }, 'objective.hide'],
  ['table', { augmentation: { shift: 2 } }, 'augmentation'],
  ['table', { data: { binarize: true } }, 'data.binarize'],
] as const)('a field that has no effect on data of the kind %s is refused: %j', (kind, raw, field) => {
  const place = expect.stringContaining(field);
  expect(() => checkEffect(parseRecipe(raw), kind)).toThrow(
    expect.objectContaining({ code: 'WITHOUT_EFFECT', place }),
  );
  expect(() => checkEffect(parseRecipe(raw), kind === 'table' ? 'image' : 'table')).not.toThrow();
});

test.each([
  [{ data: { unlabelled: '9' } }, { data: { unlabelled: '9', labelColumn: 'class' } }],
  [{ data: { timeColumn: 'when' } }, { data: { timeColumn: 'when', calibrateOn: 'latest' } }],
] as const)('a field of a table that does nothing by itself is refused: %j', (alone, together) => {
  expect(() => checkEffect(parseRecipe(alone), 'table')).toThrow(
    expect.objectContaining({ code: 'WITHOUT_EFFECT' }),
  );
  expect(() => checkEffect(parseRecipe(together), 'table')).not.toThrow();
});
