import {
  add,
  cast,
  type LeafValue,
  less,
  mean,
  mul,
  noise,
  observed,
  parameter,
  reciprocal,
  reshape,
  type Shape,
  sqrt,
  square,
  sub,
  type Value,
} from '@semivae/graph';

/** The mean and the variance of each feature of a layer, over rows. */
export interface Statistics {
  readonly mean: Value;
  readonly variance: Value;
}

/** A layer's statistics as they are kept and shipped. */
export interface KeptStatistics {
  readonly mean: LeafValue<'parameter'>;
  readonly variance: LeafValue<'parameter'>;
}

/** How a network is gone through: where its normalised layers take their statistics from, and what is drawn in it. */
export interface Pass {
  /** `axis` is that of the features, counted from the end: −1, or −3 where they are channels of images. */
  readonly statistics: (values: Value, kept: KeptStatistics, axis: number) => Statistics;
  /** Uniform noise of a layer, by name. Absent: nothing is drawn. */
  readonly noise?: (layer: string, shape: Shape) => Value;
}

/** The pass that ships: statistics as they were kept, and no noise. */
export const shippedPass: Pass = { statistics: (_, kept) => kept };

type Mark = (found: Value, kept: LeafValue<'parameter'>) => Value;

/** A number for each feature, shaped to go along the axis of the features. */
const along = (features: Value, axis: number): Value =>
  axis === -1 ? features : reshape(features, [...features.shape, ...Array(-axis - 1).fill(1)]);

/** Statistics of the rows at hand; every axis but that of the features counts as rows. */
const batchStatistics =
  (mark: Mark): Pass['statistics'] =>
  (values, kept, axis) => {
    const rows = values.shape.map((_, each) => each - values.shape.length).filter((each) => each !== axis);
    const center = mark(mean(values, rows), kept.mean);
    const apart = sub(values, along(center, axis));
    return { mean: center, variance: mark(mean(square(apart), rows), kept.variance) };
  };

const drawIn = (scope: string) => (layer: string, shape: Shape) =>
  noise(`${scope}noise(${layer})`, shape, 'uniform');

/** The pass of training: statistics of the batch, which are kept as running means, and noise named after `scope`. */
export const trainingPass = (scope = ''): Pass => ({
  statistics: batchStatistics(observed),
  noise: drawIn(scope),
});

/** As training goes, but what the batch tells of the statistics is not kept: for rows that are not the data's own. */
export const probingPass = (scope = ''): Pass => ({
  statistics: batchStatistics((found) => found),
  noise: drawIn(scope),
});

const EPSILON = 1e-5;

/**
 * (a − mean) / √(variance + ε) · gain + bias, over features (Ioffe and Szegedy 2015); the pass gives mean and variance.
 * The features are on the last axis, or on `axis`, counted from the end: channels of images on −3.
 */
export function batchNormalisation(
  name: string,
  size: number,
  axis = -1,
): (values: Value, pass: Pass) => Value {
  const own = (what: string, value: number) =>
    parameter(`${name}/${what}`, [size], { kind: 'constant', value });
  const [gain, bias] = [own('gain', 1), own('bias', 0)];
  const kept = { mean: own('mean', 0), variance: own('variance', 1) };
  return (values, pass) => {
    const { mean: center, variance } = pass.statistics(values, kept, axis);
    const scale = mul(gain, reciprocal(sqrt(add(variance, EPSILON))));
    return add(mul(values, along(scale, axis)), along(sub(bias, mul(center, scale)), axis));
  };
}

/** Each feature left out with this probability where the pass draws, the others scaled up (Srivastava et al. 2014). */
export function dropout(name: string, share: number): (values: Value, pass: Pass) => Value {
  return (values, pass) => {
    if (share === 0 || !pass.noise) return values;
    const kept = cast(less(pass.noise(name, values.shape), 1 - share), 'float32');
    return mul(values, mul(kept, 1 / (1 - share)));
  };
}
