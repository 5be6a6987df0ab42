import { encode, graph, input, type Tensors } from '@semivae/graph';
import { layoutOf, type TableColumns } from '@semivae/model';
import { openSession } from '@semivae/runtime';
import { openSession as openOnWeb } from '@semivae/runtime/web';
import { describe, expect, test } from 'vitest';
import { NEAREST_WEIGHTS, neighbourStrangeness, referenceOf } from './detector.ts';
import { placedTensors } from './held.ts';

const none = { kind: 'none' } as const;
const table: TableColumns = {
  kind: 'table',
  columns: [
    { name: 'a', kind: 'numeric', transform: none, centre: 0, scale: 1, likelihood: 'gaussian' },
    { name: 'b', kind: 'numeric', transform: none, centre: 0, scale: 1, likelihood: 'gaussian' },
  ],
};
const layout = layoutOf(table);
const LATENT = 2;

/** Coordinates [cells, latent, residuals] of rows that have five twins each, wherever the last are rounded to. */
const place = (a: number, b: number, rounding = 0): number[] => [
  ...[a, b],
  ...[a - b + rounding / 300, 3 * b - rounding / 300],
  ...[a * b + rounding, 2 - a - rounding],
];
const twins = NEAREST_WEIGHTS.map((_, i) => (i - 2) * 1e-4);
const reference = [...twins.map((each) => place(1, 2, each)), ...twins.map((each) => place(-3, 0.5, each))];

const matrix = (rows: readonly number[][]) => ({
  shape: [rows.length, rows[0]!.length],
  data: Float32Array.from(rows.flat()),
});

async function answered(rows: readonly number[][], open: typeof openSession) {
  const leaves = referenceOf('reference', reference.length, reference[0]!.length);
  const x = input('place', ['batch', reference[0]!.length]);
  const strange = neighbourStrangeness(layout, x, leaves, LATENT);
  const frozen: Tensors = placedTensors('reference', matrix(reference));
  const session = await open(encode(graph('strange', { ...strange }), { frozen }), { threads: 1 });
  const { shape, data } = matrix(rows);
  const found = await session.run({ place: { type: 'float32', dims: shape, data } });
  await session.release();
  return [
    Array.from(found.score!.data as Float32Array),
    Array.from(found.contributions!.data as Float32Array),
  ];
}

describe.each([
  ['Node', openSession],
  ['a browser', openOnWeb],
])('in %s', (_, open) => {
  test('a row whose cells equal those of five others is at distance 0, exactly, whatever latent and residuals round to (fault 94)', async () => {
    const rows = [3e-4, 1e-7, 0, -2e-4].flatMap((each) => [place(1, 2, each), place(-3, 0.5, each)]);
    const [score, contributions] = await answered(rows, open);
    expect(score).toEqual(rows.map(() => 0));
    expect(contributions).toEqual(rows.flatMap(() => [0, 0]));
  });

  test('a row that differs in a cell is not, however little, and its columns add up to its score', async () => {
    const [score, contributions] = await answered([place(1.001, 2), place(1, 2.1), place(-3, 9)], open);
    expect(score!.every((each) => each > 0)).toBe(true);
    score!.forEach((each, row) =>
      expect(contributions![2 * row]! + contributions![2 * row + 1]!).toBeCloseTo(each, 4),
    );
  });
});
