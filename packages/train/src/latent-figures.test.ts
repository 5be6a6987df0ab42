import { expect, test } from 'vitest';
import { activeUnits, isCollapsed, spreadRows } from './latent-figures.ts';

test('a feature of the latent is active where its mean varies over rows', () => {
  const means = Float32Array.from([0, 1, 5, 0, -1, 5, 0, 1, 5, 0.1, -1, 5]);
  expect(activeUnits(means, 3)).toBe(1);
});

test('a latent that tells nothing of rows has collapsed', () => {
  expect(isCollapsed({ divergence: 5, activeUnits: 0 })).toBe(true);
  expect(isCollapsed({ divergence: 0.05, activeUnits: 3 })).toBe(true);
  expect(isCollapsed({ divergence: 5, activeUnits: 3 })).toBe(false);
  expect(isCollapsed({ loss: 1 })).toBe(false);
});

test('rows are spread over a set', () => {
  const rows = Int32Array.from({ length: 10 }, (_, row) => 100 + row);
  expect([...spreadRows(rows, 5)]).toEqual([100, 102, 104, 106, 108]);
  expect([...spreadRows(rows, 50)]).toEqual([...rows]);
});
