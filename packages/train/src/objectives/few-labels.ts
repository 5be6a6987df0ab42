import { concat, mul, slice, type Value } from '@semivae/graph';
import {
  answered,
  type Categorical,
  categorical,
  evidence,
  type Known,
  known,
  type Model,
  mapValues,
  probingPass,
  query,
} from '@semivae/model';
import { type AdversarialOptions, adversarial, type Classify } from './adversarial.ts';
import { bounds, type SemiSupervisedOptions, unsupervised } from './bound.ts';
import { entropy, imbalance } from './certainty.ts';
import { classesOf, crossEntropy, smoothed } from './classification.ts';
import { type Objective, weighted } from './objective.ts';
import { pseudoLabels } from './pseudo-labels.ts';

/** What unlabelled rows are believed to be before anything is learned. */
export interface Start {
  readonly weight: number;
  /** [unlabelled rows, classes], shares that sum to 1. */
  readonly beliefs: Value;
  /** What the weight is multiplied by at a step. */
  readonly factor: Value;
}

export interface FewLabelsOptions extends SemiSupervisedOptions {
  /** Weight of the bounds of all rows; at 0 the classifier is trained alone. */
  readonly boundWeight: number;
  /** How many of the unlabelled rows the bound is of; absent: all. */
  readonly boundRows?: number | undefined;
  readonly labelSmoothing: number;
  readonly adversarial: AdversarialOptions & { readonly weight: number };
  readonly entropy: number;
  readonly balance: number;
  readonly start?: Start;
  readonly pseudoLabels: { readonly weight: number; readonly threshold: number };
}

const rowsOf = ({ noiseShape }: Known): number => noiseShape[0] as number;

const rowsFrom = (value: Value, start: number, count: number): Value => slice(value, 0, start, start + count);

/** The first rows of a batch; all where it has no more. */
function firstRows(batch: Known, count: number): Known {
  if (count >= rowsOf(batch)) return batch;
  const { values, scope, shown, pass } = batch;
  const cut = (value: Value) => rowsFrom(value, 0, count);
  return known(mapValues(values, cut), [count], scope, shown && mapValues(shown, cut), pass);
}

/**
 * What q(y|x) says of labelled and unlabelled rows at once, so that both share a normalised layer's statistics; of the
 * unlabelled ones alone where there are no others.
 */
function sayTogether(model: Model, labelled: Known | undefined, unlabelled: Known) {
  const batches = labelled ? [labelled, unlabelled] : [unlabelled];
  const x = concat(
    batches.map((rows) => evidence(rows)[model.x.name]!),
    0,
  );
  const { logits } = query(model.q, classesOf(model), { [model.x.name]: x }, batches[0]!.pass) as Categorical;
  const own = labelled ? rowsOf(labelled) : 0;
  return {
    x,
    all: logits,
    unlabelled: rowsFrom(logits, own, rowsOf(unlabelled)),
    ...(labelled && { labelled: rowsFrom(logits, 0, own) }),
  };
}

/** −mean Σ beliefs·log q(y|x), by a factor of the step. */
function believed(logits: Value, { beliefs, factor }: Start): Objective {
  const { loss } = crossEntropy(logits, beliefs);
  return { loss: mul(loss, factor), metrics: { start: loss } };
}

/**
 * The bounds of M2 around a classifier that is held to more than its labels: Σ weight · part over the bounds of all rows,
 * its cross-entropy (weight α), its change under adversarial moves of all rows, its entropy on unlabelled rows, the
 * imbalance of the classes it gives them, and its own sure answers as labels. q(y|x) is asked once of all rows. Without
 * labelled rows the classes are clusters: low entropy and even classes make them tell of x what they can (Krause et al.
 * 2010; Hu et al. 2017).
 */
export function fewLabels(
  model: Model,
  labelled: Known | undefined,
  unlabelled: Known,
  options: FewLabelsOptions,
): Objective {
  const y = classesOf(model);
  const said = sayTogether(model, labelled, unlabelled);
  const { boundRows = rowsOf(unlabelled), alpha, boundWeight, labelSmoothing } = options;
  const classify: Classify = (x, scope) =>
    (query(model.q, y, { [model.x.name]: x }, probingPass(scope)) as Categorical).logits;
  const seen = firstRows(unlabelled, boundRows);
  const answer = categorical.at({ logits: rowsFrom(said.unlabelled, 0, rowsOf(seen)) }, y.size);
  const known = answered(model, y, answer);
  const truth = () => smoothed(labelled!.values[y.name]!, labelSmoothing);
  return weighted(
    [
      boundWeight,
      () => (labelled ? bounds(known, labelled, seen, options) : unsupervised(known, seen, options.bound)),
    ],
    [labelled ? alpha : 0, () => crossEntropy(said.labelled!, truth())],
    [options.adversarial.weight, () => adversarial(classify, said.x, said.all, options.adversarial)],
    [options.start?.weight ?? 0, () => believed(said.unlabelled, options.start!)],
    [options.entropy, () => entropy(said.unlabelled)],
    [options.balance, () => imbalance(said.unlabelled)],
    [options.pseudoLabels.weight, () => pseudoLabels(said.unlabelled, options.pseudoLabels.threshold)],
  );
}
