import {
  graph,
  input,
  matmul,
  mul,
  parameter,
  type StoredTensor,
  square,
  sub,
  sum,
  topK,
  transpose,
} from '@semivae/graph';
import type { Tensor, Tensors } from '@semivae/runtime/core';
import type { Engine } from '../engines/engine.ts';
import { fed } from '../engines/onnxruntime.ts';

/** The nearest rows of each row, nearest first, itself left out: rows · count numbers of each kind. */
export interface Nearest {
  readonly rows: number;
  readonly count: number;
  readonly indices: Int32Array;
  readonly squaredDistances: Float32Array;
}

const ROWS_AT_ONCE = 500;

/** −½|a − b|² + ½|a|² between some rows a and all rows b, which ranks as the distance does. */
function closenessGraph(rows: number, width: number, count: number) {
  const [asked, all] = [
    input('asked', ['batch', width]),
    parameter('all', [rows, width], { kind: 'constant', value: 0 }),
  ];
  const closeness = sub(matmul(asked, transpose(all)), mul(sum(square(all), [-1]), 0.5));
  const { values, indices } = topK(closeness, count);
  return graph('nearest rows', { closeness: values, indices });
}

const squaredLength = (row: Float32Array): number => row.reduce((total, each) => total + each * each, 0);

/** The others of what was found for a row, by their distance; the row is likely to be among them, but not if many equal it. */
function keepOthers(row: number, length: number, found: Tensors, at: number, kept: Nearest): void {
  const { count, indices, squaredDistances } = kept;
  for (let i = 0, to = row * count; i <= count && to < (row + 1) * count; i++) {
    const other = Number(found.indices!.data[at + i]);
    if (other === row) continue;
    indices[to] = other;
    squaredDistances[to++] = Math.max(0, length - 2 * Number(found.closeness!.data[at + i]));
  }
}

/** The nearest others of each row of [rows, width] features by the Euclidean distance, so many, or all where there are fewer. */
export async function nearestRows(
  engine: Engine,
  { shape, data }: StoredTensor,
  most: number,
): Promise<Nearest> {
  const [rows, width] = shape as readonly [number, number];
  const count = Math.min(most, rows - 1);
  const size = rows * count;
  const kept = { rows, count, indices: new Int32Array(size), squaredDistances: new Float32Array(size) };
  const evaluator = await engine.openGraph(closenessGraph(rows, width, count + 1));
  const all = fed({ shape, data });
  try {
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      const own = data.slice(start * width, (start + ROWS_AT_ONCE) * width);
      const asked: Tensor = { type: 'float32', dims: [own.length / width, width], data: own };
      const found = await evaluator.run({ asked, all });
      for (let i = 0; i < own.length / width; i++) {
        const length = squaredLength(own.subarray(i * width, (i + 1) * width));
        keepOthers(start + i, length, found, i * (count + 1), kept);
      }
    }
  } finally {
    await evaluator.close();
  }
  return kept;
}
