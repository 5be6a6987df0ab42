import { SemivaeError } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { benjaminiHochberg } from './benjamini-hochberg.ts';
import { chiSquareHomogeneity, chiSquareSurvival } from './chi-square.ts';
import { areaUnderRoc, averagePrecision, rocCurve } from './detection.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { populationStability } from './population-stability.ts';
import { principalComponents } from './principal-components.ts';

/** Even steps through (0, 1), a sample whose distribution function is known. */
const even = (count: number) => Float64Array.from({ length: count }, (_, i) => (i + 0.5) / count);

describe('Kolmogorov–Smirnov', () => {
  test('agrees with SciPy 1.17 on a sample with ties', () => {
    const { statistic, pValue } = kolmogorovSmirnov(
      [1, 2, 2, 3, 3, 3, 4, 7, 9, 11],
      [2, 3, 3, 5, 6, 6, 8, 12],
    );
    expect(statistic).toBeCloseTo(0.325, 12);
    expect(pValue).toBeCloseTo(0.642134258103074, 10);
  });

  test.each([
    [0.3, 0.9999906941986655],
    [0.5, 0.9639452436648751],
    [0.9, 0.3927307079406543],
    [1, 0.26999967167735456],
    [1.36, 0.049485876755377876],
  ])('nears P(K > %d) as samples grow', (lambda, survival) => {
    const rows = 200_000;
    const shift = lambda / Math.sqrt(rows / 2);
    const { statistic, pValue } = kolmogorovSmirnov(
      even(rows),
      even(rows).map((value) => value + shift),
    );
    expect(statistic).toBeCloseTo(shift, 5);
    expect(pValue).toBeCloseTo(survival, 2);
  });

  test('equal samples are at distance 0, separate ones at 1, whatever the order and the missing values', () => {
    expect(kolmogorovSmirnov([3, 1, 1, Number.NaN], [1, 3, 1])).toEqual({ statistic: 0, pValue: 1 });
    expect(kolmogorovSmirnov([2, 1], [5, 4, 3]).statistic).toBe(1);
  });

  test('a constant beside the same constant is no drift', () => {
    expect(kolmogorovSmirnov(new Float64Array(50).fill(7), new Float64Array(9).fill(7)).pValue).toBe(1);
  });

  test('a sample without values is refused', () => {
    expect(() => kolmogorovSmirnov([1], [Number.NaN])).toThrow(SemivaeError);
  });
});

describe('chi-square', () => {
  test.each([
    [3.841458820694124, 1, 0.05],
    [0.5, 3, 0.9188914116546758],
    [10, 4, 0.04042768199451279],
    [50, 60, 0.8178960840225449],
    [200, 150, 0.003973185970821635],
    [0.001, 1, 0.9747728793699604],
  ])('P(χ² > %d) with %d degrees of freedom', (statistic, degrees, survival) => {
    expect(chiSquareSurvival(statistic, degrees)).toBeCloseTo(survival, 10);
  });

  test('far tails keep their relative precision', () => {
    expect(chiSquareSurvival(100, 7) / 1.0787979671702833e-18).toBeCloseTo(1, 8);
  });

  test('homogeneity of a table agrees with SciPy; levels nobody has change nothing', () => {
    const { statistic, degrees, pValue } = chiSquareHomogeneity([90, 60, 0, 104, 95], [30, 50, 0, 51, 20]);
    expect([statistic, degrees]).toEqual([expect.closeTo(23.170168115752993, 10), 3]);
    expect(pValue).toBeCloseTo(3.721555949741595e-5, 12);
  });

  test('one level, or one empty sample, says nothing', () => {
    expect(chiSquareHomogeneity([5], [9]).pValue).toBe(1);
    expect(chiSquareHomogeneity([5, 3], [0, 0]).pValue).toBe(1);
  });
});

describe('population stability', () => {
  test('is the symmetric sum it is defined as', () => {
    const byHand = 0.2 * Math.log(0.7 / 0.5) + -0.2 * Math.log(0.3 / 0.5);
    expect(populationStability([0.5, 0.5], [0.7, 0.3])).toBeCloseTo(byHand, 12);
    expect(populationStability([0.7, 0.3], [0.5, 0.5])).toBeCloseTo(byHand, 12);
  });

  test('an empty bin costs a finite amount, and equal shares nothing', () => {
    expect(populationStability([1, 0], [0.9, 0.1])).toBeCloseTo(
      0.1 * Math.log(10 / 9) + 0.0999 * Math.log(1000),
      3,
    );
    expect(populationStability([0.4, 0.6, 0], [0.4, 0.6, 0])).toBe(0);
  });

  test('bins of different number are refused', () => {
    expect(() => populationStability([1], [0.5, 0.5])).toThrow(SemivaeError);
  });
});

