import { graph, input, type Tensors } from '@semivae/graph';
import { layoutOf, type Model, type TableColumns } from '@semivae/model';
import type { Engine } from '@semivae/train';
import { askRows } from './ask.ts';
import {
  type Anomalies,
  anomaliesOf,
  coordinates,
  halfSquaresName,
  neighbourStrangeness,
  type Reference,
  referenceOf,
  rowsName,
  UNIT,
} from './detector.ts';
import { SURPRISE_UNIT, type SurpriseUnit, surpriseUnit, unitOf } from './surprise.ts';
import { codedAt, coordinatesGraph } from './table-heads.ts';

/** Rows that are kept in the file to compare with, as its leaves and their values; none where the score is the bound. */
export interface Kept {
  readonly reference?: Reference;
  readonly anomalies?: Anomalies;
  readonly surpriseUnit?: SurpriseUnit;
  readonly tensors: Tensors;
}

export const NOTHING_KEPT: Kept = { tensors: {} };

/** How many rows are kept to compare with. */
export const keptRows = ({ reference }: Kept): number =>
  (reference?.rows.shape[0] as number | undefined) ?? 0;

/** Coordinates and half their squared lengths, named as leaves are. */
export function placedTensors(name: string, placed: Tensors[string]): Tensors {
  const [rows, size] = placed.shape as readonly [number, number];
  const halfSquares = Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * size; i < (row + 1) * size; i++) sum += placed.data[i]! ** 2;
    return sum / 2;
  });
  return { [rowsName(name)]: placed, [halfSquaresName(name)]: { shape: [rows], data: halfSquares } };
}

/** A trained model of a table, and what computes it. */
export interface TrainedModel {
  readonly engine: Engine;
  readonly model: Model;
  readonly columns: TableColumns;
  readonly state: Tensors;
}

const placesOf = ({ engine, model, columns, state }: TrainedModel, x: Tensors[string]) =>
  askRows(engine, coordinatesGraph(model, columns), state, x, 'coordinates');

/** The scores of reference rows among the others. */
async function ordinaryScores(trained: TrainedModel, kept: Kept, x: Tensors[string]) {
  const { engine, model, columns, state } = trained;
  const layout = layoutOf(columns);
  const rows = input('x', ['batch', layout.size]);
  const place = coordinates(layout, rows, codedAt(model, rows));
  const { score } = neighbourStrangeness(layout, place, kept.reference!, model.z.size, 1);
  const ordinary = graph('ordinary', { score });
  const { data } = await askRows(engine, ordinary, { ...state, ...kept.tensors }, x, 'score');
  return data;
}

const meanOf = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((sum, each) => sum + each, 0) / numbers.length;

export const REFERENCE = 'reference';
const ANOMALIES = 'anomalies';
const LEAST_UNIT = 1e-6;

async function keepAnomalies(
  trained: TrainedModel,
  kept: Kept,
  x: Tensors[string],
  known: Tensors[string],
): Promise<Kept> {
  const places = await placesOf(trained, known);
  const unit = Math.max(LEAST_UNIT, meanOf(await ordinaryScores(trained, kept, x)));
  return {
    ...kept,
    anomalies: anomaliesOf(ANOMALIES, ...(places.shape as [number, number])),
    tensors: {
      ...kept.tensors,
      ...placedTensors(ANOMALIES, places),
      [UNIT]: { shape: [], data: Float32Array.of(unit) },
    },
  };
}

/** What a nat of surprise is worth beside the distances of ordinary rows. */
async function keepUnit(trained: TrainedModel, kept: Kept, x: Tensors[string]): Promise<Kept> {
  if (!trained.columns.surprise) return kept;
  const data = Float32Array.of(unitOf(await ordinaryScores(trained, kept, x)));
  return {
    ...kept,
    surpriseUnit: surpriseUnit(),
    tensors: { ...kept.tensors, [SURPRISE_UNIT]: { shape: [], data } },
  };
}

/** Rows of a run, encoded, as their coordinates in a trained model: training rows to compare with, known anomalies. */
export async function keepRows(trained: TrainedModel, { reference, anomalies }: Tensors): Promise<Kept> {
  if (!reference || reference.shape[0]! < 2) return NOTHING_KEPT;
  const places = await placesOf(trained, reference);
  const alone: Kept = {
    reference: referenceOf(REFERENCE, ...(places.shape as [number, number])),
    tensors: placedTensors(REFERENCE, places),
  };
  const kept = await keepUnit(trained, alone, reference);
  return anomalies?.shape[0] ? keepAnomalies(trained, kept, reference, anomalies) : kept;
}
