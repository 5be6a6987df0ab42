import { arrayTable, type Cells, profileNumbers, profileTexts } from '@semivae/data';
import { ship } from '@semivae/export';
import { builtInRecipe, TABLE } from '@semivae/recipe';
import { fillUniform, load, memoryFiles } from '@semivae/runtime';
import { onnxRuntimeEngine, trainTable } from '@semivae/train/node';
import type { AdultRows } from './data.ts';

const HIDDEN = 0.2;
const HIDE_STREAM = 0x4000;

/** Which cells are hidden, and the columns without them. */
interface Holed {
  readonly columns: Record<string, Cells>;
  readonly hidden: Readonly<Record<string, Uint8Array>>;
}

const isMissing = (cell: number | string): boolean => cell === '' || Number.isNaN(cell);

/** Hides a fifth of the cells that are there, at random; the same for the same seed and file. */
function holed({ columns, rows }: AdultRows, seed: number, file: number): Holed {
  const draws = new Float32Array(rows);
  const hidden: Record<string, Uint8Array> = {};
  const left = Object.entries(columns).map(([name, cells], column) => {
    fillUniform(draws, { seed, stream: HIDE_STREAM + file, step: column });
    hidden[name] = Uint8Array.from(draws, (draw, row) => Number(draw < HIDDEN && !isMissing(cells[row]!)));
    const gone = hidden[name];
    if (cells instanceof Float64Array)
      return [name, cells.map((cell, row) => (gone[row] ? Number.NaN : cell))];
    return [name, cells.map((cell, row) => (gone[row] ? '' : cell))];
  });
  return { columns: Object.fromEntries(left), hidden };
}

/** Errors of filling a column's hidden cells: root mean square in deviations of the column, or the share that is wrong. */
export interface ColumnErrors {
  readonly column: string;
  readonly kind: 'number' | 'text';
  readonly error: number;
  /** By the mean or the most frequent text of the training rows. */
  readonly plain: number;
}

function numberErrors(
  name: string,
  truth: Float64Array,
  filled: Float64Array,
  hidden: Uint8Array,
  known: Float64Array,
): ColumnErrors {
  const { mean, deviation } = profileNumbers(known);
  let [squares, plain, count] = [0, 0, 0];
  hidden.forEach((gone, row) => {
    if (!gone) return;
    squares += ((filled[row]! - truth[row]!) / deviation) ** 2;
    plain += ((mean - truth[row]!) / deviation) ** 2;
    count++;
  });
  return { column: name, kind: 'number', error: Math.sqrt(squares / count), plain: Math.sqrt(plain / count) };
}

function textErrors(
  name: string,
  truth: readonly string[],
  filled: readonly string[],
  hidden: Uint8Array,
  known: readonly string[],
): ColumnErrors {
  const mode = profileTexts(known).levels[0]![0];
  let [wrong, plain, count] = [0, 0, 0];
  hidden.forEach((gone, row) => {
    if (!gone) return;
    wrong += Number(filled[row] !== truth[row]);
    plain += Number(mode !== truth[row]);
    count++;
  });
  return { column: name, kind: 'text', error: wrong / count, plain: plain / count };
}

/** Hides a fifth of all cells, learns from what is left of the training file, and fills the test file's holes. */
export async function imputation(train: AdultRows, test: AdultRows, seed: number): Promise<ColumnErrors[]> {
  const engine = onnxRuntimeEngine({ threads: 1 });
  const [seen, asked] = [holed(train, seed, 0), holed(test, seed, 1)];
  const base = builtInRecipe(TABLE);
  const recipe = { ...base, data: { ...base.data, name: 'adult', calibration: 0 } };
  const trained = await trainTable(arrayTable('adult', seen.columns), recipe, { seed, engine });
  const model = await load(memoryFiles(await ship({ name: 'adult', version: '0', engine, ...trained })));
  const filled = await model.imputeColumns(asked.columns);
  await model.dispose();
  return Object.entries(test.columns).map(([name, truth]) =>
    truth instanceof Float64Array
      ? numberErrors(
          name,
          truth,
          filled[name] as Float64Array,
          asked.hidden[name]!,
          seen.columns[name] as Float64Array,
        )
      : textErrors(
          name,
          truth,
          filled[name] as string[],
          asked.hidden[name]!,
          seen.columns[name] as string[],
        ),
  );
}
