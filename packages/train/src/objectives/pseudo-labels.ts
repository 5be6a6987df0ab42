import {
  cast,
  div,
  greater,
  logSoftmax,
  max,
  mul,
  neg,
  reduceMax,
  softmax,
  stopGradient,
  sum,
  type Value,
} from '@semivae/graph';
import type { Objective } from './objective.ts';

/**
 * Rows whose most probable class is more probable than `threshold` are taken to be of that class (Lee 2013): the mean over
 * all rows of its −log probability. `teacher` says what the classes are, and no slope passes through it.
 */
export function pseudoLabels(logits: Value, threshold: number, teacher = logits): Objective {
  const probabilities = stopGradient(softmax(teacher));
  const top = reduceMax(probabilities, [-1], { keep: true });
  const sure = cast(greater(probabilities, max(mul(top, 1 - 1e-6), threshold)), 'float32');
  const rows = logits.shape[0] as number;
  const loss = div(neg(sum(mul(sure, logSoftmax(logits)))), rows);
  return { loss, metrics: { pseudoLabels: loss, sureShare: div(sum(sure), rows) } };
}
