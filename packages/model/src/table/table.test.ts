import { interpret, textTensor } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import type { Column, TableColumns } from './columns.ts';
import { encodeTable, rawTable } from './encode.ts';
import { layoutOf } from './layout.ts';

const none = { kind: 'none' } as const;

/** One column of each kind, in an order that the layout must change. */
const columns: readonly Column[] = [
  { name: 'colour', kind: 'categorical', levels: ['red', 'green'], rare: ['mauve'], shares: [0.6, 0.3, 0.1] },
  { name: 'weight', kind: 'numeric', transform: none, centre: 70, scale: 10, likelihood: 'gaussian' },
  { name: 'id', kind: 'ignored', reason: 'it numbers the rows' },
  { name: 'visits', kind: 'count', centre: 1, scale: 0.5, likelihood: 'poisson' },
  {
    name: 'paid',
    kind: 'numeric',
    transform: { kind: 'log', unit: 5 },
    centre: 2,
    scale: 0.5,
    likelihood: 'student-t',
  },
  { name: 'member', kind: 'binary', levels: [1, 2], share: 0.4 },
  { name: 'grade', kind: 'categorical', levels: [10, 20, 30], rare: [], shares: [0.5, 0.25, 0.25, 0] },
  { name: 'when', kind: 'timestamp', centre: 1.7e12, scale: 1e10 },
  {
    name: 'spent',
    kind: 'numeric',
    transform: none,
    centre: 0,
    scale: 1,
    likelihood: 'gaussian',
    ranks: { knots: [-1, 0, 1, 3], values: [-2, -1, 1, 1.5] },
  },
];
const table: TableColumns = { kind: 'table', columns };
const layout = layoutOf(table);

type Cells = readonly (number | null)[];
/** weight, visits, paid, member, grade, when, spent. */
const numbersOf = (rows: readonly Cells[]) => ({
  shape: [rows.length, 7],
  data: Float64Array.from(rows.flat(), (each) => each ?? Number.NaN),
});

function encoded(rows: readonly Cells[], texts: readonly string[]): number[][] {
  const raw = rawTable(table, rows.length);
  const feeds = { numbers: numbersOf(rows), texts: textTensor([rows.length, 1], texts) };
  const [x] = interpret([encodeTable(table, raw)], feeds);
  return rows.map((_, row) => Array.from(x!.data.subarray(row * layout.size, (row + 1) * layout.size)));
}

/** The features of a column, in the order of its parts. */
function featuresOf(row: readonly number[], name: string): number[] {
  const column = layout.columns.findIndex((each) => each.name === name);
  return layout.features
    .map((place, i) => ({ ...place, value: row[i]! }))
    .filter((place) => place.column === column)
    .sort((a, b) => a.part - b.part)
    .map(({ value }) => value);
}

const ordinary: Cells = [80, 0, 5 * (Math.E ** 3 - 1), 2, 20, 1.71e12, 0.5];

describe('encoding', () => {
  test('every kind as its definition says', () => {
    const [row] = encoded([ordinary], ['green']);
    expect(featuresOf(row!, 'weight')[0]).toBeCloseTo(1, 6);
    expect(featuresOf(row!, 'visits')[0]).toBeCloseTo(-2, 6);
    expect(featuresOf(row!, 'paid')[0]).toBeCloseTo(2, 5);
    expect(featuresOf(row!, 'member')).toEqual([1]);
    expect(featuresOf(row!, 'colour')).toEqual([0, 1, 0]);
    expect(featuresOf(row!, 'grade')).toEqual([0, 1, 0, 0]);
    expect(featuresOf(row!, 'when').at(-1)).toBeCloseTo(1, 5);
    expect(featuresOf(row!, 'spent')[1]).toBeCloseTo(0, 6);
    expect(row!.slice(layout.features.length)).toEqual(Array(8).fill(0));
  });
});
