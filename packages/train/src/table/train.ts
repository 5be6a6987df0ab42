import type { Table } from '@semivae/data';
import {
  encodeSamples,
  type PreparedTable,
  type PrepareOptions,
  prepareTable,
  type RawRows,
} from '@semivae/data';
import type { Recipe } from '@semivae/recipe';
import type { Engine } from '../engines/engine.ts';
import { openFigures } from '../figures.ts';
import { type Checkpoint, fit } from '../fit.ts';
import { type Figures, hasStopped, shippedEpoch } from '../monitor.ts';
import { describeTable, heldTensors, type RunInfo } from '../run-info.ts';
import { completeRecipe } from './complete.ts';

export interface TrainTableOptions extends PrepareOptions {
  readonly engine: Engine;
}

/** A table trained in memory: with a name and a version, what `ship` asks for. */
export interface TrainedTable {
  readonly info: RunInfo;
  readonly checkpoint: Checkpoint;
  readonly metrics: Readonly<Record<string, number>>;
  readonly held: {
    readonly tensors: ReturnType<typeof heldTensors>;
    readonly sample: Uint8Array;
    readonly calibration: RawRows;
  };
  readonly prepared: PreparedTable;
}

type Ended = Pick<TrainedTable, 'checkpoint' | 'metrics'>;

/** The last epoch, or the one whose figure on the validation rows is best. */
async function kept(
  recipe: Recipe,
  { set }: PreparedTable,
  { seed, engine }: TrainTableOptions,
): Promise<Ended> {
  const figuresOf = await openFigures({ recipe, seed, set, engine });
  const epochs: Figures[] = [];
  let ships: Ended | undefined;
  for await (const report of fit(recipe, set, { seed, engine })) {
    if (!report.epochEnded) continue;
    const checkpoint = await report.checkpoint();
    const metrics = { ...report.metrics, ...(await figuresOf(checkpoint.state)) };
    epochs.push(metrics);
    if (shippedEpoch(recipe, epochs) === epochs.length - 1) ships = { checkpoint, metrics };
    if (hasStopped(recipe, epochs)) break;
  }
  return ships!;
}

/** Reads a table, trains on it and keeps what ships. Throws as `prepareTable` and `fit` do. */
export async function trainTable(
  table: Table,
  asked: Recipe,
  options: TrainTableOptions,
): Promise<TrainedTable> {
  const { seed, engine } = options;
  const prepared = await prepareTable(table, asked, options);
  const recipe = completeRecipe(asked, prepared, seed);
  const ended = await kept(recipe, prepared, options);
  const sample = new TextEncoder().encode(encodeSamples(prepared));
  return {
    info: { recipe, seed, engine: engine.name, data: describeTable(prepared, recipe), versions: {} },
    ...ended,
    held: { tensors: heldTensors(prepared), sample, calibration: prepared.calibrationCells },
    prepared,
  };
}
