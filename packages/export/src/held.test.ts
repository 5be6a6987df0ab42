import type { Tensors } from '@semivae/graph';
import { layoutOf, m1, type TableColumns, tableLikelihood } from '@semivae/model';
import { fillNormal } from '@semivae/runtime/core';
import { onnxRuntimeEngine } from '@semivae/train';
import { expect, test } from 'vitest';
import { NEAREST_WEIGHTS, rowsName, UNIT } from './detector.ts';
import { keepRows, REFERENCE } from './held.ts';
import { coordinatesGraph } from './table-heads.ts';

const numeric = (name: string) =>
  ({
    name,
    kind: 'numeric',
    transform: { kind: 'none' },
    centre: 0,
    scale: 1,
    likelihood: 'gaussian',
  }) as const;
const columns: TableColumns = { kind: 'table', columns: ['a', 'b', 'c'].map(numeric) };
const layout = layoutOf(columns);
const model = m1({ x: layout.size, latent: 2, hidden: [4], likelihood: tableLikelihood(layout) });

const drawn = (shape: readonly number[], stream: number) => {
  const data = new Float32Array(shape.reduce((size, each) => size * each, 1));
  fillNormal(data, { seed: 3, stream, step: 0 });
  return { shape, data };
};
const state: Tensors = Object.fromEntries(
  coordinatesGraph(model, columns).parameters.map(({ leaf, shape }, i) => [
    leaf.name,
    drawn(shape as readonly number[], i),
  ]),
);

/** Encoded rows of which no cell is missing. */
function rows(count: number, stream: number): Tensors[string] {
  const { shape, data } = drawn([count, layout.size], stream);
  const present = data.map((each, i) => (i % layout.size < layout.features.length ? each : 0));
  return { shape, data: present };
}

/** Σ wᵢ dᵢ over the nearest of the other rows. */
function scoreAmongOthers({ shape, data }: Tensors[string], row: number): number {
  const [count, size] = shape as readonly [number, number];
  const apart = (other: number) =>
    Math.hypot(...Array.from({ length: size }, (_, k) => data[row * size + k]! - data[other * size + k]!));
  const distances = Array.from({ length: count }, (_, other) => other)
    .filter((other) => other !== row)
    .map(apart)
    .sort((a, b) => a - b);
  return NEAREST_WEIGHTS.reduce((sum, weight, i) => sum + weight * distances[i]!, 0);
}

test('the unit of known anomalies is the mean score of kept rows among the others, none of them counting itself', async () => {
  const trained = { engine: onnxRuntimeEngine({ threads: 1 }), model, columns, state };
  const { tensors } = await keepRows(trained, { reference: rows(30, 101), anomalies: rows(2, 102) });
  const places = tensors[rowsName(REFERENCE)]!;
  const scores = Array.from({ length: 30 }, (_, row) => scoreAmongOthers(places, row));
  const mean = scores.reduce((sum, each) => sum + each, 0) / 30;
  expect(tensors[UNIT]!.data[0]! / mean).toBeCloseTo(1, 4);
});
