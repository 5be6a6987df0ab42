import type { TrainingSet } from '@semivae/data';
import { m2 } from '@semivae/model';
import { fillNormal } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { mostProbable } from '../classify.ts';
import { onnxRuntimeEngine } from '../engines/onnxruntime.ts';
import { believed } from './beliefs.ts';
import { joined, normalised, times } from './joined.ts';
import { kMeans } from './k-means.ts';
import { layout } from './layout.ts';
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

/** The number that stands most often among these. */
function mostOften(numbers: Int32Array): number {
  const count = (of: number) => numbers.filter((each) => each === of).length;
  return numbers.reduce((best, each) => (count(each) > count(best) ? each : best));
}

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

  test('are all others where more are asked for', async () => {
    const { count, indices } = await nearestRows(engine, features(drawn(4, 5)), 9);
    expect(count).toBe(3);
    expect([...indices.subarray(0, 3)].sort()).toEqual([1, 2, 3]);
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

  test('are the fixed point of F ← αSF + (1 − α)Y: a labelled row keeps its own share', async () => {
    const [rows, share] = [24, 0.6];
    const graph = joined(await nearestRows(engine, features(drawn(rows, 6)), 4));
    const labels = Int32Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? row % 2 : -1));
    const found = propagated(graph, labels, 2, { share, rounds: 200 });
    // the same as the sum of α^k S^k Y, by what S does to each class
    const spread = normalised(graph);
    const classes = [0, 1].map((label) => {
      let part: Float32Array = Float32Array.from(labels, (each) => Number(each === label));
      const total = Float64Array.from(part);
      for (let k = 1; k < 200; k++) {
        const next = new Float32Array(rows);
        times(spread, part, 1, next);
        part = next.map((each) => share * each);
        for (let row = 0; row < rows; row++) total[row]! += part[row]!;
      }
      return total;
    });
    for (let row = 0; row < rows; row++) {
      const sum = classes[0]![row]! + classes[1]![row]!;
      for (const label of [0, 1])
        expect(found[row * 2 + label]).toBeCloseTo(sum > 0 ? classes[label]![row]! / sum : 0.5, 4);
    }
  });

  test('say nothing of rows that no label reaches', async () => {
    const graph = joined(await nearestRows(engine, features(clouds(20)), 4));
    const labels = new Int32Array(40).fill(-1);
    labels[0] = 0;
    expect([...propagated(graph, labels, 2).subarray(60, 62)]).toEqual([0.5, 0.5]);
  });
});

/** For two clouds of 40 rows: whether every row of one is apart from every row of the other. */
const isApart = (side: (row: number) => number): boolean =>
  new Set(Array.from({ length: 40 }, (_, row) => side(row))).size === 1 &&
  new Set(Array.from({ length: 40 }, (_, row) => side(40 + row))).size === 1 &&
  side(0) !== side(40);

describe('a layout', () => {
  test('keeps rows that are joined together, and others apart', async () => {
    const graph = joined(await nearestRows(engine, features(clouds(40)), 8));
    const places = layout(graph, { dimensions: 2, seed: 1 });
    const { clusters } = kMeans(places, 2, 2);
    expect(isApart((row) => clusters[row]!)).toBe(true);
    expect(layout(graph, { dimensions: 2, seed: 1 })).toEqual(places);
    expect(layout(graph, { dimensions: 2, seed: 2 })).not.toEqual(places);
  });
});

