import { describe, expect, test } from 'vitest';
import { exactRate, pValues, rowsNeeded, thresholdFor } from './conformal.ts';
import { integers } from './random.ts';

const rates = [0.001, 0.01, 0.05, 0.07, 0.1, 0.29, 1 / 3, 0.5, 0.58, 2 / 3, 0.9, 0.999, 1 - 2 ** -53];
const sizes = [1, 2, 3, 9, 10, 19, 48, 49, 99, 100, 199, 999];

const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
/** n scores below `distinct`: the fewer, the more ties. */
const drawn = (n: number, distinct: number, step = n) =>
  ascending(integers(n, distinct, { seed: 5, stream: 1, step }));
const enough = (n: number) => rates.filter((fpr) => rowsNeeded(fpr) <= n);

/** The largest score that is taken for equal. */
const rounded = (score: number) => score + 1e-5 * Math.max(1, Math.abs(score));

/** Exchangeable by construction: each of n + 1 scores is once the row that is judged by the others. */
function shareOfAnomalies(scores: readonly number[], fpr: number): number {
  const anomalies = scores.filter((score, i) => pValues([score], scores.toSpliced(i, 1))[0]! <= fpr);
  return anomalies.length / scores.length;
}

describe.each(sizes)('%i calibration rows', (n) => {
  test('give the p-value that counting gives, ties included', () => {
    for (const distinct of [2, 10, 1e6]) {
      const calibration = drawn(n, distinct);
      const scores = [
        ...calibration.slice(0, 50),
        ...calibration.slice(0, 50).map((each) => each + 0.5),
        -1,
        1e9,
      ];
      const counted = scores.map(
        (score) => (1 + calibration.filter((each) => rounded(each) >= score).length) / (n + 1),
      );
      expect([...pValues(scores, calibration)]).toEqual(counted);
    }
  });

  test('keep the exact rate if no scores tie, and no more if they do', () => {
    if (n > 200) return;
    const distinct = Array.from({ length: n + 1 }, (_, i) => i * i);
    for (const fpr of rates) {
      expect(shareOfAnomalies(distinct, fpr)).toBe(exactRate(n, fpr));
      expect(exactRate(n, fpr)).toBeLessThanOrEqual(fpr);
      expect(exactRate(n, fpr) + 1 / (n + 1)).toBeGreaterThan(fpr);
      expect(shareOfAnomalies(drawn(n + 1, 5), fpr)).toBeLessThanOrEqual(fpr);
    }
  });

  test('have a threshold that says what the p-value says', () => {
    for (const distinct of [2, 10, 1e6]) {
      const calibration = drawn(n, distinct);
      const scores = calibration.flatMap((each) => [each - 0.5, each, each + 0.5]);
      for (const fpr of enough(n)) {
        const threshold = thresholdFor(calibration, fpr);
        const anomalies = Array.from(pValues(scores, calibration), (p) => p <= fpr);
        expect(anomalies).toEqual(scores.map((score) => score > threshold));
      }
    }
  });

  test('give scores that differ by rounding alone one p-value and one verdict (fault 94)', () => {
    for (const distinct of [2, 10, 100]) {
      const calibration = drawn(n, distinct);
      for (const rounding of [1 + 1e-6, 1 - 1e-6, 1]) {
        const scores = calibration.map((each) => each * rounding);
        expect(pValues(scores, calibration)).toEqual(pValues(calibration, calibration));
        for (const fpr of enough(n)) {
          const threshold = thresholdFor(calibration, fpr);
          expect(scores.map((each) => each > threshold)).toEqual(calibration.map((each) => each > threshold));
        }
      }
    }
  });

  test('call no more of tied rows anomalies than promised, however they are rounded (fault 94)', () => {
    if (n > 200) return;
    for (const distinct of [1, 2, 5]) {
      const noise = drawn(n + 1, 1000, n + 1);
      const scores = drawn(n + 1, distinct).map((each, i) => (each + 1) * (1 + 1e-9 * noise[i]!));
      for (const fpr of rates) expect(shareOfAnomalies(ascending(scores), fpr)).toBeLessThanOrEqual(fpr);
    }
  });

  test('are enough or too few for a rate (fault 93)', () => {
    const calibration = drawn(n, 100);
    for (const fpr of rates) {
      const found = pValues([1e9], calibration)[0]! <= fpr;
      expect(n >= rowsNeeded(fpr)).toBe(found);
      expect(exactRate(n, fpr) > 0).toBe(found);
      if (found) continue;
      expect(() => thresholdFor(calibration, fpr)).toThrow(
        expect.objectContaining({
          code: 'CALIBRATION_TOO_FEW',
          message: expect.stringContaining(`needs ${rowsNeeded(fpr)} calibration rows`),
        }),
      );
    }
  });
});

test('the rows that a rate needs are the fewest', () => {
  expect([0.5, 0.1, 0.05, 0.01, 0.001].map(rowsNeeded)).toEqual([1, 9, 19, 99, 999]);
  for (let n = 1; n < 2000; n++) expect(rowsNeeded(1 / (n + 1))).toBe(n);
});

test.each([Number.NaN, Infinity, -Infinity])('a score of %s has no p-value (fault 95)', (score) => {
  const error = expect.objectContaining({ code: 'SCORE_NOT_FINITE', place: 'row 1' });
  expect(() => pValues([2, score], [1, 2, 3])).toThrow(error);
});

test('no scores have no p-values', () => {
  expect(pValues(new Float32Array(0), [1])).toEqual(new Float64Array(0));
});

test.each([0, 1, -0.5, 2, Number.NaN, Infinity, '0.1', undefined])('%j is no rate', (fpr) => {
  const error = expect.objectContaining({ code: 'INPUT_TYPE', place: 'fpr' });
  expect(() => rowsNeeded(fpr as number)).toThrow(error);
  expect(() => exactRate(10, fpr as number)).toThrow(error);
  expect(() => thresholdFor([1, 2, 3], fpr as number)).toThrow(error);
});
