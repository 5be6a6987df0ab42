import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Table } from '@semivae/data';
import { openTable } from '@semivae/data/node';
import { ship } from '@semivae/export';
import { parseRecipe, type Recipe } from '@semivae/recipe';
import { load, memoryFiles } from '@semivae/runtime';
import { areaUnderRoc, averagePrecision } from '@semivae/statistics';
import { onnxRuntimeEngine, trainTable } from '@semivae/train/node';
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
  /** At the threshold that keeps 1 % of false alarms on calibration rows: the rate on the test file's normal rows. */
  readonly falseAlarms: number;
  /** The share of attacks called anomalies at that threshold. */
  readonly recall: number;
  readonly aurocs: readonly number[];
  readonly seeds: readonly number[];
  readonly minutes: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const RECIPE = new URL('../../models/nsl-kdd/recipe.json', import.meta.url);
const TRAINING = 'KDDTrain+_20Percent.txt';
const TEST = 'KDDTest+.txt';

/** The recipe of models/nsl-kdd, which is the default one for tables, its file lying in this folder. */
function recipeIn(dataDir: string): Recipe & { readonly data: { readonly sql: string } } {
  const recipe = parseRecipe(JSON.parse(readFileSync(RECIPE, 'utf8')), 'models/nsl-kdd/recipe.json');
  const sql = recipe.data.sql!.replace(TRAINING, join(dataDir, TRAINING).replaceAll("'", "''"));
  return { ...recipe, data: { ...recipe.data, sql } };
}

/** The test file by the training file's query: all of its rows, with the name of the attack. */
const testQuery = (dataDir: string): string =>
  recipeIn(dataDir)
    .data.sql.replace(TRAINING, TEST)
    .replace('EXCLUDE (attack, difficulty)', 'EXCLUDE (difficulty)')
    .replace(/ WHERE attack = 'normal'$/, '');

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
  const recipe = recipeIn(dataDir);
  const table = await openTable([], { sql: recipe.data.sql });
  const trained = await trainTable(table, recipe, { seed, engine });
  await table.close();
  const model = await load(memoryFiles(await ship({ name: 'nsl-kdd', version: '0', engine, ...trained })));
  const test = await openTable([], { sql: testQuery(dataDir) });
  const { attack, ...columns } = await wholeTable(test);
  await test.close();
  const { score, nll, anomaly } = await model.scoreColumns(columns);
  await model.dispose();
  const anomalous = (attack as string[]).map((name) => name !== 'normal');
  const called = (wanted: boolean) => {
    const own = anomalous.flatMap((each, row) => (each === wanted ? [anomaly![row]!] : []));
    return mean(own);
  };
  return {
    auroc: areaUnderRoc(score, anomalous),
    averagePrecision: averagePrecision(score, anomalous),
    nllAuroc: areaUnderRoc(nll, anomalous),
    falseAlarms: called(false),
    recall: called(true),
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
    falseAlarms: over((each) => each.falseAlarms),
    recall: over((each) => each.recall),
    aurocs: found.map((each) => round(each.auroc)),
    seeds,
    minutes: round((performance.now() - start) / 60_000),
    machine: machine(),
    versions: versionsOf('onnxruntime-node'),
  };
}
