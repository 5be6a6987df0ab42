import {
  bernoulliLogProbability,
  cast,
  clip,
  greater,
  mul,
  scalar,
  sigmoid,
  softplus,
  sqrt,
  sub,
} from '@semivae/graph';
import type { Family } from './family.ts';
import type { FeatureFamily } from './feature.ts';

/** Independent features in [0, 1]; a value between stands for its own average over coin throws. */
export const bernoulli: Family = {
  name: 'bernoulli',
  parameters: (size) => ({ logits: size }),
  at: ({ logits }) => ({
    logDensity: (x) => bernoulliLogProbability(x, logits!),
    answers: { mean: sigmoid(logits!), logits: logits! },
  }),
};

/** One coin a feature; values outside [0, 1] count as the nearer end. */
export const bernoulliFeature: FeatureFamily = {
  name: 'bernoulli',
  parameters: ['logits'],
  draws: 1,
  at: ({ logits }) => {
    const mean = sigmoid(logits!);
    return {
      // x·l − log(1 + eˡ)
      logDensity: (x) => sub(mul(clip(x, 0, 1), logits!), softplus(logits!)),
      mean,
      deviation: sqrt(mul(mean, sub(1, mean))),
      peak: scalar(0),
      draw: ([u]) => cast(greater(mean, u!), 'float32'),
    };
  },
};
