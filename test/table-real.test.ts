import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryTable, type TableColumn } from '@semivae/data';
import { openTable, type TableOptions } from '@semivae/data/node';
import { ship } from '@semivae/export';
import { builtInRecipe, TABLE } from '@semivae/recipe';
import { type Columns, load, memoryFiles } from '@semivae/runtime';
import { permutation } from '@semivae/runtime/core';
import { onnxRuntimeEngine, trainTable } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { pushed, topColumns } from './pushed.ts';

const data = process.env.SEMIVAE_DATA_DIR ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

interface Real {
  readonly file: string;
  /** The column that tells what a model is not to see; where it is a number, its rows of 1 are left out. */
  readonly label: string;
  readonly options?: TableOptions;
  readonly array?: boolean;
}

const sets: readonly Real[] = [
  { file: 'titanic/titanic.csv', label: 'Survived' },
  { file: 'adult/adult.data', label: 'column15', options: { header: false } },
  { file: 'adbench/2_annthyroid.npz', label: 'y', array: true },
];

/** All cells of the first rows of a file, but for its label; anomalies of an array are left out. */
async function read({ file, label, options = {}, array = false }: Real, most: number) {
  const table = await openTable(join(data, file), options);
  const cells: Record<string, (number | string)[]> = {};
  for await (const { rows, columns } of table.chunks()) {
    if ((cells[label]?.length ?? 0) >= most) break;
    const wanted = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => !array || columns[label]![row] === 0,
    );
    for (const [name, each] of Object.entries(columns))
      cells[name] = [...(cells[name] ?? []), ...wanted.map((row) => each[row]!)];
  }
  await table.close();
  return { columns: table.columns.filter(({ name }) => name !== label), cells };
}

const part = (
  columns: readonly TableColumn[],
  cells: Record<string, (number | string)[]>,
  rows: Uint32Array,
) =>
  Object.fromEntries(
    columns.map(({ name, type }) => {
      const picked = Array.from(rows, (row) => cells[name]![row]!);
      return [name, type === 'text' ? (picked as string[]) : Float64Array.from(picked as number[])] as const;
    }),
  ) satisfies Columns;

describe.each(sets)('on $file', (set) => {
  test.skipIf(!existsSync(join(data, set.file)))(
    'contributions sum to the score, and a value far out puts its column on top',
    async () => {
      const { columns, cells } = await read(set, 3000);
      const order = permutation(Object.values(cells)[0]!.length, 1, 0);
      const half = order.length >> 1;
      const recipe = { ...builtInRecipe(TABLE), epochs: 8 };
      const engine = onnxRuntimeEngine({ threads: 1 });
      const table = memoryTable(set.file, columns, part(columns, cells, order.subarray(0, half)));
      const trained = await trainTable(table, recipe, { seed: 1, engine, array: set.array === true });
      const model = await load(
        memoryFiles(await ship({ name: 'real', version: '0', engine, fpr: 0.1, ...trained })),
        { threads: 1 },
      );
      const numeric = trained.prepared.columns.columns
        .filter(({ kind }) => kind === 'numeric' || kind === 'count')
        .map(({ name }) => name);
      const trials = pushed(part(columns, cells, order.subarray(half)), numeric, 1000);
      const answers = await model.scoreColumns(trials.cells);
      await model.dispose();
      const width = answers.columns.length;
      answers.score.forEach((score, row) => {
        const own = answers.contributions.subarray(row * width, (row + 1) * width);
        const total = own.reduce((sum, each) => sum + each, 0);
        expect(Math.abs(total - score) / Math.max(1, score)).toBeLessThan(1e-4);
      });
      const found = topColumns(answers).filter((name, i) => name === trials.columns[i]).length;
      expect(found).toBeGreaterThanOrEqual(950);
    },
  );
});
