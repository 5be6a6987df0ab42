import { expect, test } from 'vitest';
import { meanAndDeviation } from './mean-and-deviation.ts';

test('the deviation is that of a sample, and moves with neither sign nor place', () => {
  const known = meanAndDeviation([2, 4, 4, 4, 5, 5, 7, 9])!;
  expect(known).toEqual({ mean: 5, deviation: expect.closeTo(Math.sqrt(32 / 7), 12), n: 8 });
  const moved = meanAndDeviation([2, 4, 4, 4, 5, 5, 7, 9].map((each) => 1e6 - each))!;
  expect(moved.deviation).toBeCloseTo(known.deviation!, 8);
});

test('one measurement has no deviation, none has nothing', () => {
  expect(meanAndDeviation([3])).toEqual({ mean: 3, n: 1 });
  expect(meanAndDeviation([])).toBeUndefined();
});
