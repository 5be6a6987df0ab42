import { fillNormal } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { onnxRuntimeEngine } from '../engines/onnxruntime.ts';
import { joined, normalised, times } from './joined.ts';
import { nearestRows } from './nearest.ts';
import { propagated } from './propagation.ts';

const engine = onnxRuntimeEngine({ threads: 1 });
const WIDTH = 3;

const drawn = (rows: number, stream: number): Float32Array => {
  const data = new Float32Array(rows * WIDTH);
  fillNormal(data, { seed: 7, stream, step: 0 });
  return data;
};
const features = (data: Float32Array) => ({ shape: [data.length / WIDTH, WIDTH], data });

const squaredDistance = (data: Float32Array, a: number, b: number): number =>
  [0, 1, 2].reduce((sum, k) => sum + (data[a * WIDTH + k]! - data[b * WIDTH + k]!) ** 2, 0);

/** Two clouds of rows, far from each other. */
function clouds(rows: number): Float32Array {
  const data = drawn(2 * rows, 3);
  return data.map((each, i) => (i >= rows * WIDTH && i % WIDTH === 0 ? each + 20 : each));
}

describe('the nearest rows', () => {
  test('are those that a look at all others finds, in order', async () => {
    const [rows, count] = [700, 4];
    const data = drawn(rows, 1);
    const { indices, squaredDistances } = await nearestRows(engine, features(data), count);
    for (const row of [0, 1, 499, 500, 699]) {
      const others = Array.from({ length: rows }, (_, other) => other).filter((other) => other !== row);
      others.sort((a, b) => squaredDistance(data, row, a) - squaredDistance(data, row, b));
      expect([...indices.subarray(row * count, (row + 1) * count)]).toEqual(others.slice(0, count));
      expect(squaredDistances[row * count]).toBeCloseTo(squaredDistance(data, row, others[0]!), 4);
    }
  });

  test('are never the row itself, however many are equal to it', async () => {
    const { indices } = await nearestRows(engine, features(new Float32Array(8 * WIDTH).fill(1)), 3);
    indices.forEach((other, at) => expect(other).not.toBe(Math.floor(at / 3)));
  });
});

describe('the graph that joins near rows', () => {
  test('is symmetric, and no vector grows under it', async () => {
    const graph = normalised(joined(await nearestRows(engine, features(drawn(60, 2)), 5)));
    const columnOf = (row: number): Float32Array => {
      const out = new Float32Array(60);
      times(
        graph,
        Float32Array.from({ length: 60 }, (_, i) => Number(i === row)),
        1,
        out,
      );
      return out;
    };
    const matrix = Array.from({ length: 60 }, (_, row) => columnOf(row));
    matrix.forEach((column, j) => column.forEach((each, i) => expect(each).toBeCloseTo(matrix[i]![j]!, 6)));
    let vector = drawn(20, 4);
    let next: Float32Array = new Float32Array(60);
    const length = (of: Float32Array) => Math.hypot(...of);
    for (let round = 0; round < 50; round++) {
      times(graph, vector, 1, next);
      expect(length(next)).toBeLessThanOrEqual(length(vector) * (1 + 1e-5));
      [vector, next] = [next, vector];
    }
  });
});

describe('labels spread over neighbours', () => {
  test('one label names a whole cloud, and shares sum to 1', async () => {
    const rows = 50;
    const graph = joined(await nearestRows(engine, features(clouds(rows)), 6));
    const labels = new Int32Array(2 * rows).fill(-1);
    [labels[0], labels[rows]] = [1, 0];
    const beliefs = propagated(graph, labels, 3);
    for (let row = 0; row < 2 * rows; row++) {
      const own = beliefs.subarray(row * 3, row * 3 + 3);
      expect(own[0]! + own[1]! + own[2]!).toBeCloseTo(1, 5);
      expect(own[row < rows ? 1 : 0]).toBeGreaterThan(0.99);
    }
  });

  test('say nothing of rows that no label reaches', async () => {
    const graph = joined(await nearestRows(engine, features(clouds(20)), 4));
    const labels = new Int32Array(40).fill(-1);
    labels[0] = 0;
    expect([...propagated(graph, labels, 2).subarray(60, 62)]).toEqual([0.5, 0.5]);
  });
});
