import { add, log, logSoftmax, mean, mul, neg, softmax, sum, type Value } from '@semivae/graph';
import type { Objective } from './objective.ts';

/** The mean entropy of rows of class probabilities [n, classes], given as logits (Grandvalet and Bengio 2004). */
export function entropy(logits: Value): Objective {
  const loss = neg(mean(sum(mul(softmax(logits), logSoftmax(logits)), [-1])));
  return { loss, metrics: { entropy: loss } };
}

const SMALLEST = 1e-6;

/**
 * log k less the entropy of the mean probabilities over a batch of logits [n, k]: how far from even the classes are that
 * the batch is given, 0 where they are (Krause et al. 2010, eq. 3).
 */
export function imbalance(logits: Value): Objective {
  const share = mean(softmax(logits), [0]);
  const classes = logits.shape.at(-1) as number;
  const loss = add(sum(mul(share, log(add(share, SMALLEST)))), Math.log(classes));
  return { loss, metrics: { imbalance: loss } };
}
