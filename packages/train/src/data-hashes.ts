import { createHash, type Hash } from 'node:crypto';
import type { Cells, Chunk, TrainingSet } from '@semivae/data';

/** SHA-256 of parts of the data, by what people call them. */
export type DataHashes = Readonly<Record<string, string>>;

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const TOGETHER = 4096;

/** All rows of a set in memory, as a step is fed them. */
function rowsHash(set: TrainingSet): string {
  const hash = createHash('sha256');
  for (let from = 0; from < set.rows; from += TOGETHER) {
    const rows = Int32Array.from({ length: Math.min(TOGETHER, set.rows - from) }, (_, i) => from + i);
    const length = rows.length * set.width;
    const out = set.type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
    set.copy(rows, out);
    hash.update(bytesOf(out));
  }
  return hash.digest('hex');
}

const labelsHash = ({ labels }: TrainingSet): string => hashOf(bytesOf(Int32Array.from(labels)));

/** Hashes of images and their labels. */
export const imageHashes = (train: TrainingSet, test: TrainingSet): DataHashes => ({
  'the training images': rowsHash(train),
  'the training labels': labelsHash(train),
  'the test images': rowsHash(test),
  'the test labels': labelsHash(test),
});

function addCells(hash: Hash, cells: Cells): void {
  if (cells instanceof Float64Array) hash.update(bytesOf(cells));
  else hash.update(cells.map((cell) => `${JSON.stringify(cell)},`).join(''));
}

/** Hashes of the cells of a table, column by column, as its chunks come by. */
export function openTableHashes() {
  const columns = new Map<string, Hash>();
  return {
    add({ columns: cells }: Chunk): void {
      for (const [name, each] of Object.entries(cells)) {
        if (!columns.has(name)) columns.set(name, createHash('sha256'));
        addCells(columns.get(name)!, each);
      }
    },
    hashes: (set: TrainingSet): DataHashes => ({
      ...Object.fromEntries([...columns].map(([name, hash]) => [`column '${name}'`, hash.digest('hex')])),
      ...(set.classes.length > 0 && { 'the labels': labelsHash(set) }),
    }),
  };
}
