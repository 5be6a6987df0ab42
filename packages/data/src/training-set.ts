import type { Columns } from '@semivae/model';
import { copyRows } from './batches.ts';
import type { Images } from './dataset.ts';
import type { Groups } from './groups.ts';

/** Rows as a training step is fed them, and what is known of their classes. */
export interface TrainingSet {
  readonly name: string;
  readonly columns: Columns;
  readonly classes: readonly string[];
  /** How the classes share the rows, where that is told by their labels; equally where it is absent. */
  readonly classShares?: readonly number[];
  readonly rows: number;
  /** Elements of a row. */
  readonly width: number;
  readonly type: 'uint8' | 'float32';
  /** The index of each row's class, −1 where it is unknown. */
  readonly labels: ArrayLike<number>;
  /** The group of each row, where rows of a group are held out together. */
  readonly groups?: Groups;
  /** What is believed of the classes of each row before training, [rows, classes] shares that sum to 1. */
  readonly beliefs?: Float32Array;
  /** Copies these rows, side by side, into `out`, which is of `type`. */
  copy(rows: Int32Array, out: Uint8Array | Float32Array): void;
  /** Rows that lie together where reading at random is slow; orders then stay near each other. Absent: anywhere. */
  readonly together?: number;
}

/** What is known of a set besides its rows. */
export type SetFacts = Pick<
  TrainingSet,
  'name' | 'columns' | 'classes' | 'classShares' | 'labels' | 'groups'
>;

/** Images as a training reads them. */
export const imageSet = ({ name, bytes, rows, width, height, labels, classes }: Images): TrainingSet => ({
  name,
  columns: { kind: 'image', width, height, channels: 1 },
  classes,
  rows,
  width: width * height,
  type: 'uint8',
  labels,
  copy: (chosen, out) => copyRows(bytes, width * height, chosen, 0, chosen.length, out as Uint8Array),
});

/** Encoded rows in memory as a training reads them. */
export const encodedSet = (about: SetFacts, x: Float32Array, width: number): TrainingSet => ({
  ...about,
  rows: x.length / width,
  width,
  type: 'float32',
  copy(chosen, out) {
    chosen.forEach((row, i) => out.set(x.subarray(row * width, (row + 1) * width), i * width));
  },
});

/** Some rows of a set, in this order, as a set of their own. */
export const someRows = (set: TrainingSet, rows: Int32Array): TrainingSet => ({
  ...set,
  rows: rows.length,
  labels: Int32Array.from(rows, (row) => set.labels[row]!),
  ...(set.groups && { groups: Int32Array.from(rows, (row) => set.groups![row]!) }),
  copy: (chosen, out) =>
    set.copy(
      chosen.map((row) => rows[row]!),
      out,
    ),
});
