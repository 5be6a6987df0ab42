import type { Row } from './cells.ts';
import {
  type CellOutputs,
  cellOutputs,
  columnsOfCells,
  columnsOfRows,
  rawTensors,
  rowsOfColumns,
} from './columns.ts';
import { InputKind } from './errors.ts';
import type { Features, Outputs } from './heads.ts';
import { type Image, imagesOf } from './image.ts';
import { type Images, imageRows, isPixels, type Rows } from './inputs.ts';
import type { ImageInput, Manifest, TableInput } from './manifest.ts';

export type Given = Images | readonly Row[];
export type Made = Image | Row;
type Decoded = 'mean' | 'cells/numbers' | 'cells/texts';

/** How what a model is given enters its heads, and how what it makes leaves its decoder. */
export interface Form {
  /** Throws INPUT_KIND, INPUT_SHAPE, INPUT_TYPE, INPUT_NOT_FINITE, COLUMN_MISSING. */
  read(x: Given): Rows<Features>;
  /** The decoder's outputs that `write` takes. */
  readonly outputs: readonly Decoded[];
  write(decoded: Partial<Outputs<Decoded>>, labels: readonly (string | undefined)[]): Made[];
}

export function formOf({ input }: Manifest): Form {
  return input.kind === 'image' ? imageForm(input) : tableForm(input);
}

function imageForm(input: ImageInput): Form {
  return {
    read(x) {
      const { rows, data } = imageRows(imagesGiven(x, input), input);
      return { rows, data: { x: data } };
    },
    outputs: ['mean'],
    write: ({ mean }, labels) => imagesOf(mean!, input, labels),
  };
}

/** What a bundle of images takes. Throws INPUT_KIND for a bundle of a table. */
export function imageInput({ input, name }: Pick<Manifest, 'input' | 'name'>): ImageInput {
  if (input.kind === 'image') return input;
  const remedy = 'Give rows of a table, or load a bundle of images.';
  throw new InputKind(name, 'its input is the rows of a table, not images', remedy);
}

/** Throws INPUT_KIND for the rows of a table. */
function imagesGiven(x: Given, { width, height, channels }: ImageInput): Images {
  const first: unknown = Array.isArray(x) ? x[0] : undefined;
  const other = typeof first === 'object' && first !== null && !('length' in first) && !isPixels(first);
  if (!other) return x as Images;
  const remedy = `Give images of ${width} × ${height}, ${channels === 1 ? 'one byte' : `${channels} bytes`} a pixel.`;
  throw new InputKind('x', 'rows of a table, given to a model of images', remedy);
}

function tableForm({ columns }: TableInput): Form {
  return {
    read(x) {
      const { rows, data } = rawTensors(columnsOfRows(x, columns), columns);
      return { rows, data: { ...data } };
    },
    outputs: cellOutputs(columns),
    write: (cells: CellOutputs, { length: rows }) =>
      rowsOfColumns(columnsOfCells(cells, columns, rows), columns, rows),
  };
}
