import { modelOf } from '../assemble.ts';
import type { Table } from '../data/table/table.ts';
import { someRows } from '../data/training-set.ts';
import type { Engine } from '../engines/engine.ts';
import { type Checkpoint, chooseRows, fit, shapeOf } from '../fit.ts';
import { openJudge } from '../judge.ts';
import type { Recipe } from '../recipe.ts';
import { describeTable, heldTensors, type RunInfo } from '../run-info.ts';
import { completeRecipe } from './complete.ts';
import { type PreparedTable, type PrepareOptions, prepareTable } from './prepare.ts';
import { encodeSamples } from './samples.ts';

export interface TrainTableOptions extends PrepareOptions {
  readonly engine: Engine;
}

/** A table trained in memory: with a name and a version, what `ship` asks for. */
export interface TrainedTable {
  readonly info: RunInfo;
  readonly checkpoint: Checkpoint;
  readonly metrics: Readonly<Record<string, number>>;
  readonly held: { readonly tensors: ReturnType<typeof heldTensors>; readonly sample: Uint8Array };
  readonly prepared: PreparedTable;
}

type Ended = Pick<TrainedTable, 'checkpoint' | 'metrics'>;

/** The last epoch, or the one whose bound on the validation rows is best. */
async function kept(
  recipe: Recipe,
  prepared: PreparedTable,
  { seed, engine }: TrainTableOptions,
): Promise<Ended> {
  const { set } = prepared;
  const { train, validation } = chooseRows(recipe, set, seed);
  const held = someRows(set, validation);
  const shape = shapeOf(set, train.length);
  const judge = await openJudge(engine, modelOf(recipe, shape), shape);
  const judges = recipe.keep === 'best' && held.rows > 0;
  let best: Ended | undefined;
  for await (const report of fit(recipe, set, { seed, engine })) {
    if (!report.epochEnded) continue;
    const checkpoint = await report.checkpoint();
    const validationBound = judges ? await judge(checkpoint.state, held) : undefined;
    if (judges && best && validationBound! <= best.metrics.validationBound!) continue;
    best = { checkpoint, metrics: { ...report.metrics, ...(judges && { validationBound }) } };
  }
  return best!;
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
  const sample = new TextEncoder().encode(encodeSamples(prepared.columns, prepared.sample));
  return {
    info: { recipe, seed, engine: engine.name, data: describeTable(prepared, recipe), versions: {} },
    ...ended,
    held: { tensors: heldTensors(prepared), sample },
    prepared,
  };
}
