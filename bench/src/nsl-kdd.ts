import { join } from 'node:path';
import { ship } from '@semivae/export';
import { areaUnderRoc, averagePrecision } from '@semivae/report';
import { load, memoryFiles } from '@semivae/runtime';
import {
  builtInRecipe,
  onnxRuntimeEngine,
  openTable,
  TABLE,
  type Table,
  trainTable,
} from '@semivae/train/node';
import { type Machine, machine, versionsOf } from './machine.ts';

export interface NslKddOptions {
  readonly dataDir: string;
  readonly seeds?: readonly number[];
  readonly progress?: (text: string) => void;
}

/** What `bench nsl-kdd` prints: detection of attacks on KDDTest+, in shares of 1. */
export interface NslKddReport {
  readonly auroc: number;
  readonly averagePrecision: number;
  /** The bound alone as the score. */
  readonly nllAuroc: number;
  readonly seeds: readonly number[];
  readonly minutes: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const FEATURES = Array.from({ length: 41 }, (_, i) => `column${String(i).padStart(2, '0')}`);

/** Connections of a file: 41 features, and the name of the attack, or `normal`. */
export const connections = (file: string, where = 'true'): string =>
  `SELECT ${FEATURES.join(', ')}, column41 AS attack FROM read_csv('${file.replaceAll("'", "''")}', header = false) WHERE ${where}`;

/** Everything of a table, by column. */
async function wholeTable(table: Table): Promise<Record<string, Float64Array | string[]>> {
  const columns: Record<string, number[] | string[]> = Object.fromEntries(
    table.columns.map(({ name }) => [name, []]),
  );
  for await (const chunk of table.chunks())
    for (const [name, cells] of Object.entries(chunk.columns))
      for (const cell of cells) (columns[name] as (number | string)[]).push(cell);
  return Object.fromEntries(
    table.columns.map(({ name, type }) => [
      name,
      type === 'text' ? (columns[name] as string[]) : Float64Array.from(columns[name] as number[]),
    ]),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;
const round = (value: number): number => Number(value.toFixed(4));

/** Trains on the normal connections of the training file alone, and scores the test file. */
async function judged(dataDir: string, seed: number) {
  const engine = onnxRuntimeEngine({ threads: 1 });
  const base = builtInRecipe(TABLE);
  const sql = connections(join(dataDir, 'KDDTrain+_20Percent.txt'), "column41 = 'normal'");
  const table = await openTable([], { sql });
  const recipe = {
    ...base,
    data: { ...base.data, name: 'nsl-kdd', columns: { attack: { kind: 'ignored' as const } } },
  };
  const trained = await trainTable(table, recipe, { seed, engine });
  await table.close();
  const model = await load(memoryFiles(await ship({ name: 'nsl-kdd', version: '0', engine, ...trained })));
  const test = await openTable([], { sql: connections(join(dataDir, 'KDDTest+.txt')) });
  const { attack, ...columns } = await wholeTable(test);
  await test.close();
  const { score, nll } = await model.scoreColumns(columns);
  await model.dispose();
  const anomalous = (attack as string[]).map((name) => name !== 'normal');
  return {
    auroc: areaUnderRoc(score, anomalous),
    averagePrecision: averagePrecision(score, anomalous),
    nllAuroc: areaUnderRoc(nll, anomalous),
  };
}

/** Detection on NSL-KDD (Tavallaee et al. 2009): normal connections to learn from, attacks of 37 kinds to find. */
export async function benchNslKdd({
  dataDir,
  seeds = [1, 2, 3],
  progress,
}: NslKddOptions): Promise<NslKddReport> {
  const start = performance.now();
  const found: Awaited<ReturnType<typeof judged>>[] = [];
  for (const seed of seeds) {
    const figures = await judged(dataDir, seed);
    progress?.(
      `seed ${seed}: AUROC ${figures.auroc.toFixed(4)}, by the bound alone ${figures.nllAuroc.toFixed(4)}`,
    );
    found.push(figures);
  }
  const over = (pick: (each: (typeof found)[number]) => number) => round(mean(found.map(pick)));
  return {
    auroc: over((each) => each.auroc),
    averagePrecision: over((each) => each.averagePrecision),
    nllAuroc: over((each) => each.nllAuroc),
    seeds,
    minutes: round((performance.now() - start) / 60_000),
    machine: machine(),
    versions: versionsOf('onnxruntime-node'),
  };
}
