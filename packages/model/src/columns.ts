import { cast, type Dimension, div, input, type LeafValue, type Value } from '@semivae/graph';

/** Raw input of one kind, and how the graph encodes it: the same in training and in what ships. */
export interface ImageColumns {
  readonly kind: 'image';
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The number of features that an image becomes. */
export const featuresOf = ({ width, height, channels }: ImageColumns): number => width * height * channels;

/** The raw input leaf: bytes 0…255, [rows, features]. */
export const rawInput = (columns: ImageColumns, rows: Dimension, name = 'x'): LeafValue<'input'> =>
  input(name, [rows, featuresOf(columns)], 'uint8');

/** Bytes scaled to [0, 1], float32. */
export const encodeImages = (raw: Value): Value => div(cast(raw, 'float32'), 255);

/** What `encodeImages` does, for a manifest. */
export const IMAGE_ENCODING = 'x / 255';
