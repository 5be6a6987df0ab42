import { arrayTable, type Cells, openEncoder } from '@semivae/data';
import { ship } from '@semivae/export';
import { builtInRecipe, type Recipe, TABLE_CLASSES } from '@semivae/recipe';
import { load, memoryFiles, permutation } from '@semivae/runtime';
import { areaUnderRoc } from '@semivae/statistics';
import { onnxRuntimeEngine, trainTable } from '@semivae/train/node';
import { type AdultRows, LABEL } from './data.ts';
import { crossValidated, logit } from './logistic.ts';

const SHARE = 0.01;
const NAMES = ['<=50K', '>50K'];

/** The rows that keep their label, in random order. */
export const labelledRows = ({ rows }: AdultRows, seed: number): Uint32Array =>
  permutation(rows, seed, 0).subarray(0, Math.round(SHARE * rows));

/** A table recipe that learns classes. */
function recipeOf(): Recipe {
  const base = builtInRecipe(TABLE_CLASSES);
  return { ...base, data: { ...base.data, name: 'adult', labelColumn: LABEL, calibration: 0 } };
}

const pick = (columns: AdultRows['columns'], rows: Uint32Array): Record<string, Cells> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, cells]) => [
      name,
      cells instanceof Float64Array
        ? Float64Array.from(rows, (row) => cells[row]!)
        : Array.from(rows, (row) => cells[row]!),
    ]),
  );

/** Areas under the receiver operating characteristic of the class, on the test file. */
export interface FewLabels {
  readonly m2: number;
  readonly logistic: number;
  readonly labels: number;
}

/** M2 on all rows, 1 % of them labelled, against logistic regression on the labelled ones; both see the same features. */
export async function fewLabels(train: AdultRows, test: AdultRows, seed: number): Promise<FewLabels> {
  const engine = onnxRuntimeEngine({ threads: 1 });
  const labelled = labelledRows(train, seed);
  const known = new Set(labelled);
  const labels = Array.from(train.rich, (rich, row) => (known.has(row) ? NAMES[rich]! : ''));
  const table = arrayTable('adult', { ...train.columns, [LABEL]: labels });
  const trained = await trainTable(table, recipeOf(), { seed, engine });
  const model = await load(memoryFiles(await ship({ name: 'adult', version: '0', engine, ...trained })));
  const { probabilities } = await model.scoreColumns(test.columns);
  await model.dispose();
  const encoder = await openEncoder(trained.prepared.columns);
  const encoded = async (columns: Record<string, Cells>, rows: number) =>
    Float64Array.from(await encoder.encode(columns, rows));
  const y = Uint8Array.from(labelled, (row) => train.rich[row]!);
  const x = await encoded(pick(train.columns, labelled), labelled.length);
  const weights = crossValidated({ x, width: encoder.width, y });
  const asked = await encoded({ ...test.columns }, test.rows);
  await encoder.close();
  const rich = Array.from(test.rich, Boolean);
  const area = (scoreOf: (row: number) => number) =>
    areaUnderRoc(
      Float64Array.from(rich, (_, row) => scoreOf(row)),
      rich,
    );
  return {
    m2: area((row) => probabilities![2 * row + 1]!),
    logistic: area((row) => logit(weights, asked, row)),
    labels: labelled.length,
  };
}
