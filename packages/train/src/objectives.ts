import { add, mean, mul, neg, type Value } from '@semivae/graph';
import { evidence, type Known, type Model, query } from '@semivae/model';
import { type Bound, elbo, summedOver } from './bounds.ts';
import { RecipeError } from './errors.ts';

/** What a step makes smaller, and what it reports (scalars, in nats per row unless named otherwise). */
export interface Objective {
  readonly loss: Value;
  readonly metrics: Readonly<Record<string, Value>>;
}

/** −mean of the bound over rows without labels. */
export function unsupervised(model: Model, unlabelled: Known, bound: Bound = elbo()): Objective {
  const evidence = mean((model.y ? summedOver(model.y, bound) : bound)(model, unlabelled));
  return { loss: neg(evidence), metrics: { unlabelledBound: evidence } };
}

/** −mean log q(y|x) over labelled rows: the classifier's own loss. */
export function classification(model: Model, labelled: Known): Objective {
  const { x, y } = model;
  if (!y)
    throw new RecipeError(
      'MODEL_NO_CLASSES',
      `model ${model.name}`,
      'it has no classes',
      'Choose m2, or leave labels out.',
    );
  const truth = labelled.values[y.name]!;
  const shown = { [x.name]: evidence(labelled)[x.name]! };
  const crossEntropy = neg(mean(query(model.q, y, shown).logDensity(truth)));
  return { loss: crossEntropy, metrics: { crossEntropy } };
}

export interface SemiSupervisedOptions {
  readonly bound?: Bound;
  /** Weight of the classifier's own loss, per labelled row. */
  readonly alpha: number;
  /** Weight of the labelled rows' bound, whose mean counts 1 for the unlabelled rows. */
  readonly labelledWeight?: number;
}

/** −U(unlabelled) − w·L(labelled) − α log q(y|x), each a mean over rows (Kingma et al. 2014, eq. 8 and 9). */
export function semiSupervised(
  model: Model,
  labelled: Known,
  unlabelled: Known,
  options: SemiSupervisedOptions,
): Objective {
  const { bound = elbo(), alpha, labelledWeight = 1 } = options;
  const without = unsupervised(model, unlabelled, bound);
  const classifier = classification(model, labelled);
  const labelledBound = mean(bound(model, labelled));
  const supervised = add(mul(classifier.loss, alpha), mul(labelledBound, -labelledWeight));
  return {
    loss: add(without.loss, supervised),
    metrics: { ...without.metrics, labelledBound, ...classifier.metrics },
  };
}
