import {
  add,
  bounded,
  div,
  exp,
  logGamma,
  min,
  mul,
  neg,
  softplus,
  sqrt,
  sub,
  type Value,
} from '@semivae/graph';
import { GAMMA_DRAWS, logGammaOf, POISSON_DRAWS, poissonOf } from './draws.ts';
import type { FeatureFamily } from './feature.ts';

/** |log mean| stays below this, smoothly. */
const LOG_MEAN_LIMIT = 20;

/** Larger rates would not fit into float32. */
const LOG_RATE_LIMIT = 30;

/** A count with a rate for every row: k·log λ − λ − log k!. */
export const poisson: FeatureFamily = {
  name: 'poisson',
  parameters: ['logRate'],
  draws: POISSON_DRAWS,
  at: ({ logRate: raw }) => {
    const logRate = bounded(raw!, LOG_MEAN_LIMIT);
    const rate = exp(logRate);
    const logDensity = (count: Value) => sub(sub(mul(count, logRate), rate), logGamma(add(count, 1)));
    return {
      logDensity,
      mean: rate,
      deviation: sqrt(rate),
      peak: logDensity(rate),
      draw: (uniforms) => poissonOf(rate, uniforms),
    };
  },
};

/** A count whose variance exceeds its mean μ: μ + μ²/r  (Cameron and Trivedi 1986, NB2). */
export const negativeBinomial: FeatureFamily = {
  name: 'negative binomial',
  parameters: ['logMean', 'logDispersion'],
  draws: GAMMA_DRAWS + POISSON_DRAWS,
  at: ({ logMean: raw, logDispersion }) => {
    const logMean = bounded(raw!, LOG_MEAN_LIMIT);
    const logSize = bounded(logDispersion!, 8);
    const size = exp(logSize);
    const odds = sub(logMean, logSize);
    // log Γ(k + r) − log Γ(r) − log k! + r·log(r/(r + μ)) + k·log(μ/(r + μ))
    const logDensity = (count: Value) => {
      const ways = sub(sub(logGamma(add(count, size)), logGamma(size)), logGamma(add(count, 1)));
      return sub(ways, add(mul(size, softplus(odds)), mul(count, softplus(neg(odds)))));
    };
    const mean = exp(logMean);
    const deviation = sqrt(add(mean, div(mul(mean, mean), size)));
    // Poisson of a rate that is Gamma of shape r and mean μ
    const draw = (uniforms: readonly Value[]) => {
      const logRate = add(logGammaOf(size, uniforms.slice(0, GAMMA_DRAWS)), odds);
      return poissonOf(exp(min(logRate, LOG_RATE_LIMIT)), uniforms.slice(GAMMA_DRAWS));
    };
    return { logDensity, mean, deviation, peak: logDensity(mean), draw };
  },
};
