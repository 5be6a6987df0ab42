/** Grey images with their labels, row after row. */
export interface Images {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
  /** `rows · height · width` intensities, 0..255. */
  readonly bytes: Uint8Array;
  /** `rows` indices into `classes`, −1 where a row has no label. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/** A training and a test set of the same shape and classes. */
export interface Dataset {
  readonly name: string;
  readonly train: Images;
  readonly test: Images;
  /** Where the bytes came from: a folder, the cache, or the drawing routine and its seed. */
  readonly source: string;
  readonly licence: string;
  readonly citation: string;
  /** What was made of the files, where a person may have meant something else. */
  readonly notes?: readonly string[];
}
