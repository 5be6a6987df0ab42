import { cast, graph, less, noise, type Tensors as StoredTensors } from '@semivae/graph';
import { iwae, iwaeSummedOver, known, type Model, trainingRows } from '@semivae/model';
import { streamOf } from '@semivae/runtime/core';
import type { DataShape } from './assemble.ts';
import { type BareRows, chunksOf } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';
import { shippedParameters } from './optimizers.ts';
import { rowNoise } from './row-noise.ts';

/** Latents decoded at once: products of this many rows are at full speed, and what comes of them stays in the cache. */
const DECODED_AT_ONCE = 1000;

export interface LikelihoodOptions {
  /** Importance samples of each row; 5000 unless told. Rounded up to whole portions. */
  readonly samples?: number;
  /** Samples at once, and rows at once: by default as many as make up a thousand decoded latents, over all classes. */
  readonly samplesAtOnce?: number;
  readonly rowsAtOnce?: number;
  /** Whether grey values are thrown to black or white, once for each row, as in a training that does. */
  readonly binarize?: boolean;
  readonly seed?: number;
}

/** log p(x) of the rows from `start` on, in nats. */
export interface LikelihoodPortion {
  readonly start: number;
  readonly nats: Float64Array;
}

/** log p(x) of rows as importance weights estimate it, in nats, some rows at a time. */
export type Likelihood = (state: StoredTensors, rows: BareRows) => AsyncGenerator<LikelihoodPortion>;

/** log(eᵃ + eᵇ). */
const logSum = (a: number, b: number): number => {
  const top = Math.max(a, b);
  return top === -Infinity ? top : top + Math.log(Math.exp(a - top) + Math.exp(b - top));
};

/** How samples and rows are taken at once. */
function portionsOf({ y }: Model, options: LikelihoodOptions) {
  const { samples = 5000 } = options;
  const most = Math.max(1, Math.floor(DECODED_AT_ONCE / (y?.size ?? 1)));
  const samplesAtOnce = options.samplesAtOnce ?? Math.ceil(samples / Math.ceil(samples / most));
  const rowsAtOnce = options.rowsAtOnce ?? Math.max(1, Math.floor(most / samplesAtOnce));
  return { samplesAtOnce, rowsAtOnce, portions: Math.ceil(samples / samplesAtOnce) };
}

/**
 * Opens log 1/k Σᵢ p(x, hiddenᵢ) / q(hiddenᵢ|x) for calling with any state of a model (Burda et al. 2016, eq. 8), its class
 * summed out: summed portion by portion, so that k is limited by time alone.
 */
export async function openLikelihood(
  engine: Engine,
  model: Model,
  { columns }: Pick<DataShape, 'columns'>,
  options: LikelihoodOptions = {},
): Promise<Likelihood> {
  const { binarize = false, seed = 0 } = options;
  const { samplesAtOnce, rowsAtOnce, portions } = portionsOf(model, options);
  const { x: grey } = trainingRows(columns, 'batch', 'x');
  const x = binarize ? cast(less(noise('noise(x)', grey.shape, 'uniform'), grey), 'float32') : grey;
  const bound = model.y ? iwaeSummedOver(model.y, samplesAtOnce) : iwae(samplesAtOnce);
  const weights = graph('likelihood', { weights: bound(model, known({ [model.x.name]: x }, ['batch'])) });
  const evaluator = await engine.openGraph(weights);

  // a row's coins are the same in every portion
  const drawn = (rows: number, start: number, portion: number) =>
    rowNoise(weights.noises, rows, start, ({ leaf }, index) => ({
      seed,
      stream: streamOf('likelihood', index),
      step: leaf.distribution === 'uniform' ? 0 : portion,
    }));

  return async function* (state, rows) {
    const shipped = shippedParameters(state);
    const parameters = Object.fromEntries(
      weights.parameters.map(({ leaf }) => [leaf.name, fed(shipped[leaf.name]!)]),
    );
    for (const { start, x } of chunksOf(rows, rowsAtOnce)) {
      const sums = new Float64Array(x.dims[0]!).fill(-Infinity);
      for (let portion = 0; portion < portions; portion++) {
        const feeds = { x, ...parameters, ...drawn(sums.length, start, portion) };
        const part = (await evaluator.run(feeds)).weights!.data as Float32Array;
        sums.forEach((so, row) => {
          sums[row] = logSum(so, part[row]!);
        });
      }
      yield { start, nats: sums.map((each) => each - Math.log(portions)) };
    }
  };
}
