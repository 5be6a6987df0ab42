import { input, interpret, type Tensor, type Value } from '@semivae/graph';
import {
  elbo,
  encodeTable,
  type Gaussian,
  layoutOf,
  m1,
  query,
  rawTable,
  type TableColumns,
  type TableDistribution,
  tableLikelihood,
} from '@semivae/model';
import { expect, test } from 'vitest';
import { tableHeads } from '../packages/export/src/table-heads.ts';
import { drawnLeaves } from './numbers.ts';

const table: TableColumns = {
  kind: 'table',
  columns: [3, -1, 0.5].map((centre, i) => ({
    name: `c${i}`,
    kind: 'numeric',
    transform: { kind: 'none' },
    centre,
    scale: 2 + i,
    likelihood: 'gaussian',
  })),
};
const layout = layoutOf(table);
const model = m1({
  x: layout.size,
  latent: 2,
  hidden: [5],
  likelihood: tableLikelihood(layout),
  activation: 'tanh',
});

/** Two known cells, and a hole in the middle. */
const numbers: Tensor = { shape: [1, 3], data: Float64Array.of(9, Number.NaN, -4) };

test('a hole is filled by the mean of what its row’s draws decode to, weighted by their importance', () => {
  const { imputer } = tableHeads(model, table, elbo());
  const leaves = drawnLeaves(imputer!);
  const computed = (value: Value, feeds = {}) => interpret([value], { ...leaves, ...feeds })[0]!.data;
  const found = computed(imputer!.outputs['cells/numbers']!, { numbers });

  const x = encodeTable(table, rawTable(table, 1));
  const q = query(model.q, model.z, { x }) as Gaussian;
  const [mean, logVariance] = [computed(q.mean, { numbers }), computed(q.logVariance, { numbers })];
  const [noise] = imputer!.noises;
  const draws = (noise!.shape as number[]).reduce((product, each) => product * each, 1) / 2;
  const epsilon = leaves[noise!.leaf.name]!.data;
  const z = Float64Array.from(epsilon, (each, i) => mean[i % 2]! + Math.exp(logVariance[i % 2]! / 2) * each);
  const p = query(model.p, model.x, { z: input('z', [draws, 2]) }) as TableDistribution;
  const given = { numbers, z: { shape: [draws, 2], data: z } };
  const [likelihood, decoded] = [computed(p.logDensity(x), given), computed(p.mean, given)];
  const logWeights = Array.from(likelihood, (each, draw) =>
    [0, 1].reduce((sum, i) => {
      const [at, eps] = [z[2 * draw + i]!, epsilon[2 * draw + i]!];
      // log N(z; 0, 1) − log N(z; μ, σ²)
      return sum - at ** 2 / 2 + eps ** 2 / 2 + logVariance[i]! / 2;
    }, each),
  );
  const top = Math.max(...logWeights);
  const weights = logWeights.map((each) => Math.exp(each - top));
  const total = weights.reduce((sum, each) => sum + each, 0);
  const filling = weights.reduce((sum, each, draw) => sum + (each / total) * decoded[3 * draw + 1]!, 0);
  const plain = weights.reduce((sum, _, draw) => sum + decoded[3 * draw + 1]! / draws, 0);

  expect(found[0]).toBe(9);
  expect(found[1]).toBeCloseTo(filling * 3 - 1, 6);
  expect(found[2]).toBe(-4);
  expect(Math.abs(filling - plain)).toBeGreaterThan(0.05);
});
