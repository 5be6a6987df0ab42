import type { Written } from './written.ts';

/** The bundle's own description; it stands beside the files that it names. */
export const manifestFile = 'manifest.json';
/** The version that is written; the reader knows all from 1 up to it. */
export const formatVersion = 3;

export const headNames = ['classifier', 'encoder', 'decoder', 'scorer', 'imputer', 'sampler'] as const;
export type HeadName = (typeof headNames)[number];

export const tensorTypes = ['float32', 'float64', 'uint8', 'int64', 'string', 'bool'] as const;

/** One input or output of a head; every shape begins with 'batch'. */
export interface TensorSpec {
  readonly name: string;
  readonly type: (typeof tensorTypes)[number];
  readonly shape: readonly (number | 'batch')[];
  readonly meaning: string;
}

/** A file of the bundle, its size in bytes and its SHA-256 in lower-case hexadecimal. */
export interface FileEntry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Head extends FileEntry {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** Raw bytes, row by row, channels innermost. */
export interface ImageInput {
  readonly kind: 'image';
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly type: 'uint8';
  readonly encoding: string;
}

/** Every raw column in its order, the ignored ones too. */
export interface TableInput {
  readonly kind: 'table';
  readonly columns: readonly InputColumn[];
}

export const columnKinds = ['numeric', 'count', 'binary', 'categorical', 'timestamp', 'ignored'] as const;

/** A value that a column takes: a text where its cells are texts; booleans where its cells were such, and enter as 0 and 1. */
export type Level = string | number | boolean;

/** A raw column of a table. Cells of one tensor lie in the order of the columns that name it. */
export interface InputColumn {
  readonly name: string;
  readonly kind: (typeof columnKinds)[number];
  /**
   * Where its cells enter: `numbers` float64 [batch, n], NaN where missing, timestamps as milliseconds since 1970; `texts`
   * string [batch, m], empty where missing. Absent where the column is ignored.
   */
  readonly tensor?: 'numbers' | 'texts';
  /** Of a binary column (two) and a categorical one: every value seen in training. */
  readonly levels?: readonly Level[];
  /** How its cells were written in the files that were trained on, where that is not plain. */
  readonly written?: Written;
  /** In words. */
  readonly encoding?: string;
  /** Why it is ignored. */
  readonly reason?: string;
}

/** Scores of rows that were not trained on, and the threshold that they give. */
export interface Calibration {
  readonly rows: number;
  /** The rate of false alarms that is kept where no other is asked for, between 0 and 1. */
  readonly fpr: number;
  /** `thresholdFor(scores, fpr)`: a score above it is an anomaly. */
  readonly threshold: number;
  /** Ascending and finite. */
  readonly scores: readonly number[];
  /** What the rows were. */
  readonly data: string;
  /** SHA-256 of the scorer that gave the scores; from format version 3 on. */
  readonly scorer?: string;
}

/** What a score is: a negative bound on log p(x), or a distance to neighbours. */
export interface Score {
  readonly kind: 'bound' | 'neighbours';
  readonly meaning: string;
  readonly unit: 'nats' | 'distance';
  readonly bound: string;
  readonly samples: number;
  /** What a contribution consists of, in words. */
  readonly parts?: readonly string[];
}

/** A run that another has learned from, for the record: what it has seen itself, and what it cost. */
export interface EarlierRun {
  /** The name of its folder. */
  readonly run: string;
  readonly recipe: string;
  readonly data: string;
  readonly labels: number;
  readonly seed: number;
  readonly step: number;
  /** Time that its training took, with that of the run which it began with itself. */
  readonly minutes: number;
  /** Of the checkpoint that was read. */
  readonly sha256: string;
}

/** A run whose trained parameters another began with. */
export interface Origin extends EarlierRun {
  /** How many parameters, each a tensor, were taken over, of how many. */
  readonly taken: number;
  readonly parameters: number;
}

export interface Manifest {
  readonly format: 'semivae-bundle';
  readonly formatVersion: 1 | 2 | 3;
  /** SHA-256 of the bytes of manifest.json, its own digits taken for zeros; from format version 3 on. `sealManifest` makes it. */
  readonly checksum?: string;
  readonly name: string;
  readonly description: string;
  readonly model: {
    readonly kind: string;
    readonly paper: string;
    readonly sizes: Readonly<Record<string, number | readonly number[]>>;
  };
  readonly input: ImageInput | TableInput;
  /** Class names by index; empty for a model without classes, whose heads then take no `y`. */
  readonly labels: readonly string[];
  readonly latent: { readonly size: number };
  readonly heads: {
    readonly classifier?: Head;
    readonly encoder: Head;
    readonly decoder: Head;
    readonly scorer: Head;
    /** Tables only. */
    readonly imputer?: Head;
    /** Tables only: rows drawn from p(x|y,z), of as many uniform values as its input `uniforms` is wide. */
    readonly sampler?: Head;
  };
  readonly score: Score;
  readonly calibration?: Calibration;
  /** How held-out rows are distributed, for comparison with later ones. */
  readonly reference?: FileEntry;
  readonly training: {
    readonly data: string;
    readonly rows: number;
    readonly labelled: number;
    readonly seed: number;
    readonly epochs: number;
    readonly steps: number;
    readonly engine: string;
    readonly metrics: Readonly<Record<string, number>>;
    readonly recipe: unknown;
    /** The run whose trained parameters this one began with. */
    readonly initFrom?: Origin;
    /** The runs whose answers were believed at the start. */
    readonly taughtBy?: readonly EarlierRun[];
  };
  readonly parity: FileEntry;
  readonly versions: Readonly<Record<string, string>>;
}
