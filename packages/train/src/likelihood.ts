import { cast, graph, less, noise, type Tensors as StoredTensors } from '@semivae/graph';
import { known, type Model, trainingRows } from '@semivae/model';
import { fillNormal, fillUniform, reservedStreams, type Tensor } from '@semivae/runtime/core';
import type { DataShape } from './assemble.ts';
import { iwae, iwaeSummedOver } from './bounds.ts';
import { type BareRows, chunksOf } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';
import { shippedParameters } from './optimizers.ts';

const LIKELIHOOD_STREAM = reservedStreams + 0x310;

export interface LikelihoodOptions {
  /** Importance samples of each row; 5000 unless told. Rounded up to whole portions. */
  readonly samples?: number;
  /** Samples at once, 50 unless told, and rows at once, 20 unless told: what bounds the memory. */
  readonly samplesAtOnce?: number;
  readonly rowsAtOnce?: number;
  /** Whether grey values are thrown to black or white, once for each row, as in a training that does. */
  readonly binarize?: boolean;
  readonly seed?: number;
}

/** log p(x) of each row, as importance weights estimate it, in nats. */
export type Likelihood = (state: StoredTensors, rows: BareRows) => Promise<Float64Array>;

/** log(eᵃ + eᵇ). */
const logSum = (a: number, b: number): number => {
  const top = Math.max(a, b);
  return top === -Infinity ? top : top + Math.log(Math.exp(a - top) + Math.exp(b - top));
};

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
  const { samples = 5000, samplesAtOnce = 50, rowsAtOnce = 20, binarize = false, seed = 0 } = options;
  const { x: grey } = trainingRows(columns, 'batch', 'x');
  const x = binarize ? cast(less(noise('noise(x)', grey.shape, 'uniform'), grey), 'float32') : grey;
  const bound = model.y ? iwaeSummedOver(model.y, samplesAtOnce) : iwae(samplesAtOnce);
  const weights = graph('likelihood', { weights: bound(model, known({ [model.x.name]: x }, ['batch'])) });
  const evaluator = await engine.openGraph(weights);
  const portions = Math.ceil(samples / samplesAtOnce);

  const drawn = (rows: number, start: number, portion: number): Record<string, Tensor> =>
    Object.fromEntries(
      weights.noises.map(({ leaf, shape }, i) => {
        const dims = shape.map((size) => (typeof size === 'number' ? size : rows));
        const width = dims.slice(1).reduce((product, each) => product * each, 1);
        const data = new Float32Array(rows * width);
        const [fill, step] =
          leaf.distribution === 'uniform' ? ([fillUniform, 0] as const) : ([fillNormal, portion] as const);
        fill(data, { seed, stream: LIKELIHOOD_STREAM + i, step }, start * width);
        return [leaf.name, { type: 'float32', dims, data }];
      }),
    );

  return async (state, rows) => {
    const shipped = shippedParameters(state);
    const parameters = Object.fromEntries(
      weights.parameters.map(({ leaf }) => [leaf.name, fed(shipped[leaf.name]!)]),
    );
    const found = new Float64Array(rows.rows);
    for (const { start, x } of chunksOf(rows, rowsAtOnce)) {
      const own = found.subarray(start, start + x.dims[0]!).fill(-Infinity);
      for (let portion = 0; portion < portions; portion++) {
        const feeds = { x, ...parameters, ...drawn(own.length, start, portion) };
        const part = (await evaluator.run(feeds)).weights!.data as Float32Array;
        own.forEach((so, row) => {
          own[row] = logSum(so, part[row]!);
        });
      }
    }
    return found.map((each) => each - Math.log(portions));
  };
}
