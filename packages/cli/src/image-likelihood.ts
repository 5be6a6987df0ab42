import { type Images, imageSet, someRows } from '@semivae/data';
import { openLikelihood, shapeOf } from '@semivae/train/node';
import type { EvaluateImagesOptions } from './image-options.ts';
import type { TrainedRun } from './image-source.ts';
import { checkInterruption } from './interruption.ts';
import { openRowProgress, showCount } from './row-progress.ts';

/** The mean of log p(x) over test rows. */
export interface MeanLikelihood {
  /** Nats a row. */
  readonly mean: number;
  /** How far the mean may be off for the choice of rows: the deviation over rows, divided by √n. */
  readonly standardError: number;
  readonly unit: 'nats';
  readonly n: number;
  /** Importance samples of each row. */
  readonly samples: number;
  /** Whether rows were thrown to black or white, as in training. */
  readonly binarized: boolean;
  readonly rowsPerSecond: number;
}

function meanOf(nats: Float64Array): Pick<MeanLikelihood, 'mean' | 'standardError'> {
  const mean = nats.reduce((sum, each) => sum + each, 0) / nats.length;
  const squares = nats.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / Math.max(1, nats.length - 1) / nats.length) };
}

/** The importance-weighted log-likelihood of test rows under a run's model (Burda et al. 2016). Throws `INTERRUPTED`. */
export async function testLikelihood(
  { info, model, engine, checkpoint }: TrainedRun,
  test: Images,
  { likelihood: samples = 5000, rows = test.rows }: Pick<EvaluateImagesOptions, 'likelihood' | 'rows'>,
): Promise<MeanLikelihood> {
  const { binarize } = info.recipe.data;
  const set = imageSet(test);
  const first = someRows(
    set,
    Int32Array.from({ length: Math.min(rows, test.rows) }, (_, row) => row),
  );
  const shape = shapeOf(set, info.data.trainRows);
  const estimate = await openLikelihood(engine, model, shape, { samples, binarize });
  const nats = new Float64Array(first.rows);
  const progress = openRowProgress('likelihood', first.rows);
  try {
    for await (const portion of estimate((await checkpoint()).state, first)) {
      nats.set(portion.nats, portion.start);
      progress.rows(portion.start + portion.nats.length);
      await checkInterruption(test.name);
    }
  } finally {
    progress.stop();
  }
  const rowsPerSecond = Number(progress.rate().toPrecision(3));
  return { ...meanOf(nats), unit: 'nats', n: first.rows, samples, binarized: binarize, rowsPerSecond };
}

/** A mean log-likelihood in words. */
export function showLikelihood(
  { mean, standardError, n, samples, binarized, rowsPerSecond }: MeanLikelihood,
  data: string,
): string {
  const thrown = binarized ? ', thrown to black and white as in training' : '';
  const figure = `log-likelihood ${mean.toFixed(2)} nats, standard error ${standardError.toFixed(2)}`;
  return `${figure}, on ${n} rows of ${data}${thrown} (${showCount(samples)} importance samples each, ${rowsPerSecond} rows/s)`;
}
