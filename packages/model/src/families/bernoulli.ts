import { bernoulliLogProbability, sigmoid } from '@semivae/graph';
import type { Family } from './family.ts';

/** Independent features in [0, 1]; a value between stands for its own average over coin throws. */
export const bernoulli: Family = {
  name: 'bernoulli',
  parameters: (size) => ({ logits: size }),
  at: ({ logits }) => ({
    logDensity: (x) => bernoulliLogProbability(x, logits!),
    answers: { mean: sigmoid(logits!), logits: logits! },
  }),
};
