import { add, mean, mul, neg } from '@semivae/graph';
import { type Bound, elbo, type Known, type Model, summedOver } from '@semivae/model';
import { classification } from './classification.ts';
import type { Objective } from './objective.ts';

/** −mean of the bound over rows without labels. */
export function unsupervised(model: Model, unlabelled: Known, bound: Bound = elbo()): Objective {
  const evidence = mean((model.y ? summedOver(model.y, bound) : bound)(model, unlabelled));
  return { loss: neg(evidence), metrics: { unlabelledBound: evidence } };
}

export interface BoundsOptions {
  readonly bound?: Bound;
  /** Weight of the labelled rows' bound, whose mean counts 1 for the unlabelled rows. */
  readonly labelledWeight?: number;
}

/** −U(unlabelled) − w·L(labelled), each a mean over rows (Kingma et al. 2014, eq. 8). */
export function bounds(
  model: Model,
  labelled: Known,
  unlabelled: Known,
  { bound = elbo(), labelledWeight = 1 }: BoundsOptions,
): Objective {
  const without = unsupervised(model, unlabelled, bound);
  const labelledBound = mean(bound(model, labelled));
  return {
    loss: add(without.loss, mul(labelledBound, -labelledWeight)),
    metrics: { ...without.metrics, labelledBound },
  };
}

export interface SemiSupervisedOptions extends BoundsOptions {
  /** Weight of the classifier's own loss, per labelled row. */
  readonly alpha: number;
  /** What a labelled row of each class counts in that loss; all alike unless told. */
  readonly classWeights?: readonly number[] | undefined;
}

/** −U(unlabelled) − w·L(labelled) − α log q(y|x), each a mean over rows (Kingma et al. 2014, eq. 8 and 9). */
export function semiSupervised(
  model: Model,
  labelled: Known,
  unlabelled: Known,
  options: SemiSupervisedOptions,
): Objective {
  const { bound = elbo(), alpha, labelledWeight = 1, classWeights } = options;
  const without = unsupervised(model, unlabelled, bound);
  const classifier = classification(model, labelled, classWeights);
  const labelledBound = mean(bound(model, labelled));
  const supervised = add(mul(classifier.loss, alpha), mul(labelledBound, -labelledWeight));
  return {
    loss: add(without.loss, supervised),
    metrics: { ...without.metrics, labelledBound, ...classifier.metrics },
  };
}
