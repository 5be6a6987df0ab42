import { expect, test } from 'vitest';
import { binEdges, binShares, countBeyond } from './histogram.ts';

const hundred = Array.from({ length: 101 }, (_, i) => i);

test('shares are of the values that are there, and add up to one', () => {
  const values = [...hundred, Number.NaN, Number.POSITIVE_INFINITY];
  const shares = binShares(values, binEdges([values]));
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  expect(shares.at(-1)).toBeGreaterThan(shares[0]!);
});

test('edges span all samples and what must be included', () => {
  const edges = binEdges([hundred, [120]], 150);
  expect([edges[0], edges.at(-1)]).toEqual([0, 150]);
});

test('a far outlier does not squeeze the rest, and is counted in the end bin', () => {
  const values = [...hundred, ...hundred, 1e9];
  const edges = binEdges([values]);
  expect(edges.at(-1)).toBeLessThan(200);
  expect(countBeyond(values, edges)).toBe(1);
  expect(binShares(values, edges).at(-1)).toBeGreaterThanOrEqual(1 / values.length);
});

test('one value many times has a bin around it; no value has none', () => {
  const edges = binEdges([[7, 7, 7]]);
  expect(edges[0]).toBeLessThan(7);
  expect(Math.max(...binShares([7, 7, 7], edges))).toBe(1);
  expect(binEdges([[Number.NaN], []])).toEqual([]);
});
