import { digits, imageSet, type Table } from '@semivae/data';
import { type BundleFiles, type ShipOptions, ship } from '@semivae/export';
import { parseRecipe, type Recipe, type RecipeInput } from '@semivae/recipe';
import {
  type Checkpoint,
  fit,
  onnxRuntimeEngine,
  type Report,
  type TrainedTable,
  trainTable,
} from '@semivae/train';
import { describeData } from '@semivae/train/node';

/** A model that was really trained and shipped, if only for a moment. */
export interface Tiny {
  readonly options: ShipOptions;
  readonly files: BundleFiles;
}

async function last(
  reports: AsyncIterable<Report>,
): Promise<{ checkpoint: Checkpoint; metrics: Report['metrics'] }> {
  for await (const report of reports) {
    if (report.step === report.steps)
      return { checkpoint: await report.checkpoint(), metrics: report.metrics };
  }
  throw new Error('no step was made');
}

/** A small model of the embedded digits: one epoch, one hidden layer of 32, 4 latents. */
export async function tiny(
  kind: Recipe['model']['kind'],
  model: RecipeInput['model'] = {},
  labels = kind === 'm1' ? 0 : 500,
): Promise<Tiny> {
  const engine = onnxRuntimeEngine({ threads: 1 });
  const recipe = parseRecipe({
    name: `tiny-${kind}`,
    data: { labels },
    model: { kind, latent: 4, hidden: [32], ...model },
    optimizer: { learningRate: 1e-2 },
    epochs: 1,
  });
  const data = digits({ train: 2000, test: 20 });
  const info = { recipe, seed: 1, engine: engine.name, data: describeData(data), versions: {} };
  const trained = await last(fit(recipe, imageSet(data.train), { seed: info.seed, engine }));
  const options = { name: recipe.name, info, ...trained, version: '0.1.0', engine };
  return { options, files: await ship(options) };
}

export interface TinyTable extends Tiny {
  readonly trained: TrainedTable;
}

/** A small model of a table: 300 steps, one hidden layer of 24, 3 latents, 200 rows kept to compare with. */
export async function tinyTable(table: Table, asked: RecipeInput = {}): Promise<TinyTable> {
  const engine = onnxRuntimeEngine({ threads: 1 });
  const recipe = parseRecipe({
    name: 'tiny-table',
    epochs: 6,
    stepsPerEpoch: 50,
    keep: 'best',
    ...asked,
    data: { labels: 0, validation: 0.1, calibration: 0.2, ...asked.data },
    model: { kind: 'm1', latent: 3, hidden: [24], activation: 'silu', ...asked.model },
    objective: { klWarmup: 50, inputNoise: 0.1, hide: 0.25, ...asked.objective },
    batch: { labelled: 16, unlabelled: 64, ...asked.batch },
    optimizer: { learningRate: 5e-3, warmup: 10, average: 0.95, ...asked.optimizer },
    score: { kind: 'elbo', samples: 4, neighbours: 200, ...asked.score },
  });
  const trained = await trainTable(table, recipe, { seed: 1, engine });
  const options = { name: recipe.name, version: '0.1.0', engine, fpr: 0.02, ...trained };
  return { trained, options, files: await ship(options) };
}
