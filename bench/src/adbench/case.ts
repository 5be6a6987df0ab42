import { openTable } from '@semivae/data/node';
import { ship } from '@semivae/export';
import { builtInRecipe, TABLE } from '@semivae/recipe';
import { load, memoryFiles } from '@semivae/runtime';
import { areaUnderRoc } from '@semivae/statistics';
import { onnxRuntimeEngine, trainTable } from '@semivae/train/node';
import { nearestDistance } from './nearest.ts';
import { KNOWN, type LabelledRows, seedsFor, splitRows, trainingTable } from './protocol.ts';

/** One split of one set. */
export interface Case {
  readonly file: string;
  readonly seed: number;
  /** Anomalies that training is told of. */
  readonly known?: number;
}

/** Areas under the receiver operating characteristic, in percent, and what they took. */
export interface CaseResult extends Case {
  readonly auroc: number;
  /** The bound in nats as the score. */
  readonly nll: number;
  /** Distance to the 5th nearest training row. */
  readonly knn5: number;
  readonly seconds: number;
}

const LABEL = 'y';

/** Reads an npz with features `X` and labels `y`. */
export async function readSet(file: string): Promise<LabelledRows> {
  const table = await openTable(file, {});
  const names = table.columns.map(({ name }) => name);
  const columns = Object.fromEntries(names.map((name) => [name, new Float64Array(table.rows)]));
  for await (const chunk of table.chunks())
    for (const name of names) columns[name]!.set(chunk.columns[name] as Float64Array, chunk.start);
  await table.close();
  const { [LABEL]: anomalous, ...features } = columns;
  return { columns: features, anomalous: anomalous! };
}

/** The seeds that a set is judged with. */
export async function seedsOf(file: string): Promise<readonly number[]> {
  const table = await openTable(file, {});
  await table.close();
  return seedsFor(table.rows);
}

/** Trains the default recipe for tables, ships it, and scores through the runtime, as anybody would. */
export async function judgeCase({ file, seed, known = 0 }: Case): Promise<CaseResult> {
  const start = performance.now();
  const split = splitRows(await readSet(file), seed, known);
  const base = builtInRecipe(TABLE);
  const told = known > 0 ? { labelColumn: KNOWN, anomalyLabel: 'yes' } : {};
  const recipe = { ...base, data: { ...base.data, name: file, calibration: 0, ...told } };
  const engine = onnxRuntimeEngine({ threads: 1 });
  const trained = await trainTable(trainingTable(file, split), recipe, { seed, engine, array: true });
  const model = await load(memoryFiles(await ship({ name: 'adbench', version: '0', engine, ...trained })), {
    threads: 1,
  });
  const { score, nll } = await model.scoreColumns(split.test);
  await model.dispose();
  const seconds = (performance.now() - start) / 1000;
  const area = (scores: ArrayLike<number>) => 100 * areaUnderRoc(scores, split.anomalous);
  return { file, seed, auroc: area(score), nll: area(nll), knn5: area(nearestDistance(split, 5)), seconds };
}