describe('Benjamini–Hochberg', () => {
  test('agrees with SciPy, in the order given', () => {
    const adjusted = benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.2, 0.03]);
    const expected = [0.03, 0.048, 0.045, 0.03, 0.2, 0.045];
    adjusted.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 12));
  });

  test('one p-value stays, none stay none, and none leaves [p, 1]', () => {
    expect(benjaminiHochberg([0.3])).toEqual([0.3]);
    expect(benjaminiHochberg([])).toEqual([]);
    const pValues = [0.9, 0.95, 1, 0.2];
    benjaminiHochberg(pValues).forEach((value, index) => {
      expect(value).toBeGreaterThanOrEqual(pValues[index]!);
      expect(value).toBeLessThanOrEqual(1);
    });
  });
});

describe('detection', () => {
  const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4];
  const anomalous = [false, false, true, true, true, false, true];

  test('the area is the share of pairs in the right order, ties counting half', () => {
    const pairs = scores.flatMap((score, i) =>
      anomalous[i]
        ? scores.flatMap((other, j) => (anomalous[j] ? [] : [score > other ? 1 : score === other ? 0.5 : 0]))
        : [],
    );
    const share = pairs.reduce<number>((sum, pair) => sum + pair, 0) / pairs.length;
    expect(areaUnderRoc(scores, anomalous)).toBeCloseTo(share, 12);
  });

  test('constant scores: area one half, precision the share of anomalies', () => {
    expect(areaUnderRoc(new Array(7).fill(3), anomalous)).toBeCloseTo(0.5, 12);
    expect(averagePrecision(new Array(7).fill(3), anomalous)).toBeCloseTo(4 / 7, 12);
  });

  test('average precision is the mean precision at each anomaly where nothing ties', () => {
    const byHand = (1 / 1 + 2 / 3 + 3 / 4) / 3;
    expect(averagePrecision([9, 8, 7, 6, 5], [true, false, true, true, false])).toBeCloseTo(byHand, 12);
  });

  test('the curve runs from none called to all called, equal scores together', () => {
    const points = rocCurve(scores, anomalous);
    expect(points).toHaveLength(new Set(scores).size + 1);
    expect(points[0]).toMatchObject({ truePositives: 0, falsePositives: 0, precision: 1 });
    expect(points.at(-1)).toMatchObject({ truePositiveRate: 1, falsePositiveRate: 1, threshold: 0.1 });
    expect(points.find(({ threshold }) => threshold === 0.4)).toMatchObject({
      truePositives: 3,
      falsePositives: 2,
    });
  });

  test('one kind of row, or labels for other rows, are refused', () => {
    expect(() => rocCurve([1, 2], [true, true])).toThrow(/no normal row/);
    expect(() => rocCurve([1, 2], [false])).toThrow(/2 scores and 1 labels/);
  });
});

describe('principal components', () => {
  const rows = [
    [2.5, 2.4, 0.5],
    [0.5, 0.7, 1],
    [2.2, 2.9, 0],
    [1.9, 2.2, 2],
    [3.1, 3, 1.5],
    [2.3, 2.7, 0.1],
  ];

  test('agrees with NumPy, and is turned so that the largest entry is positive', () => {
    const { explained, directions } = principalComponents(rows, 2);
    expect(explained).toEqual([expect.closeTo(0.68752145, 7), expect.closeTo(0.29540315, 7)]);
    const expected = [0.70269437, 0.69334426, -0.15966952];
    directions[0]!.forEach((entry, i) => expect(entry).toBeCloseTo(expected[i]!, 7));
  });

  test('points are about the mean, uncorrelated, and as far apart as the rows when all are kept', () => {
    const { points } = principalComponents(
      rows.map((row) => Float32Array.from(row)),
      3,
    );
    const dot = (i: number, j: number) => points.reduce((sum, point) => sum + point[i]! * point[j]!, 0);
    expect(points.reduce((sum, [first]) => sum + first!, 0)).toBeCloseTo(0, 6);
    expect(dot(0, 1)).toBeCloseTo(0, 6);
    const apart = (all: readonly (readonly number[])[]) =>
      Math.hypot(...all[0]!.map((v, i) => v - all[4]![i]!));
    expect(apart(points)).toBeCloseTo(apart(rows), 5);
  });

  test('rows of different length, and rows too narrow, are refused', () => {
    expect(() => principalComponents([[1, 2], [3]], 1)).toThrow(/row 1/);
    expect(() => principalComponents([[1], [2]], 2)).toThrow(SemivaeError);
  });

  test('equal rows explain nothing and stay at the origin', () => {
    const { points, explained } = principalComponents(
      [
        [4, 4],
        [4, 4],
        [4, 4],
      ],
      2,
    );
    expect(points.flat().every((entry) => Math.abs(entry) < 1e-12)).toBe(true);
    expect(explained).toEqual([0, 0]);
  });
});
