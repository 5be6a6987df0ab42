import type { Cells, Dataset, PreparedTable } from '@semivae/data';
import { imageSet } from '@semivae/data';
import type { Tensors as StoredTensors } from '@semivae/graph';
import { type Columns, isUsed } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import type { EarlierRun, Origin } from '@semivae/runtime/core';

/** What a run is: the recipe and the seed decide it, the rest is for the record and for shipping. */
export interface RunInfo {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly engine: string;
  readonly data: DataInfo;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of what it was trained on, part by part, such as a column: what a resumed training must find again. */
  readonly hashes?: Readonly<Record<string, string>>;
  /** The run whose trained state this one began with. */
  readonly initFrom?: Origin;
  /** The runs whose answers it believed at the start. */
  readonly taughtBy?: readonly EarlierRun[];
}

/** Minutes of the runs that one began with and was taught by. */
export const minutesBefore = ({ initFrom, taughtBy = [] }: Pick<RunInfo, 'initFrom' | 'taughtBy'>): number =>
  [initFrom, ...taughtBy].reduce((sum, each) => sum + (each?.minutes ?? 0), 0);

/** What stays known of the data once it is out of sight. */
export interface DataInfo {
  readonly name: string;
  readonly source: string;
  readonly licence: string;
  readonly citation: string;
  readonly columns: Columns;
  readonly classes: readonly string[];
  /** How the classes share the labelled rows of a table. */
  readonly classShares?: readonly number[];
  readonly trainRows: number;
  readonly testRows: number;
  /** How rows of a table were held back for calibration, in words; absent: at random. */
  readonly heldBack?: string;
  /** Rows of a table that training held out to choose its epoch, where whole groups decide how many. */
  readonly validationRows?: number;
  /** Known anomalies among the rows of a table. */
  readonly anomalies?: number;
  /** A few raw rows, with their labels: what a bundle is verified on. */
  readonly examples: Examples;
}

/** Raw rows: the pixels of images, or the cells of a table by column, null where missing. */
export interface Examples {
  readonly x?: readonly (readonly number[])[];
  readonly rows?: readonly Readonly<Record<string, number | string | null>>[];
  readonly labels: readonly number[];
}

const EXAMPLES = 10;

/** What a run keeps of its data. */
export function describeData({ name, source, licence, citation, train, test }: Dataset): DataInfo {
  const { columns, width } = imageSet(train);
  const rows = Array.from({ length: Math.min(EXAMPLES, test.rows) }, (_, row) => row);
  const x = rows.map((row) => Array.from(test.bytes.subarray(row * width, (row + 1) * width)));
  const examples = { x, labels: rows.map((row) => test.labels[row]!) };
  const counts = { trainRows: train.rows, testRows: test.rows };
  return { name, source, licence, citation, columns, classes: train.classes, ...counts, examples };
}

/** What a run keeps of a table. */
export function describeTable(
  { columns, set, calibration, anomalies, sample, heldBack, validationRows }: PreparedTable,
  { data: { citation = set.name, licence = 'not stated' } }: Recipe,
): DataInfo {
  const cell = (of: Cells, row: number): number | string | null =>
    of[row] === '' || Number.isNaN(of[row]) ? null : of[row]!;
  const seen = columns.columns.filter(isUsed).map(({ name }) => name);
  const rows = Array.from({ length: Math.min(EXAMPLES, sample.rows) }, (_, row) =>
    Object.fromEntries(seen.map((name) => [name, cell(sample.columns[name]!, row)])),
  );
  return {
    name: set.name,
    source: set.name,
    licence,
    citation,
    columns,
    classes: set.classes,
    ...(set.classShares && { classShares: set.classShares }),
    trainRows: set.rows,
    testRows: calibration.labels.length,
    ...(heldBack && { heldBack }),
    ...(validationRows !== undefined && { validationRows }),
    anomalies: anomalies.labels.length,
    examples: { rows, labels: rows.map(() => 0) },
  };
}

/** What a run of a table keeps of its rows for shipping, encoded. */
export function heldTensors({ set, reference, calibration, anomalies }: PreparedTable): StoredTensors {
  const { width } = set;
  const kept = new Float32Array(reference.length * width);
  set.copy(reference, kept);
  const matrix = (x: Float32Array) => ({ shape: [x.length / width, width], data: x });
  const column = (labels: Int32Array) => ({ shape: [labels.length], data: Float32Array.from(labels) });
  return {
    reference: matrix(kept),
    calibration: matrix(calibration.x),
    'calibration/labels': column(calibration.labels),
    anomalies: matrix(anomalies.x),
  };
}
