import { integers } from '@semivae/runtime/core';
import { expect, test } from 'vitest';
import { assignment, clustering } from './clusters.ts';

const permutations = (of: readonly number[]): number[][] =>
  of.length === 0
    ? [[]]
    : of.flatMap((first) =>
        permutations(of.filter((each) => each !== first)).map((rest) => [first, ...rest]),
      );

const costOf = (costs: readonly (readonly number[])[], columns: readonly number[]): number =>
  columns.reduce((total, column, row) => total + costs[row]![column]!, 0);

test.each([1, 2, 3, 5, 6])('an assignment of %i costs no more than any other', (size) => {
  for (let step = 0; step < 20; step++) {
    const drawn = Array.from(integers(size * size, 20, { seed: 1, stream: size, step }), (each) => each - 10);
    const costs = Array.from({ length: size }, (_, row) => drawn.slice(row * size, (row + 1) * size));
    const found = assignment(costs);
    expect([...found].sort()).toEqual(Array.from({ length: size }, (_, i) => i));
    const least = Math.min(...permutations(found).map((columns) => costOf(costs, columns)));
    expect(costOf(costs, found)).toBe(least);
  }
});

test('clusters are named so that most rows are right', () => {
  const labels = [0, 0, 0, 1, 1, 2, 2, 2];
  const clusters = [2, 2, 0, 0, 0, 1, 1, 2];
  expect(clustering(clusters, labels, 3)).toEqual({ accuracy: 75, classes: [1, 2, 0] });
});

test('the names of clusters do not matter', () => {
  const labels = integers(200, 10, { seed: 2, stream: 0, step: 0 });
  const clusters = Array.from(labels, (each) => (each * 3 + 4) % 10);
  expect(clustering(clusters, labels, 10).accuracy).toBe(100);
});
