import { encode, type Graph, graph, input, interpret, textsOf as textsIn } from '@semivae/graph';
import { decodeTable, encodeTable, rawTable, type TableDistribution, tableLikelihood } from '@semivae/model';
import { openSession, type Tensors } from '@semivae/runtime/node';
import { describe, expect, test } from 'vitest';
import {
  type Cells,
  encodedByHand,
  layout,
  manyRows,
  numbers,
  numbersOf,
  table,
  texts,
  textsOf,
} from '../packages/model/test/table.ts';
import { normals } from './numbers.ts';

async function run(of: Graph, feeds: Tensors): Promise<Tensors> {
  const session = await openSession(encode(of), { place: of.name, threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

const float32 = (dims: readonly number[], data: ArrayLike<number>) => ({
  type: 'float32' as const,
  dims,
  data: Float32Array.from(data),
});

const rawFeeds = (rows: readonly Cells[]): Tensors => ({
  numbers: { type: 'float64', dims: [rows.length, numbers.length], data: numbersOf(rows) },
  texts: { type: 'string', dims: [rows.length, texts.length], data: textsOf(rows) },
});

const rows = manyRows(84);
const encoding = graph('encoding', { x: encodeTable(table, rawTable(table, 'batch')) });

/** Equal numbers and equal texts; numbers to single precision, infinite ones not at all. */
function expectEqual(found: ArrayLike<number>, expected: ArrayLike<number>, place: string): void {
  expect(found.length, place).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs(found[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    expect(gap, `${place}, ${i}: ${found[i]}, not ${expected[i]}`).toBeLessThan(2e-5);
  }
}

describe('in ONNX Runtime', () => {
  test.each([1, 2, 7])('rows are encoded as the definitions say, %i at once', async (size) => {
    const session = await openSession(encode(encoding), { place: 'encoding', threads: 1 });
    for (let start = 0; start < rows.length; start += size) {
      const batch = rows.slice(start, start + size);
      const { x } = await session.run(rawFeeds(batch));
      expectEqual(x!.data as Float32Array, batch.flatMap(encodedByHand), `rows from ${start}`);
    }
    await session.release();
  });

  test('features are decoded as the reference says', async () => {
    const size = layout.features.length;
    const fed = normals([rows.length, size], 'features', (number) => 12 * number);
    const decoded = decodeTable(table, input('features', ['batch', size]));
    const found = await run(graph('decoding', { ...decoded }), { features: float32(fed.shape, fed.data) });
    const raw = decodeTable(table, input('features', [rows.length, size]));
    const [cells, words] = interpret([raw.numbers!, raw.texts!], { features: fed });
    expect(found.texts!.data).toEqual(textsIn(words!));
    expectEqual(found.numbers!.data as Float64Array, cells!.data, 'numbers');
  });

  const family = tableLikelihood(layout);
  const sizes = family.parameters(layout.size);
  const named = (rows: number | 'batch') =>
    Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, input(name, [rows, size])]));
  const x = Float32Array.from(rows.flatMap(encodedByHand));

  /** What the likelihood answers to all rows, under parameters of this size. */
  function likelihood(spread: number) {
    const drawn = Object.entries(sizes).map(
      ([name, size]) => [name, normals([1, size], name, (number) => spread * number)] as const,
    );
    const values = (rows: number | 'batch') => {
      const at = family.at(named(1), layout.size) as TableDistribution;
      const leaf = input('x', [rows, layout.size]);
      return { cells: at.cells(leaf), residual: at.residual(leaf), logDensity: at.logDensity(leaf) };
    };
    return { drawn: Object.fromEntries(drawn), values };
  }

  test('densities and residuals are those of the reference', async () => {
    const ordinary = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [name, Math.abs(cell as number) > 1e13 ? 1 : cell]),
      ),
    );
    const fed = Float32Array.from(ordinary.flatMap(encodedByHand));
    const { drawn, values } = likelihood(1);
    const found = await run(graph('likelihood', values('batch')), {
      x: float32([rows.length, layout.size], fed),
      ...Object.fromEntries(
        Object.entries(drawn).map(([name, each]) => [name, float32(each.shape, each.data)]),
      ),
    });
    const expected = values(rows.length);
    const feeds = { ...drawn, x: { shape: [rows.length, layout.size], data: Float64Array.from(fed) } };
    const cells = interpret([expected.cells], feeds)[0]!;
    expectEqual(found.cells!.data as Float32Array, cells.data, 'cells');
  });

  test.each([1, 30, 1000])(
    'densities and residuals are finite, whatever is in a row (%d)',
    async (spread) => {
      const { drawn, values } = likelihood(spread);
      const found = await run(graph('likelihood', values('batch')), {
        x: float32([rows.length, layout.size], x),
        ...Object.fromEntries(
          Object.entries(drawn).map(([name, each]) => [name, float32(each.shape, each.data)]),
        ),
      });
      for (const [name, { data }] of Object.entries(found)) {
        const all = Array.from(data as Float32Array);
        const bad = all.findIndex((each) => !Number.isFinite(each));
        expect(
          bad,
          `${name}: ${all[bad]}, row ${JSON.stringify(rows[Math.floor((bad * rows.length) / all.length)])}`,
        ).toBe(-1);
      }
    },
  );
});
