import { type BundleFiles, type ShipOptions, ship } from '@semivae/export';
import {
  type Checkpoint,
  digits,
  fit,
  imageSet,
  onnxRuntimeEngine,
  parseRecipe,
  type Report,
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

export type TinyKind = 'm1' | 'm2' | 'few-labels';

/** What sets M2 for few labels apart: a normalised classifier, held to more than its labels. */
const fewLabels = {
  classifier: { hidden: [24], dropout: 0.1 },
  objective: { adversarial: { weight: 1 }, entropy: 0.5, balance: 1 },
};

/** A small model of the embedded digits: one epoch, one hidden layer of 32, 4 latents. */
export async function tiny(kind: TinyKind): Promise<Tiny> {
  const engine = onnxRuntimeEngine({ threads: 1 });
  const { classifier, objective } = kind === 'few-labels' ? fewLabels : {};
  const recipe = parseRecipe({
    name: `tiny-${kind}`,
    data: { labels: kind === 'm1' ? 0 : 500 },
    model: { kind: kind === 'm1' ? 'm1' : 'm2', latent: 4, hidden: [32], classifier },
    objective,
    optimizer: { learningRate: 1e-2 },
    epochs: 1,
  });
  const data = digits({ train: 2000, test: 20 });
  const info = { recipe, seed: 1, engine: engine.name, data: describeData(data), versions: {} };
  const trained = await last(fit(recipe, imageSet(data.train), { seed: info.seed, engine }));
  const options = { name: recipe.name, info, ...trained, version: '0.1.0', engine };
  return { options, files: await ship(options) };
}
