import { add, bounded, exp, min, mul, neg, softplus, square, sub, sum, type Value } from '@semivae/graph';
import { normalOf } from './draws.ts';
import type { Distribution, Family } from './family.ts';
import type { FeatureFamily } from './feature.ts';

const LOG_TWO_PI = Math.log(2 * Math.PI);
/** |log σ²| stays below this, smoothly: σ between 0.018 and 55. */
const LOG_VARIANCE_LIMIT = 8;

export interface Gaussian extends Distribution {
  readonly mean: Value;
  readonly logVariance: Value;
}

/** N(x; mean, diag exp(logVariance)). */
export const normal = (mean: Value, logVariance: Value): Gaussian => ({
  mean,
  logVariance,
  // −½ Σ log 2π + log σ² + (x − μ)²/σ²
  logDensity: (x) => {
    const distance = mul(square(sub(x, mean)), exp(neg(logVariance)));
    return mul(sum(add(add(distance, logVariance), LOG_TWO_PI), [-1]), -0.5);
  },
  // μ + σ·ε  (Kingma and Welling 2014)
  sample: (noise) => add(mean, mul(exp(mul(logVariance, 0.5)), noise)),
  answers: { mean, logVariance },
});

/** A Gaussian with a mean and a log-variance for every row and feature. */
export const gaussian: Family = {
  name: 'gaussian',
  parameters: (size) => ({ mean: size, logVariance: size }),
  at: ({ mean, logVariance }) => normal(mean!, bounded(logVariance!, LOG_VARIANCE_LIMIT)),
};

const twiceFromStandard = ({ mean, logVariance }: Gaussian): Value =>
  sub(add(square(mean), exp(logVariance)), add(logVariance, 1));

/** KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ μ² + σ² − log σ² − 1, in nats (Kingma and Welling 2014, appendix B). */
export const divergenceFromStandard = (q: Gaussian): Value => mul(sum(twiceFromStandard(q), [-1]), 0.5);

/** The terms of `divergenceFromStandard`, one for each feature, in nats. */
export const divergencesFromStandard = (q: Gaussian): Value => mul(twiceFromStandard(q), 0.5);

function twiceBetween(q: Gaussian, p: Gaussian): Value {
  const apart = add(exp(q.logVariance), square(sub(q.mean, p.mean)));
  return sub(add(sub(p.logVariance, q.logVariance), mul(apart, exp(neg(p.logVariance)))), 1);
}

/** KL(q ‖ p) of two diagonal Gaussians, ½ Σ log σp²/σq² + (σq² + (μq − μp)²)/σp² − 1, in nats. */
export const divergenceBetween = (q: Gaussian, p: Gaussian): Value => mul(sum(twiceBetween(q, p), [-1]), 0.5);

/** The terms of `divergenceBetween`, one for each feature, in nats. */
export const divergencesBetween = (q: Gaussian, p: Gaussian): Value => mul(twiceBetween(q, p), 0.5);

/** N(0, 1) on every feature, with no parents and nothing to learn. */
export const standardNormal: Family = {
  name: 'standard normal',
  parameters: () => ({}),
  // −½ Σ x² + log 2π
  at: () => ({
    logDensity: (x) => mul(sum(add(square(x), LOG_TWO_PI), [-1]), -0.5),
    sample: (noise) => noise,
    answers: {},
  }),
};

const LOWEST = -1.5;
const HIGHEST = 4;

/**
 * −1.5 + softplus(raw + 1.5), at most 4: a standard deviation of at least 0.47, so that no row is explained by becoming
 * certain of it.
 */
export const flooredLogVariance = (raw: Value): Value =>
  min(add(softplus(sub(raw, LOWEST)), LOWEST), HIGHEST);

/** A Gaussian feature whose variance has a floor: what standardised columns of a table are given. */
export const gaussianFeature: FeatureFamily = {
  name: 'gaussian',
  parameters: ['mean', 'logVariance'],
  draws: 2,
  at: ({ mean, logVariance: raw }) => {
    const logVariance = flooredLogVariance(raw!);
    // −½ (log 2π + log σ² + (x − μ)²/σ²)
    const logDensity = (x: Value) => {
      const distance = mul(square(sub(x, mean!)), exp(neg(logVariance)));
      return mul(add(add(distance, logVariance), LOG_TWO_PI), -0.5);
    };
    const peak = mul(add(logVariance, LOG_TWO_PI), -0.5);
    const deviation = exp(mul(logVariance, 0.5));
    const draw = ([u, v]: readonly Value[]) => add(mean!, mul(deviation, normalOf(u!, v!)));
    return { logDensity, mean: mean!, deviation, peak, draw };
  },
};
