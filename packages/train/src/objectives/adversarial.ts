import {
  add,
  div,
  gradients,
  mean,
  mul,
  noise,
  sqrt,
  square,
  stopGradient,
  sum,
  type Value,
} from '@semivae/graph';
import { divergence } from './consistency.ts';
import type { Objective } from './objective.ts';

/** Logits of rows x; asked several times in one step, told apart by a scope for what is drawn in it. */
export type Classify = (x: Value, scope: string) => Value;

export interface AdversarialOptions {
  /** How far rows are moved, in the Euclidean norm of x. */
  readonly radius: number;
  /** How far they are moved to find out where to. */
  readonly probe?: number;
}

const SMALLEST = 1e-30;

/** Each row scaled to Euclidean length 1. */
const unitRows = (a: Value): Value => div(a, sqrt(add(sum(square(a), [-1], { keep: true }), SMALLEST)));

/** The direction of each row in which what is said of it changes most: one step of the power method from a random one. */
function worstDirection(classify: Classify, x: Value, said: Value, probe: number): Value {
  const random = noise('noise(direction)', x.shape);
  const moved = add(x, mul(unitRows(random), probe));
  const [slope] = gradients(sum(divergence(said, classify(moved, 'probe/'))), [moved]);
  return unitRows(stopGradient(slope!));
}

/**
 * Virtual adversarial training: mean KL(q(y|x) ‖ q(y|x + r)), where r is the most harmful move of a given length and
 * q(y|x) stands still (Miyato et al. 2018, eq. 5 to 10). `logits` is what `classify` says of `x`.
 */
export function adversarial(
  classify: Classify,
  x: Value,
  logits: Value,
  { radius, probe = 10 }: AdversarialOptions,
): Objective {
  const said = stopGradient(logits);
  const direction = worstDirection(classify, x, said, probe);
  const loss = mean(divergence(said, classify(add(x, mul(direction, radius)), 'adversarial/')));
  return { loss, metrics: { adversarial: loss } };
}
