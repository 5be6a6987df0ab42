import { logSoftmax, mean, mul, softmax, stopGradient, sub, sum, type Value } from '@semivae/graph';
import type { Objective } from './objective.ts';

/** KL(p ‖ q) of rows of class probabilities, given as logits, one number a row. */
export function divergence(p: Value, q: Value): Value {
  return sum(mul(softmax(p), sub(logSoftmax(p), logSoftmax(q))), [-1]);
}

/**
 * What is said of moved rows must be what is said of the rows as they are: the mean of KL(teacher ‖ logits), both logits
 * [n, classes], in nats (Sajjadi et al. 2016; Xie et al. 2020, eq. 1). The teacher stands still; a temperature below 1
 * sharpens what it says.
 */
export function consistency(logits: Value, teacher: Value, temperature = 1): Objective {
  const said = stopGradient(temperature === 1 ? teacher : mul(teacher, 1 / temperature));
  const loss = mean(divergence(said, logits));
  return { loss, metrics: { inconsistency: loss } };
}
