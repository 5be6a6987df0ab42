import { describe, expect, test } from 'vitest';
import { exceedancePValue } from './exceedance.ts';

/** Every order of `calibration` old and `rows` new scores, as which places the old ones take, from the top down. */
function orders(calibration: number, rows: number): number[][] {
  if (calibration === 0) return [[]];
  return Array.from({ length: rows + 1 }, (_, above) =>
    orders(calibration - 1, rows - above).map((rest) => [above, ...rest.map((each) => each + above)]),
  ).flat();
}

describe('the p-value of exceedances', () => {
  test.each([
    [3, 4, 1],
    [5, 3, 2],
    [4, 6, 4],
  ])(
    'counts the orders in which %d old and %d new scores may fall, at rank %d',
    (calibration, rows, rank) => {
      const above = orders(calibration, rows).map((each) => each[rank - 1]!);
      for (let alarms = 0; alarms <= rows; alarms++) {
        const share = above.filter((each) => each >= alarms).length / above.length;
        expect(exceedancePValue(alarms, rows, { rank, calibration })).toBeCloseTo(share, 10);
      }
      expect(exceedancePValue(rows + 1, rows, { rank, calibration })).toBe(0);
    },
  );

  test.each([
    [99, 1, 50],
    [400, 4, 800],
    [1000, 10, 3000],
    [199, 19, 1],
  ])(
    'of %d old scores at rank %d falls as alarms grow, and is small as seldom as it says',
    (calibration, rank, rows) => {
      const tails = Array.from({ length: rows + 2 }, (_, alarms) =>
        exceedancePValue(alarms, rows, { rank, calibration }),
      );
      const first = tails.findIndex((each) => each <= 1e-3);
      // the chance of a p-value of 0.001 or less is the tail at the first such count, itself at most 0.001
      expect(first < 0 ? 0 : tails[first]!).toBeLessThanOrEqual(1e-3);
      tails.forEach((each, i) => expect(each).toBeLessThanOrEqual((tails[i - 1] ?? 1) + 1e-9));
      const mean = tails.slice(1).reduce((sum, each) => sum + each, 0);
      expect(mean / ((rows * rank) / (calibration + 1))).toBeCloseTo(1, 6);
    },
  );

  test('is the binomial one where calibration is beyond measure, and far larger where it is small', () => {
    const large = exceedancePValue(30, 1000, { rank: 1e5, calibration: 1e7 });
    let binomial = 0;
    for (let k = 30, term = 1; k <= 200; k++) {
      term = k === 30 ? Math.exp(logBinomial(1000, 30, 0.01)) : (term * (1000 - k + 1) * 0.01) / (k * 0.99);
      binomial += term;
    }
    expect(large / binomial).toBeCloseTo(1, 1);
    expect(exceedancePValue(30, 1000, { rank: 1, calibration: 99 })).toBeGreaterThan(0.04);
  });
});

function logBinomial(n: number, k: number, p: number): number {
  let sum = k * Math.log(p) + (n - k) * Math.log(1 - p);
  for (let i = 1; i <= k; i++) sum += Math.log(n - k + i) - Math.log(i);
  return sum;
}
