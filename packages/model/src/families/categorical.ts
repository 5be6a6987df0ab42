import { constant, logSoftmax, mul, scalar, softmax, sum, type Value } from '@semivae/graph';
import type { Distribution, Family } from './family.ts';

export interface Categorical extends Distribution {
  readonly logits: Value;
}

/** One of several classes, given as a one-hot row (or as weights over classes). */
export const categorical: Family = {
  name: 'categorical',
  parameters: (size) => ({ logits: size }),
  at: ({ logits }): Categorical => ({
    logits: logits!,
    logDensity: (y) => sum(mul(y, logSoftmax(logits!)), [-1]),
    answers: { probabilities: softmax(logits!), logits: logits! },
  }),
};

/** Classes of known shares, which sum to 1. */
export const shared = (shares: readonly number[]): Family => ({
  name: 'shared',
  parameters: () => ({}),
  at: () => ({
    logDensity: (y) => sum(mul(y, constant(Float32Array.from(shares, Math.log), [shares.length])), [-1]),
    answers: {},
  }),
});

/** Every class equally likely. */
export const uniform: Family = {
  name: 'uniform',
  parameters: () => ({}),
  at: (_, size) => ({
    logDensity: (y) => mul(sum(y, [-1]), scalar(-Math.log(size))),
    answers: {},
  }),
};
