import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { TrainingSet } from '../training-set.ts';
import type { RowStore } from './prepare.ts';

/** Rows that are read from the file at once; a batch finds its rows among them. */
const TOGETHER = 65_536;

/** Reads runs of neighbouring rows; the last one stays in memory. */
function openRuns(file: number, rows: number, width: number) {
  const run = new Float32Array(Math.min(TOGETHER, rows) * width);
  let current = -1;
  return (index: number): Float32Array => {
    if (index === current) return run;
    readSync(file, new Uint8Array(run.buffer), 0, run.byteLength, index * TOGETHER * width * 4);
    current = index;
    return run;
  };
}

/** The rows of each run, in the order that they are asked for. */
function copying(file: number, rows: number, width: number): TrainingSet['copy'] {
  const read = openRuns(file, rows, width);
  return (chosen, out) => {
    const order = Array.from(chosen, (row, at) => ({ run: Math.floor(row / TOGETHER), row, at }));
    for (const { run, row, at } of order.sort((a, b) => a.run - b.run)) {
      const from = (row - run * TOGETHER) * width;
      out.set(read(run).subarray(from, from + width), at * width);
    }
  };
}

/** A place in a file for more encoded rows than memory may hold. `close` removes it. */
export function openSpill(path: string, rows: number, width: number): RowStore & { close(): void } {
  const file = openSync(path, 'w+');
  return {
    append: (x) => void writeSync(file, new Uint8Array(x.buffer, x.byteOffset, x.byteLength)),
    set: (about) => ({
      ...about,
      rows,
      width,
      type: 'float32',
      together: TOGETHER,
      copy: copying(file, rows, width),
    }),
    close() {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}
