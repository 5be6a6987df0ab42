import { someRows, type TrainingSet } from '@semivae/data';
import { graph, type Tensors as StoredTensors } from '@semivae/graph';
import { codedRows, type Model, trainingRows } from '@semivae/model';
import type { DataShape } from './assemble.ts';
import { chunksOf } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';
import type { Figures } from './monitor.ts';
import { shippedParameters } from './optimizers.ts';

const MOST_ROWS = 500;
const ROWS_AT_ONCE = 250;
/** Variance over rows of a feature's mean above which it is active (Burda et al. 2016, section 5.2). */
const ACTIVE = 0.01;
const LEAST_DIVERGENCE = 0.1;

/** Features of the latent whose mean varies over rows, of row-major means [rows, latent]. */
export function activeUnits(means: Float32Array, latent: number): number {
  const rows = means.length / latent;
  let active = 0;
  for (let unit = 0; unit < latent; unit++) {
    let [sum, squares] = [0, 0];
    for (let at = unit; at < means.length; at += latent) {
      sum += means[at]!;
      squares += means[at]! ** 2;
    }
    if (squares / rows - (sum / rows) ** 2 > ACTIVE) active++;
  }
  return active;
}

/** Whether a latent tells nothing of rows: no feature of it is active, or it diverges from its prior by less than 0.1 nats. */
export const isCollapsed = ({ divergence, activeUnits }: Figures): boolean =>
  (activeUnits !== undefined && activeUnits === 0) ||
  (divergence !== undefined && divergence < LEAST_DIVERGENCE);

/** Some rows of a set, evenly over it. */
export function spreadRows(rows: Int32Array, most: number): Int32Array {
  const count = Math.min(most, rows.length);
  return Int32Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
}

/**
 * Opens what the latent of a model carries, on some rows of a set: `divergence` from its prior, in nats, `activeUnits`, and
 * `reconstruction`, log p(x|y,z) in nats with z at its mean; means over rows.
 */
export async function openLatentFigures(
  engine: Engine,
  model: Model,
  { columns }: DataShape,
  set: TrainingSet,
  rows: Int32Array,
): Promise<(state: StoredTensors) => Promise<Figures>> {
  const { x } = trainingRows(columns, 'batch', 'x');
  const { mean, divergence, reconstruction } = codedRows(model, x);
  const asked = graph('latent', { mean, divergence, reconstruction });
  const chosen = someRows(set, spreadRows(rows, MOST_ROWS));
  const evaluator = await engine.openGraph(asked);
  return async (state) => {
    const shipped = shippedParameters(state);
    const parameters = Object.fromEntries(
      asked.parameters.map(({ leaf }) => [leaf.name, fed(shipped[leaf.name]!)]),
    );
    const means = new Float32Array(chosen.rows * model.z.size);
    const sums = { divergence: 0, reconstruction: 0 };
    for (const { start, x } of chunksOf(chosen, ROWS_AT_ONCE)) {
      const found = await evaluator.run({ x, ...parameters });
      means.set(found.mean!.data as Float32Array, start * model.z.size);
      for (const name of ['divergence', 'reconstruction'] as const)
        for (const each of found[name]!.data as Float32Array) sums[name] += each;
    }
    return {
      divergence: sums.divergence / chosen.rows,
      activeUnits: activeUnits(means, model.z.size),
      reconstruction: sums.reconstruction / chosen.rows,
    };
  };
}
