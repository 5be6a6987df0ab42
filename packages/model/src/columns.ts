import { cast, type Dimension, div, input, type LeafValue, type Value } from '@semivae/graph';
import type { TableColumns } from './table/columns.ts';
import { encodeTable, type RawTable, rawTable } from './table/encode.ts';
import { layoutOf } from './table/layout.ts';

/** Raw pixels, as bytes. */
export interface ImageColumns {
  readonly kind: 'image';
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Raw input of one kind, and how the graph encodes it: the same in training and in what ships. */
export type Columns = ImageColumns | TableColumns;

/** The number of features that a raw row becomes. */
export const featuresOf = (columns: Columns): number =>
  columns.kind === 'image' ? columns.width * columns.height * columns.channels : layoutOf(columns).size;

/** Raw input leaves by name: `x` of bytes for images, `numbers` and `texts` for tables. */
export type RawInputs = Readonly<Record<string, LeafValue<'input'>>>;

/** The raw input leaves of some rows. */
export const rawInputs = (columns: Columns, rows: Dimension): RawInputs =>
  columns.kind === 'image' ? { x: rawImages(columns, rows, 'x') } : { ...rawTable(columns, rows) };

/** Raw rows as the model sees them: float32 [rows, features]. */
export const encodeRaw = (columns: Columns, raw: RawInputs): Value =>
  columns.kind === 'image' ? encodeImages(raw.x!) : encodeTable(columns, raw as RawTable);

/** The raw input leaf of images: bytes 0…255, [rows, features]. */
export const rawImages = (columns: ImageColumns, rows: Dimension, name: string): LeafValue<'input'> =>
  input(name, [rows, featuresOf(columns)], 'uint8');

/** Bytes scaled to [0, 1], float32. */
export const encodeImages = (raw: Value): Value => div(cast(raw, 'float32'), 255);

/** Rows as a training step is fed them, and as the model sees them: bytes for images, encoded rows for tables. */
export function trainingRows(
  columns: Columns,
  rows: Dimension,
  name: string,
): { readonly raw: LeafValue<'input'>; readonly x: Value } {
  const raw =
    columns.kind === 'image' ? rawImages(columns, rows, name) : input(name, [rows, featuresOf(columns)]);
  return { raw, x: columns.kind === 'image' ? encodeImages(raw) : raw };
}

/** What `encodeImages` does, for a manifest. */
export const IMAGE_ENCODING = 'x / 255';
