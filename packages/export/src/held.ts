import { type Graph, graph, input, type Tensors } from '@semivae/graph';
import { layoutOf, type Model, type TableColumns } from '@semivae/model';
import { type Calibration, thresholdFor } from '@semivae/runtime/core';
import type { Bound, Engine } from '@semivae/train';
import { askRows } from './ask.ts';
import { REFERENCE, REFERENCE_SQUARES, type Reference, referenceOf } from './detector.ts';
import { coordinatesGraph, strangenessOf } from './table-heads.ts';

/** Rows that are kept in the file to compare with, as its leaves and their values; nothing where the score is the bound. */
export interface Kept {
  readonly reference?: Reference;
  readonly tensors: Tensors;
  readonly rows: number;
}

/** Reference rows, encoded, as their coordinates under a trained state. */
export async function keepReference(
  engine: Engine,
  model: Model,
  columns: TableColumns,
  state: Tensors,
  x: Tensors[string],
): Promise<Kept> {
  const rows = x.shape[0]!;
  if (rows === 0) return { tensors: {}, rows };
  const placed = await askRows(engine, coordinatesGraph(model, columns), state, x, 'coordinates');
  const size = placed.shape[1]!;
  const halfSquares = Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * size; i < (row + 1) * size; i++) sum += placed.data[i]! ** 2;
    return sum / 2;
  });
  return {
    reference: referenceOf(rows, size),
    tensors: { [REFERENCE]: placed, [REFERENCE_SQUARES]: { shape: [rows], data: halfSquares } },
    rows,
  };
}

/** The score alone, from encoded rows. */
export function scoreGraph(model: Model, columns: TableColumns, bound: Bound, { reference }: Kept): Graph {
  const x = input('x', ['batch', layoutOf(columns).size]);
  return graph('score', { score: strangenessOf(model, columns, x, bound, reference).score });
}

/** Scores in ascending order, all their digits kept so that equal ones stay equal, and the threshold that they give. Throws `CALIBRATION_TOO_FEW`. */
export function calibrationOf(scores: ArrayLike<number>, fpr: number, data: string): Calibration {
  const ascending = Array.from(scores).sort((a, b) => a - b);
  return { rows: ascending.length, fpr, threshold: thresholdFor(ascending, fpr), scores: ascending, data };
}
