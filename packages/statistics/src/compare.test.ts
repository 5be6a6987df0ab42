import { SemivaeError } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { month, monthScores, normal, uniform } from '../test/months.ts';
import { compareColumn, compareColumns } from './compare.ts';
import type { ColumnSample } from './drift.ts';

const numbers = (values: readonly number[], name = 'x'): ColumnSample => ({
  name,
  kind: 'number',
  numbers: Float64Array.from(values),
  missing: values.filter(Number.isNaN).length,
  rows: values.length,
});

const levels = (counts: Readonly<Record<string, number>>, missing = 0): ColumnSample => ({
  name: 'x',
  kind: 'level',
  levels: counts,
  missing,
  rows: Object.values(counts).reduce((sum, count) => sum + count, missing),
});

const draws = (length: number, seed: number, shift = 0) => {
  const draw = normal(seed);
  return Array.from({ length }, () => draw() + shift);
};

const by = (report: ReturnType<typeof compareColumns>) =>
  Object.fromEntries(report.columns.map((column) => [column.name, column.verdict]));

describe('a month against the next', () => {
  const report = compareColumns(month(false, 3), month(true, 4));

  test('names what was changed, and nothing else', () => {
    expect(by(report)).toEqual({
      merchant_country: 'strong',
      amount: 'strong',
      distance_from_home_km: 'strong',
      channel: 'slight',
      birth_year: 'slight',
      hour: 'none',
      previous_declines: 'none',
      card_present: 'none',
    });
    expect(report.verdict).toBe('strong');
  });

  test('the gravest come first', () => {
    const gravity = report.columns.map(({ verdict }) => ['strong', 'slight', 'none'].indexOf(verdict));
    expect(gravity).toEqual([...gravity].sort());
  });

  test('is plain data', () => expect(JSON.parse(JSON.stringify(report))).toEqual(report));

  test('adjusting for many columns never makes a p-value smaller', () => {
    for (const { pValue, adjustedPValue } of report.columns)
      expect(adjustedPValue).toBeGreaterThanOrEqual(pValue!);
  });
});

test('the same month drawn again does not drift, nor do its scores', () => {
  const report = compareColumns(month(false, 3), month(false, 8));
  expect(report.verdict).toBe('none');
  expect(compareColumn(monthScores(false, 5), monthScores(false, 9)).verdict).toBe('none');
});

test('a thousand columns of noise over few rows stay silent', () => {
  const pair = (seed: number) => [0, 1].map((part) => numbers(draws(40, 2 * seed + part), `c${seed}`));
  const columns = Array.from({ length: 1000 }, (_, seed) => pair(seed + 1));
  const report = compareColumns(
    columns.map(([reference]) => reference!),
    columns.map(([, fresh]) => fresh!),
  );
  expect(report.columns.filter(({ verdict }) => verdict !== 'none').length).toBeLessThanOrEqual(1);
});

describe('numbers', () => {
  test('a shift of half a standard deviation has the stability index of its formula, δ²', () => {
    const { populationStability } = compareColumn(numbers(draws(50_000, 1)), numbers(draws(50_000, 2, 0.5)));
    expect(populationStability).toBeCloseTo(0.25, 1);
  });

  test('another unit is strong drift, and nothing else drifts (fault 54)', () => {
    const [before, after] = [draws(400, 21, 5), draws(400, 22, 5)];
    const columns = (fare: readonly number[], own: readonly number[]) => [
      numbers(fare, 'fare'),
      numbers(own, 'age'),
    ];
    const thousandfold = after.map((each) => 1000 * each);
    const report = compareColumns(columns(before, draws(400, 23)), columns(thousandfold, draws(400, 24)));
    expect(by(report)).toEqual({ fare: 'strong', age: 'none' });
  });

  test('a constant that changes is seen by every measure', () => {
    const column = compareColumn(numbers(new Array(200).fill(5)), numbers(new Array(200).fill(3)));
    expect(column.distance).toBe(1);
    expect(column.populationStability).toBeGreaterThan(1);
    expect(column.verdict).toBe('strong');
  });

  test('gaps alone are drift', () => {
    const even = uniform(5);
    const full = draws(2000, 6);
    const holes = draws(2000, 7).map((value) => (even() < 0.3 ? Number.NaN : value));
    const column = compareColumn(numbers(full), numbers(holes));
    expect(column.distance).toBeLessThan(0.08);
    expect(column.verdict).toBe('strong');
  });

  test('with gaps there are two tests, so the stronger p-value is doubled', () => {
    const [reference, fresh] = [draws(300, 12), draws(300, 13, 0.3)];
    const alone = compareColumn(numbers(reference), numbers(fresh)).pValue!;
    const gap = new Array<number>(10).fill(Number.NaN);
    const withGaps = compareColumn(numbers([...reference, ...gap]), numbers([...fresh, ...gap]));
    expect(withGaps.pValue).toBeCloseTo(2 * alone, 12);
  });

  test('a column without any value left is drift, without a distance', () => {
    const column = compareColumn(numbers(draws(100, 8)), numbers(new Array(100).fill(Number.NaN)));
    expect(column.distance).toBeUndefined();
    expect(column.verdict).toBe('strong');
  });
});

describe('levels', () => {
  test('distance is the share of rows that changed level', () => {
    expect(compareColumn(levels({ a: 60, b: 40 }), levels({ a: 45, b: 55 })).distance).toBeCloseTo(0.15, 12);
  });

  test('unseen levels are named, the most frequent first, whatever they are called', () => {
    const fresh = levels(JSON.parse('{"a": 80, "toString": 5, "__proto__": 15}'));
    const { unseen, verdict } = compareColumn(levels({ a: 100 }), fresh);
    expect(unseen).toEqual({ levels: ['__proto__', 'toString'], share: 0.2 });
    expect(verdict).toBe('strong');
  });

  test('levels so many that each is rare do not drift by chance, and drift where their share grows', () => {
    const even = uniform(11);
    const names = (rows: number, common: number) => {
      const drawn: Record<string, number> = { common };
      for (let row = 0; row < rows; row++) {
        const level = `k${Math.floor(even() * 300)}`;
        drawn[level] = (drawn[level] ?? 0) + 1;
      }
      return levels(drawn);
    };
    const column = compareColumn(names(600, 400), names(600, 400));
    expect(column.unseen!.levels.length).toBeGreaterThan(20);
    expect(column.populationStability).toBeLessThan(0.05);
    expect(column.verdict).toBe('none');
    expect(compareColumn(names(600, 400), names(900, 100)).verdict).toBe('strong');
  });
});

describe('columns that do not match', () => {
  test('one that is gone or of another kind is strong drift, one that is new is only named', () => {
    const reference = [numbers([1, 2, 3], 'gone'), numbers([1, 2, 3], 'x')];
    const report = compareColumns(reference, [levels({ a: 3 }), numbers([1], 'new')]);
    expect(report.columns.map(({ name, problem }) => [name, problem])).toEqual([
      ['gone', 'absent'],
      ['x', 'kind'],
    ]);
    expect(report.extraColumns).toEqual(['new']);
    expect(report.verdict).toBe('strong');
  });

  test('no rows are refused', () => {
    expect(() => compareColumn(numbers([1]), numbers([]))).toThrow(SemivaeError);
  });
});
