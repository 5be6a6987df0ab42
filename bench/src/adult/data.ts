import { join } from 'node:path';
import type { Cells } from '@semivae/data';
import { openTable } from '@semivae/data/node';

/** Rows by column, and the class of each: 1 for an income above 50 000. */
export interface AdultRows {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Cells>>;
  readonly rich: Uint8Array;
}

export const LABEL = 'column15';

function joined(parts: readonly Cells[]): Cells {
  if (!(parts[0] instanceof Float64Array)) return parts.flatMap((each) => [...(each as readonly string[])]);
  return Float64Array.from((parts as readonly Float64Array[]).flatMap((each) => [...each]));
}

/** Everything of a file of Adult (Kohavi 1996), its 14 attributes by `column1` … `column14`; `?` is missing. */
async function readFile(file: string): Promise<AdultRows> {
  const table = await openTable(file, { header: false, missing: ['?'] });
  const parts: Record<string, Cells[]> = Object.fromEntries(table.columns.map(({ name }) => [name, []]));
  for await (const chunk of table.chunks())
    for (const [name, cells] of Object.entries(chunk.columns)) parts[name]!.push(cells);
  await table.close();
  const { [LABEL]: labels, ...columns } = Object.fromEntries(
    Object.entries(parts).map(([name, cells]) => [name, joined(cells)]),
  );
  const rich = Uint8Array.from(labels as readonly string[], (label) => Number(label.startsWith('>50K')));
  return { rows: table.rows, columns, rich };
}

export async function readAdult(dataDir: string): Promise<{ train: AdultRows; test: AdultRows }> {
  return {
    train: await readFile(join(dataDir, 'adult.data')),
    test: await readFile(join(dataDir, 'adult.test')),
  };
}