describe('clusters of least squares', () => {
  test('are the clouds, each row in that of the nearest mean', () => {
    const data = clouds(40);
    const { clusters, cost } = kMeans(data, WIDTH, 2);
    expect(isApart((row) => clusters[row]!)).toBe(true);
    const means = [0, 1].map((side) =>
      [0, 1, 2].map((k) => {
        const own = Array.from({ length: 40 }, (_, row) => data[(40 * side + row) * WIDTH + k]!);
        return own.reduce((sum, each) => sum + each, 0) / 40;
      }),
    );
    const total = data.reduce(
      (sum, each, i) => sum + (each - means[i < 40 * WIDTH ? 0 : 1]![i % WIDTH]!) ** 2,
      0,
    );
    expect(cost).toBeCloseTo(total, 3);
  });

  test('cost no more the more often they are tried', () => {
    const data = drawn(200, 9);
    const costs = [1, 5, 25].map((tries) => kMeans(data, WIDTH, 7, { tries }).cost);
    expect(costs[1]).toBeLessThanOrEqual(costs[0]!);
    expect(costs[2]).toBeLessThanOrEqual(costs[1]!);
  });

  test('are the most even of all tries that cost little, not the first', () => {
    const data = drawn(200, 9);
    const unevenness = (tries: number) => {
      const sizes = new Float64Array(7);
      for (const cluster of kMeans(data, WIDTH, 7, { tries, slack: 10 }).clusters) sizes[cluster]!++;
      return sizes.reduce((sum, size) => sum + (size > 0 ? size * Math.log(size) : 0), 0);
    };
    const found = [1, 2, 5, 10, 25].map(unevenness);
    for (let i = 1; i < found.length; i++) expect(found[i]).toBeLessThanOrEqual(found[i - 1]!);
    expect(found.at(-1)).toBeLessThan(found[0]!);
  });

  test('are even where that costs little: two near clouds are not one, nor a wide one two', () => {
    // a wide cloud, in which a cut saves the most, and two near ones
    const data = drawn(300, 5).map((each, i) => {
      const [cloud, k] = [Math.floor(i / (100 * WIDTH)), i % WIDTH];
      return k === 0 ? each * (cloud === 0 ? 4 : 1) + [0, 40, 43.5][cloud]! : each;
    });
    const isTold = (clusters: Int32Array) =>
      new Set([0, 1, 2].map((cloud) => mostOften(clusters.subarray(100 * cloud, 100 * (cloud + 1))))).size ===
      3;
    expect(isTold(kMeans(data, WIDTH, 3).clusters)).toBe(false);
    const even = kMeans(data, WIDTH, 3, { slack: 1 });
    expect(isTold(even.clusters)).toBe(true);
    expect(even.cost).toBeGreaterThan(kMeans(data, WIDTH, 3).cost);
  });
});

describe('what is believed of rows', () => {
  const data = clouds(40);
  const set: TrainingSet = {
    name: 'clouds',
    columns: { kind: 'image', width: WIDTH, height: 1, channels: 1 },
    classes: ['a', 'b'],
    rows: 80,
    width: WIDTH,
    type: 'float32',
    labels: Int32Array.from({ length: 80 }, (_, row) => Number(row < 40)),
    copy: (rows, out) =>
      rows.forEach((row, i) => out.set(data.subarray(row * WIDTH, (row + 1) * WIDTH), i * WIDTH)),
  };
  const mostLikely = async (labelled: number[]): Promise<Int32Array> => {
    const options = { neighbours: 8, labelled: Int32Array.from(labelled), seed: 1 };
    return mostProbable(await believed(engine, set, options), 2);
  };

  test('is the label of those near, where there are labels', async () => {
    expect([...(await mostLikely([3, 70]))]).toEqual([...(set.labels as Int32Array)]);
  });

  test('are clusters, where there are none', async () => {
    const clusters = await mostLikely([]);
    expect(isApart((row) => clusters[row]!)).toBe(true);
  });

  test('needs a latent of x alone, where that of a model is to tell who is near', async () => {
    const model = m2({ x: WIDTH, classes: 2, latent: 2, hidden: [4] });
    const from = { model, parameters: {} };
    const asked = believed(engine, set, { neighbours: 3, labelled: new Int32Array(), seed: 1, from });
    await expect(asked).rejects.toMatchObject({ code: 'START_LATENT' });
  });
});
