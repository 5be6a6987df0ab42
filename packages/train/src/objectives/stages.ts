import { add, mean, neg, stopGradient } from '@semivae/graph';
import {
  type Bound,
  complete,
  elbo,
  evidence,
  type Known,
  known,
  type Model,
  type Stages,
} from '@semivae/model';
import { unsupervised } from './bound.ts';
import type { Objective } from './objective.ts';

/** −mean of the bound on log p(x|y) over labelled rows: what a conditional model learns (Sohn et al. 2015, eq. 4). */
export function conditional(model: Model, labelled: Known, bound: Bound = elbo()): Objective {
  const labelledBound = mean(bound(model, labelled));
  return { loss: neg(labelledBound), metrics: { labelledBound } };
}

/** What the rows are once the lower stage of a stacked model has encoded them, draws of z1, through which no slope passes. */
export function encoded({ below }: Stages, seen: Known): Known {
  const { values, noiseShape, pass } = seen;
  const { [below.x.name]: _, ...others } = values;
  const scope = `${seen.scope}below/`;
  const drawn = complete(below.q, { values: evidence(seen), noiseShape, scope }).values[below.z.name]!;
  const above = { ...others, [below.z.name]: stopGradient(drawn) };
  return known(above, noiseShape, seen.scope, undefined, pass);
}

/** How a model with classes is learned from rows with labels, where there are some, and rows without. */
export type Learner = (model: Model, labelled: Known | undefined, unlabelled: Known) => Objective;

export interface StackedOptions {
  /** How M2 is learned on M1's latent. */
  readonly learn: Learner;
  /** The bound of M1. */
  readonly bound?: Bound;
  /** Whether M1 is trained already. */
  readonly trained?: boolean;
}

/**
 * The two stages of a stacked model in one step (Kingma et al. 2014, section 2.1): M1's own bound, and above it M2 on draws
 * of its latent, whose slopes stop there. Where M1 is trained already, its part has parameters that are held fixed.
 */
export function stacked(
  stages: Stages,
  labelled: Known | undefined,
  unlabelled: Known,
  { learn, bound, trained = false }: StackedOptions,
): Objective {
  const above = learn(stages.above, labelled && encoded(stages, labelled), encoded(stages, unlabelled));
  const below = unsupervised(stages.below, { ...unlabelled, scope: `${unlabelled.scope}m1/` }, bound);
  const loss = trained ? above.loss : add(above.loss, below.loss);
  const { unlabelledBound: belowBound } = below.metrics;
  return { loss, metrics: { ...above.metrics, belowBound: belowBound! } };
}
