import { describe, expect, test } from 'vitest';
import { chooseLabelled, validationSplit } from './split.ts';

const labels = Uint8Array.from({ length: 1000 }, (_, row) => (row * 7 + Math.floor(row / 13)) % 10);

function counts(rows: Int32Array, of = labels, classes = 10): number[] {
  const count = new Array(classes).fill(0);
  for (const row of rows) count[of[row]!]++;
  return count;
}

describe('labelled rows', () => {
  test.each([10, 50, 100, 103, 999, 1000])(
    '%i of 1000: that many different rows, ascending, in range',
    (count) => {
      const rows = chooseLabelled(labels, 10, count, 1);
      expect(rows.length).toBe(count);
      expect(rows.every((row, i) => row >= 0 && row < 1000 && (i === 0 || row > rows[i - 1]!))).toBe(true);
    },
  );

  test('are even over the classes, to within one', () => {
    expect(counts(chooseLabelled(labels, 10, 100, 5))).toEqual(new Array(10).fill(10));
    const uneven = counts(chooseLabelled(labels, 10, 103, 5)).sort();
    expect(uneven).toEqual([10, 10, 10, 10, 10, 10, 10, 11, 11, 11]);
  });

  test('are as even as a rare class allows', () => {
    const rare = Uint8Array.from({ length: 100 }, (_, row) => (row < 3 ? 0 : 1 + (row % 2)));
    expect(counts(chooseLabelled(rare, 3, 31, 1), rare, 3)).toEqual([3, 14, 14]);
  });

  test('depend on the seed and on nothing else', () => {
    expect(chooseLabelled(labels, 10, 100, 1)).toEqual(chooseLabelled(labels, 10, 100, 1));
    expect(chooseLabelled(labels, 10, 100, 1)).not.toEqual(chooseLabelled(labels, 10, 100, 2));
  });

  test('fewer are a subset of more', () => {
    const more = new Set(chooseLabelled(labels, 10, 300, 1));
    expect(chooseLabelled(labels, 10, 50, 1).every((row) => more.has(row))).toBe(true);
  });

  test('over many seeds every row of a class comes equally often', () => {
    const times = new Float64Array(1000);
    for (let seed = 0; seed < 500; seed++)
      for (const row of chooseLabelled(labels, 10, 100, seed)) times[row]!++;
    // each is binomial(500, 0.1): mean 50, deviation 6.7
    expect(Math.min(...times)).toBeGreaterThan(20);
    expect(Math.max(...times)).toBeLessThan(80);
  });

  test('come from `among` alone', () => {
    const among = validationSplit(1000, 200, 1).train;
    expect(chooseLabelled(labels, 10, 100, 1, among).every((row) => among.includes(row))).toBe(true);
  });

  test.each<[string, () => unknown]>([
    ['LABELS_TOO_MANY', () => chooseLabelled(labels, 10, 1001, 1)],
    [
      'LABELS_TOO_MANY',
      () =>
        chooseLabelled(
          labels,
          10,
          51,
          1,
          Int32Array.from({ length: 50 }, (_, i) => i),
        ),
    ],
    ['LABELS_ONE_CLASS', () => chooseLabelled(new Uint8Array(10), 1, 5, 1)],
    ['LABELS_TOO_FEW', () => chooseLabelled(labels, 10, 9, 1)],
    ['LABELS_TOO_FEW', () => chooseLabelled(labels, 10, Number.NaN, 1)],
    ['LABELS_NO_ROW', () => chooseLabelled(labels, 11, 100, 1)],
    ['VALIDATION_SIZE', () => validationSplit(10, 10, 1)],
    ['VALIDATION_SIZE', () => validationSplit(10, -1, 1)],
  ])('%s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

test('a validation split has every row once', () => {
  const { train, validation } = validationSplit(100, 30, 4);
  expect(validation.length).toBe(30);
  expect([...train, ...validation].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, row) => row),
  );
  expect(validationSplit(100, 30, 5).validation).not.toEqual(validation);
});
