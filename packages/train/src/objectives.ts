import { add, mean, mul, neg, stopGradient, type Value } from '@semivae/graph';
import { complete, evidence, type Known, type Model, type Stages } from '@semivae/model';
import { type Bound, classDensity, elbo, summedOver } from './bounds.ts';
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
  const seen = {
    values: { [x.name]: evidence(labelled)[x.name]! },
    noiseShape: labelled.noiseShape,
    scope: `${labelled.scope}classifier/`,
  };
  const crossEntropy = neg(mean(classDensity(model, y, seen).logDensity(truth)));
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

/** −mean of the bound on log p(x|y) over labelled rows: what a conditional model learns (Sohn et al. 2015, eq. 4). */
export function conditional(model: Model, labelled: Known, bound: Bound = elbo()): Objective {
  const labelledBound = mean(bound(model, labelled));
  return { loss: neg(labelledBound), metrics: { labelledBound } };
}

/** What the rows are once the lower stage of a stacked model has encoded them, draws of z1, through which no slope passes. */
export function encoded({ below }: Stages, seen: Known): Known {
  const { values, noiseShape } = seen;
  const { [below.x.name]: _, ...others } = values;
  const scope = `${seen.scope}below/`;
  const drawn = complete(below.q, { values: evidence(seen), noiseShape, scope }).values[below.z.name]!;
  return { values: { ...others, [below.z.name]: stopGradient(drawn) }, noiseShape, scope: seen.scope };
}

/**
 * The two stages of a stacked model in one step (Kingma et al. 2014, section 2.1): M1's own bound, and above it M2 on draws
 * of its latent, whose slopes stop there. Where M1 is trained already, its part has parameters that are held fixed.
 */
export function stacked(
  stages: Stages,
  labelled: Known,
  unlabelled: Known,
  options: SemiSupervisedOptions & { readonly trained?: boolean },
): Objective {
  const above = semiSupervised(stages.above, encoded(stages, labelled), encoded(stages, unlabelled), options);
  const below = unsupervised(stages.below, { ...unlabelled, scope: `${unlabelled.scope}m1/` }, options.bound);
  const loss = options.trained ? above.loss : add(above.loss, below.loss);
  const { unlabelledBound: belowBound } = below.metrics;
  return { loss, metrics: { ...above.metrics, belowBound: belowBound! } };
}
