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
  readonly statistics: (values: Value, kept: KeptStatistics) => Statistics;
  /** Uniform noise of a layer, by name. Absent: nothing is drawn. */
  readonly noise?: (layer: string, shape: Shape) => Value;
}

/** The pass that ships: statistics as they were kept, and no noise. */
export const shippedPass: Pass = { statistics: (_, kept) => kept };

type Mark = (found: Value, kept: LeafValue<'parameter'>) => Value;

/** Statistics of the rows at hand; every axis but the last counts as rows. */
const batchStatistics =
  (mark: Mark): Pass['statistics'] =>
  (values, kept) => {
    const rows = values.shape.slice(0, -1).map((_, axis) => axis);
    const center = mark(mean(values, rows), kept.mean);
    return { mean: center, variance: mark(mean(square(sub(values, center)), rows), kept.variance) };
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

/** (a − mean) / √(variance + ε) · gain + bias, over features (Ioffe and Szegedy 2015); the pass gives mean and variance. */
export function batchNormalisation(name: string, size: number): (values: Value, pass: Pass) => Value {
  const own = (what: string, value: number) =>
    parameter(`${name}/${what}`, [size], { kind: 'constant', value });
  const [gain, bias] = [own('gain', 1), own('bias', 0)];
  const kept = { mean: own('mean', 0), variance: own('variance', 1) };
  return (values, pass) => {
    const { mean: center, variance } = pass.statistics(values, kept);
    const scale = mul(gain, reciprocal(sqrt(add(variance, EPSILON))));
    return add(mul(values, scale), sub(bias, mul(center, scale)));
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
