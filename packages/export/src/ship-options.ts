import type { RawRows } from '@semivae/data';
import type { Tensors } from '@semivae/graph';
import type { Checkpoint, Engine, RunInfo } from '@semivae/train';

/** A bundle in memory: its files by name. */
export type BundleFiles = Readonly<Record<string, Uint8Array>>;

/** What a run of a table kept of its rows: encoded, as they are, and how its raw columns are distributed. */
export interface HeldRows {
  /** `reference`, `anomalies`: [rows, features]. */
  readonly tensors: Tensors;
  /** Raw rows that training never saw. */
  readonly calibration: RawRows;
  /** The bytes of reference.json. */
  readonly sample: Uint8Array;
}

export interface ShipOptions {
  readonly name: string;
  readonly info: RunInfo;
  readonly checkpoint: Checkpoint;
  /** The last line of the run's metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly version: string;
  /** What computes the trained model's own answers, which the shipped files must match. */
  readonly engine?: Engine;
  /** For a table. */
  readonly held?: HeldRows;
  /** For images: `reference` and `calibration`, bytes [rows, pixels]; without them the score is the bound. */
  readonly images?: Tensors | undefined;
  /** The rate of false alarms that the threshold keeps; 0.01 unless told. */
  readonly fpr?: number;
  /** What a bundle is verified on: rows made up by the model, unless told; or some of the data, which then ship. */
  readonly parityRows?: 'drawn' | 'real';
}
