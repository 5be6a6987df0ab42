import { expect, test } from 'vitest';
import { arrayTable } from './memory-table.ts';
import type { Chunk } from './table.ts';

test('chunks of any size hold all rows in their order, the last one fewer', async () => {
  const age = Float64Array.from({ length: 10 }, (_, i) => i);
  const table = arrayTable('people', { age, name: Array.from(age, String) });
  const chunks: Chunk[] = [];
  for await (const chunk of table.chunks(undefined, 4)) chunks.push(chunk);
  expect(chunks.map(({ start, rows }) => [start, rows])).toEqual([[0, 4], [4, 4], [8, 2]]); // biome-ignore format: pairs
  expect(chunks.flatMap(({ columns }) => [...(columns.age ?? [])])).toEqual([...age]);
  expect(chunks.flatMap(({ columns }) => [...(columns.name ?? [])])).toEqual(Array.from(age, String));
});

test('columns come as asked, and unknown ones are refused', async () => {
  const table = arrayTable('people', { age: Float64Array.of(1), name: ['a'] });
  for await (const { columns } of table.chunks(['name'])) expect(Object.keys(columns)).toEqual(['name']);
  expect(() => table.chunks(['nme'])).toThrow(/TABLE_COLUMNS|no column 'nme'/);
});

test('columns of different lengths are refused', () => {
  expect(() => arrayTable('t', { a: Float64Array.of(1), b: ['x', 'y'] })).toThrow(/'b' has 2 cells/);
});
