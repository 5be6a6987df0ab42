import { concat, type LeafValue, leavesOf, mul, replaced, slice, type Value } from '@semivae/graph';
import {
  answered,
  type Categorical,
  categorical,
  evidence,
  type Known,
  known,
  type Model,
  mapValues,
  type Pass,
  probingPass,
  query,
} from '@semivae/model';
import { averageOf } from '../optimizers.ts';
import { type AdversarialOptions, adversarial, type Classify } from './adversarial.ts';
import { bounds, type SemiSupervisedOptions, unsupervised } from './bound.ts';
import { entropy, imbalance } from './certainty.ts';
import { classesOf, countedBy, crossEntropy, smoothed } from './classification.ts';
import { consistency } from './consistency.ts';
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

/** x of the same rows, moved at random. */
export interface MovedRows {
  /** The classifier's labels are of these, where they are. */
  readonly labelled?: Value;
  readonly unlabelled?: Value;
}

export interface ConsistencyOptions {
  readonly weight: number;
  readonly temperature?: number;
  /** Who says of the rows as they are what moved ones must be: the classifier, or the running means of its weights. */
  readonly teacher?: 'itself' | 'average';
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
  /** Of unlabelled rows as they are, or, where there are moved ones, of those, taught by the rows as they are. */
  readonly pseudoLabels: { readonly weight: number; readonly threshold: number };
  /** Of what is said of moved unlabelled rows, which must be given where it counts. */
  readonly consistency?: ConsistencyOptions;
  readonly moved?: MovedRows | undefined;
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
 * What q(y|x) says of labelled, unlabelled and moved rows at once, so that all share a normalised layer's statistics; there
 * may be none with labels.
 */
function sayTogether(
  model: Model,
  labelled: Known | undefined,
  unlabelled: Known,
  pass: Pass | undefined,
  moved?: MovedRows,
) {
  const xOf = (rows: Known) => evidence(rows)[model.x.name]!;
  const [own, others] = [labelled ? rowsOf(labelled) : 0, rowsOf(unlabelled)];
  const first = labelled ? [moved?.labelled ?? xOf(labelled)] : [];
  const x = concat([...first, xOf(unlabelled), ...(moved?.unlabelled ? [moved.unlabelled] : [])], 0);
  const { logits } = query(model.q, classesOf(model), { [model.x.name]: x }, pass) as Categorical;
  return {
    x,
    all: logits,
    ...(labelled && { labelled: rowsFrom(logits, 0, own) }),
    unlabelled: rowsFrom(logits, own, others),
    ...(moved?.unlabelled && { moved: rowsFrom(logits, own + others, others) }),
  };
}

/**
 * What the running means of the classifier's weights say of rows as they are, which is what ships: the statistics that are
 * kept are those that are found here (Tarvainen and Valpola 2017).
 */
function averageSays(model: Model, rows: Known): Value {
  const x = evidence(rows)[model.x.name]!;
  const pass = rows.pass && { statistics: rows.pass.statistics };
  const { logits } = query(model.q, classesOf(model), { [model.x.name]: x }, pass) as Categorical;
  const below = new Set<Value>(leavesOf([x], 'parameter'));
  return replaced(logits, (leaf) =>
    leaf.leaf.kind === 'parameter' && !below.has(leaf)
      ? averageOf(leaf as LeafValue<'parameter'>)
      : undefined,
  );
}

/** −mean Σ beliefs·log q(y|x), by a factor of the step. */
function believed(logits: Value, { beliefs, factor }: Start): Objective {
  const { loss } = crossEntropy(logits, beliefs);
  return { loss: mul(loss, factor), metrics: { start: loss } };
}

/**
 * The bounds of M2 around a classifier that is held to more than its labels: Σ weight · part over the bounds of all rows,
 * its cross-entropy (weight α), its change under adversarial moves of all rows, its entropy on unlabelled rows, the
 * imbalance of the classes it gives them, its own sure answers as labels, its change under random moves of unlabelled
 * rows, and at the start what is believed of those. q(y|x) is asked once of all rows. Without labelled rows the classes are
 * clusters: low entropy and even classes make them tell of x what they can (Krause et al. 2010; Hu et al. 2017).
 */
export function fewLabels(
  model: Model,
  labelled: Known | undefined,
  unlabelled: Known,
  options: FewLabelsOptions,
): Objective {
  const y = classesOf(model);
  const { weight: consistencyWeight = 0, temperature, teacher = 'itself' } = options.consistency ?? {};
  const isTaught = consistencyWeight > 0 && teacher === 'average';
  const { pass, scope } = labelled ?? unlabelled;
  const said = sayTogether(model, labelled, unlabelled, isTaught ? probingPass(scope) : pass, options.moved);
  const { moved = said.unlabelled } = said;
  const { boundRows = rowsOf(unlabelled), alpha, boundWeight, labelSmoothing } = options;
  const classify: Classify = (x, scope) =>
    (query(model.q, y, { [model.x.name]: x }, probingPass(scope)) as Categorical).logits;
  const seen = firstRows(unlabelled, boundRows);
  const answer = categorical.at({ logits: rowsFrom(said.unlabelled, 0, rowsOf(seen)) }, y.size);
  const answering = answered(model, y, answer);
  const labels = () => {
    const truth = labelled!.values[y.name]!;
    const counts = options.classWeights && countedBy(truth, options.classWeights);
    return crossEntropy(said.labelled!, smoothed(truth, labelSmoothing), counts);
  };
  return weighted(
    [
      boundWeight,
      () =>
        labelled ? bounds(answering, labelled, seen, options) : unsupervised(answering, seen, options.bound),
    ],
    [labelled ? alpha : 0, labels],
    [options.adversarial.weight, () => adversarial(classify, said.x, said.all, options.adversarial)],
    [options.start?.weight ?? 0, () => believed(said.unlabelled, options.start!)],
    [options.entropy, () => entropy(said.unlabelled)],
    [options.balance, () => imbalance(said.unlabelled)],
    [options.pseudoLabels.weight, () => pseudoLabels(moved, options.pseudoLabels.threshold, said.unlabelled)],
    [
      consistencyWeight,
      () => consistency(moved, isTaught ? averageSays(model, unlabelled) : said.unlabelled, temperature),
    ],
  );
}
