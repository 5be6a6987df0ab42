import { describe, expect, test } from 'vitest';
import { batchRows, copyRows, labelledOrder, type RowOrder, unlabelledOrder } from './batches.ts';

function batch(order: RowOrder, step: number, size: number): number[] {
  const out = new Int32Array(size);
  batchRows(order, step, out);
  return [...out];
}

const run = (order: RowOrder, steps: number, size: number) =>
  Array.from({ length: steps }, (_, step) => batch(order, step, size)).flat();

const known = Int32Array.from([3, 14, 15, 92, 65]);

describe.each([
  ['unlabelled, 100 rows by 32', () => unlabelledOrder(100, 7), 32, Array.from({ length: 100 }, (_, i) => i)],
  ['labelled, 5 rows by 32', () => labelledOrder(known, 7), 32, [...known]],
  ['labelled, 5 rows by 5', () => labelledOrder(known, 7), 5, [...known]],
  ['a single row', () => labelledOrder(Int32Array.of(4), 7), 3, [4]],
] as const)('%s', (_, order, size, rows) => {
  const sorted = [...rows].sort((a, b) => a - b);

  test('every epoch has every row once', () => {
    const seen = run(order(), 40, size);
    for (let at = 0; at + rows.length <= seen.length; at += rows.length) {
      expect(seen.slice(at, at + rows.length).sort((a, b) => a - b)).toEqual(sorted);
    }
  });

  test('resumed at any step, or asked backwards, gives the same batches', () => {
    const whole = run(order(), 20, size);
    const backwards = order();
    for (let step = 19; step >= 0; step--) {
      const expected = whole.slice(step * size, (step + 1) * size);
      expect(batch(order(), step, size)).toEqual(expected);
      expect(batch(backwards, step, size)).toEqual(expected);
    }
  });
});

test('epochs, seeds and uses each have an order of their own', () => {
  const all = Int32Array.from({ length: 50 }, (_, row) => row);
  const orders = [
    batch(unlabelledOrder(50, 1), 0, 50),
    batch(unlabelledOrder(50, 1), 1, 50),
    batch(unlabelledOrder(50, 2), 0, 50),
    batch(labelledOrder(all, 1), 0, 50),
  ];
  expect(new Set(orders.map(String)).size).toBe(4);
});

test('a late step is reached at once and does not overflow', () => {
  const order = unlabelledOrder(60000, 1);
  expect(new Set(batch(order, 6e8, 1000)).size).toBe(1000);
});

test('orders are uniform: each row comes first equally often', () => {
  const first = new Float64Array(10);
  const order = unlabelledOrder(10, 3);
  for (let epoch = 0; epoch < 5000; epoch++) first[batch(order, epoch, 10)[0]!]!++;
  // chi-squared of 9 degrees exceeds 27.9 once in a thousand
  expect(first.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(27.9);
});

test('no row to choose from is an error', () => {
  expect(() => unlabelledOrder(0, 1)).toThrow(expect.objectContaining({ code: 'NO_ROWS' }));
});

test('copied rows stand side by side', () => {
  const source = Uint8Array.from([0, 1, 10, 11, 20, 21, 30, 31]);
  const out = new Uint8Array(5).fill(9);
  copyRows(source, 2, Int32Array.of(0, 3, 1), 1, 2, out);
  expect([...out]).toEqual([30, 31, 10, 11, 9]);
});
