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
import type { Tensor } from '@semivae/runtime/core';
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

/** Finds the `count` nearest others of each row of [rows, width] features by the Euclidean distance. */
export async function nearestRows(
  engine: Engine,
  { shape, data }: StoredTensor,
  count: number,
): Promise<Nearest> {
  const [rows, width] = shape as readonly [number, number];
  const evaluator = await engine.openGraph(closenessGraph(rows, width, count + 1));
  const all = fed({ shape, data });
  const indices = new Int32Array(rows * count);
  const squaredDistances = new Float32Array(rows * count);
  try {
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      const own = data.slice(start * width, (start + ROWS_AT_ONCE) * width);
      const asked: Tensor = { type: 'float32', dims: [own.length / width, width], data: own };
      const found = await evaluator.run({ asked, all });
      for (let i = 0; i < own.length / width; i++) {
        const row = start + i;
        const length = squaredLength(data.subarray(row * width, (row + 1) * width));
        let to = row * count;
        for (let j = 0; j <= count && to < (row + 1) * count; j++) {
          const other = Number(found.indices!.data[i * (count + 1) + j]);
          if (other === row) continue;
          indices[to] = other;
          squaredDistances[to++] = Math.max(
            0,
            length - 2 * Number(found.closeness!.data[i * (count + 1) + j]),
          );
        }
      }
    }
  } finally {
    await evaluator.close();
  }
  return { rows, count, indices, squaredDistances };
}
