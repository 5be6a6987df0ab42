import type { Dataset, Images } from '@semivae/data';
import { loadDataset } from '@semivae/data/node';
import { CommandFailure } from './failure.ts';
import type { Output } from './output.ts';
import { showBytes } from './table.ts';

export interface DataFlags {
  readonly data?: string;
  readonly dataDir?: string;
}

/** A dataset by name or folder, `unlabelled` being the label that means none; what must be known of it is told. Throws `DATA_…`, `IDX_…`, `LABEL_UNKNOWN`. */
export async function openData(
  name: string,
  dataDir: string | undefined,
  output: Output,
  unlabelled?: string,
): Promise<Dataset> {
  const told = new Set<string>();
  const data = await loadDataset(name, {
    ...(dataDir !== undefined && { dataDir }),
    unlabelled,
    onProgress({ file, total }) {
      if (told.has(file)) return;
      told.add(file);
      output.note(`fetching ${file}${total ? ` (${showBytes(total)})` : ''}`);
    },
  });
  for (const note of data.notes ?? []) output.note(`note    ${note}`);
  return data;
}

/** These rows of some images, in this order. */
export function rowsOf(images: Images, rows: ArrayLike<number>): Images {
  const width = images.bytes.length / images.rows;
  const bytes = new Uint8Array(rows.length * width);
  const labels = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    bytes.set(images.bytes.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    labels[i] = images.labels[rows[i]!]!;
  }
  return { ...images, rows: rows.length, bytes, labels };
}

/** The images that have a label. */
export function labelledOf(images: Images): Images {
  const rows = images.labels.reduce<number[]>((all, label, row) => {
    if (label >= 0) all.push(row);
    return all;
  }, []);
  return rows.length === images.rows ? images : rowsOf(images, rows);
}

/** What images must agree with before a model can answer for them. */
export interface Expected {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly classes: readonly string[];
}

/** Throws `DATA_MISFIT` where images have another size, or other classes, than a model was trained on. */
export function checkFits(images: Images, { name, width, height, classes }: Expected): void {
  const remedy = `Choose --data of the kind that ${name} was trained on.`;
  const misfit = (problem: string) => new CommandFailure('DATA_MISFIT', images.name, problem, remedy);
  if (images.width !== width || images.height !== height) {
    throw misfit(`images of ${images.width}×${images.height}, where the model takes ${width}×${height}`);
  }
  if (classes.length && images.classes.join() !== classes.join()) {
    throw misfit(`its classes are ${images.classes.join(', ')}, those of the model ${classes.join(', ')}`);
  }
}
