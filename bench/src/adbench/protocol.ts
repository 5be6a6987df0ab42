import { arrayTable, type Cells } from '@semivae/data';
import { permutation } from '@semivae/runtime';

/** A set of ADBench: features by column, and for each row whether it is an anomaly. */
export interface LabelledRows {
  readonly columns: Readonly<Record<string, Float64Array>>;
  readonly anomalous: Float64Array;
}

/** Ordinary rows to train on; other ordinary rows and all anomalies, but for those known, to test on. */
export interface Split {
  /** Anomalies that training is told of. */
  readonly known: Readonly<Record<string, Float64Array>>;
  readonly train: Readonly<Record<string, Float64Array>>;
  readonly test: Readonly<Record<string, Float64Array>>;
  readonly anomalous: readonly boolean[];
}

const MOST_ROWS = 50_000;
const LARGE = 20_000;

/** Seeds that a set is judged with: fewer for a large one. */
export const seedsFor = (rows: number): readonly number[] => (rows > LARGE ? [0, 1] : [0, 1, 2, 3, 4]);

const pick = (columns: LabelledRows['columns'], rows: ArrayLike<number>): Record<string, Float64Array> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, cells]) => [name, Float64Array.from(rows, (row) => cells[row]!)]),
  );

/** A random half of the ordinary rows to train on, the rest to test on, of at most 50 000 rows; so many known anomalies. */
export function splitRows({ columns, anomalous }: LabelledRows, seed: number, known = 0): Split {
  const order = permutation(anomalous.length, seed, 0).subarray(0, MOST_ROWS);
  const ordinary = order.filter((row) => anomalous[row] === 0);
  const half = Math.floor(ordinary.length / 2);
  const anomalies = order.filter((row) => anomalous[row] === 1);
  const test = [...ordinary.subarray(half), ...anomalies.subarray(known)];
  return {
    known: pick(columns, anomalies.subarray(0, known)),
    train: pick(columns, ordinary.subarray(0, half)),
    test: pick(columns, test),
    anomalous: test.map((row) => anomalous[row] === 1),
  };
}

const joined = (a: Float64Array, b: Float64Array): Float64Array => Float64Array.from([...a, ...b]);

/** The column that says which training rows are known anomalies. */
export const KNOWN = 'known';

/** A split's training rows as a table, with the known anomalies where there are some. */
export function trainingTable(name: string, { train, known }: Split) {
  const [rows = 0, extra = 0] = [train, known].map((each) => Object.values(each)[0]?.length);
  if (extra === 0) return arrayTable(name, train as Record<string, Cells>);
  const columns = Object.entries(train).map(([column, cells]) => [column, joined(cells, known[column]!)]);
  const labels = [...Array<string>(rows).fill(''), ...Array<string>(extra).fill('yes')];
  return arrayTable(name, { ...Object.fromEntries(columns), [KNOWN]: labels });
}
