import { describe, expect, test } from 'vitest';
import type { Images } from './dataset.ts';
import { digits } from './digits.ts';
import { sha256 } from './download.ts';

const drawn = digits();
const rowBytes = (images: Images, row: number) => images.bytes.subarray(row * 784, (row + 1) * 784);

test('6000 and 2000 rows, 28×28, the ten classes balanced', () => {
  const { train, test: held } = drawn;
  expect([train.rows, train.bytes.length, held.rows, held.bytes.length]).toEqual([
    6000, 4704000, 2000, 1568000,
  ]);
  const counts = new Array(10).fill(0);
  for (const label of train.labels) counts[label]++;
  expect(counts).toEqual(new Array(10).fill(600));
});

test('the same seed draws the same bytes on every host', () => {
  const { train, test: held } = digits({ train: 200, test: 100, seed: 3 });
  expect(sha256(train.bytes)).toBe('c93a54c1dc11d5f56090c1101cab0457cb9fba83cade9dae1e9bbb5d78b81f92');
  expect(sha256(held.bytes)).toBe('56c7a908507b60e2ece0136691f0a75dab7eb1cb230994efeb630dc65c467658');
});

test('a row does not depend on how many are drawn', () => {
  expect(rowBytes(digits({ train: 8, test: 0 }).train, 7)).toEqual(rowBytes(drawn.train, 7));
});

test('another seed, and the test set, draw other digits', () => {
  expect(rowBytes(digits({ seed: 2, train: 1, test: 0 }).train, 0)).not.toEqual(rowBytes(drawn.train, 0));
  expect(rowBytes(drawn.test, 0)).not.toEqual(rowBytes(drawn.train, 0));
});

test('every digit is a good deal of ink on a clean page, hardly any of it at the rim', () => {
  let rim = 0;
  for (let row = 0; row < drawn.train.rows; row++) {
    const bytes = rowBytes(drawn.train, row);
    const ink = bytes.reduce((sum, byte) => sum + byte, 0) / 255;
    expect(ink).toBeGreaterThan(20);
    expect(ink).toBeLessThan(300);
    if (bytes.some((byte, i) => byte > 0 && (i < 28 || i >= 756 || i % 28 === 0 || i % 28 === 27))) rim++;
  }
  expect(rim / drawn.train.rows).toBeLessThan(0.05);
});

describe('nearest neighbour', () => {
  const error = (known: number) => nearestNeighbourError(drawn.train, known, drawn.test, 300);

  test('leaves a clear gap with ten labels a class', () => {
    expect(error(100)).toBeGreaterThan(0.12);
    expect(error(100)).toBeLessThan(0.35);
  });

  test('is nearly right with 300 a class', () => {
    expect(error(3000)).toBeLessThan(0.05);
  });
});

function nearestNeighbourError(train: Images, known: number, held: Images, asked: number): number {
  let wrong = 0;
  for (let row = 0; row < asked; row++) {
    const nearest = nearestRow(rowBytes(held, row), train, known);
    if (train.labels[nearest] !== held.labels[row]) wrong++;
  }
  return wrong / asked;
}

function nearestRow(image: Uint8Array, { bytes }: Images, known: number): number {
  let [best, nearest] = [Number.POSITIVE_INFINITY, -1];
  for (let row = 0; row < known; row++) {
    let distance = 0;
    for (let i = 0; i < 784 && distance < best; i++) distance += (image[i]! - bytes[row * 784 + i]!) ** 2;
    if (distance < best) [best, nearest] = [distance, row];
  }
  return nearest;
}
