import {
  add,
  cast,
  identityMatrix,
  less,
  logSoftmax,
  logSumExp,
  mean,
  mul,
  neg,
  reshape,
  softmax,
  stopGradient,
  sub,
  sum,
  unsqueeze,
  type Value,
} from '@semivae/graph';
import {
  complete,
  drawnBefore,
  evidence,
  type Factor,
  type Known,
  type Model,
  query,
  type Variable,
} from './factors.ts';
import { type Categorical, categorical } from './families/categorical.ts';
import { type Distribution, mapValues, type Values } from './families/family.ts';
import {
  divergenceBetween,
  divergenceFromStandard,
  divergencesBetween,
  divergencesFromStandard,
  type Gaussian,
  gaussian,
  standardNormal,
} from './families/gaussian.ts';
import type { Pass } from './pass.ts';

/** A lower bound on log p(what is known), in nats, one number for each row (and each axis of `known`). */
export type Bound = (model: Model, known: Known) => Value;

export interface ElboOptions {
  /** Draws of the hidden variables that the bound is averaged over. */
  readonly samples?: number;
  /** Use the closed form of a divergence where it may stand in; otherwise all terms are sampled. */
  readonly closedForm?: boolean;
  /** Weight of the latent's divergence: 1 is the bound, less lets the model learn to use its latent first. */
  readonly beta?: Value;
  /**
   * λ: nats of each feature of a latent whose divergence has a closed form that are not asked to be less, in the mean over
   * the rows of the batch: max(λ, mean KL) in place of KL. What it gives is then no bound of a row by itself.
   */
  readonly freeBits?: number;
}

/** With an axis of one put in before the features of everything known; noise is drawn `times` along it. */
const withAxis = ({ values, noiseShape, shown, drawn, weights, ...rest }: Known, times: number): Known => {
  const widened = (each: Values) => mapValues(each, (value) => unsqueeze(value, -2));
  return {
    ...rest,
    values: widened(values),
    noiseShape: [...noiseShape, times],
    ...(shown && { shown: widened(shown) }),
    ...(drawn && { drawn: mapValues(drawn, (density) => unsqueeze(density, -1)) }),
    ...(weights && { weights: unsqueeze(weights, -1) }),
  };
};

const total = (terms: readonly Value[]): Value => terms.reduce((left, right) => add(left, right));

/** Variables drawn after `of` in q. A closed form may not stand in when its prior is conditioned on one of them. */
const drawnAfter = (q: readonly Factor[], of: Variable): readonly string[] =>
  q.slice(q.findIndex((each) => each.variable.name === of.name) + 1).map((each) => each.variable.name);

/**
 * Σⱼ of each feature's divergence where its mean over rows is above λ, of λ where it is not; so its mean over rows is
 * Σⱼ max(λ, mean KLⱼ)  (Kingma et al. 2016, eq. 15), and what is above λ keeps every row's own slope.
 */
function withFreeBits(each: Value, bits: number, weights?: Value): Value {
  const weighed = weights ? mul(each, unsqueeze(weights, -1)) : each;
  const rows = weighed.shape.slice(0, -1).map((_, axis) => axis);
  const counts = cast(less(bits, stopGradient(mean(weighed, rows))), 'float32');
  return sum(add(mul(sub(each, bits), counts), bits), [-1]);
}

/** KL(q ‖ p) in closed form where there is one and the rule above allows it. */
function divergence(
  model: Model,
  prior: Factor,
  posterior: Distribution,
  { values, weights }: Pick<Known, 'values' | 'weights'>,
  freeBits: number,
): Value | undefined {
  const after = drawnAfter(model.q, prior.variable);
  const allowed = prior.parents.every((parent) => !after.includes(parent.name));
  if (!allowed) return undefined;
  const q = posterior as Gaussian;
  if (prior.family === standardNormal)
    return freeBits === 0
      ? divergenceFromStandard(q)
      : withFreeBits(divergencesFromStandard(q), freeBits, weights);
  if (prior.family !== gaussian) return undefined;
  const p = prior.at(values) as Gaussian;
  return freeBits === 0 ? divergenceBetween(q, p) : withFreeBits(divergencesBetween(q, p), freeBits, weights);
}

/** log p(value | parents) − log q(value | …) for one factor of p; the latter where it was drawn. */
function logRatio(factor: Factor, values: Values, density: Value | undefined, pass?: Pass): Value {
  const prior = factor.at(values, pass).logDensity(values[factor.variable.name]!);
  return density ? sub(prior, density) : prior;
}

/** log p(seen, hidden) − log q(hidden | seen), the hidden drawn once. */
function logWeight(
  model: Model,
  seen: Known,
  { closedForm = true, beta, freeBits = 0 }: Omit<ElboOptions, 'samples'>,
): Value {
  const { values, drawn } = complete(
    model.q.filter((each) => !(each.variable.name in seen.values)),
    seen,
  );
  const terms = model.p.map((factor) => {
    const { name } = factor.variable;
    const posterior = drawn[name];
    const closed =
      closedForm && posterior
        ? divergence(model, factor, posterior, { ...seen, values }, freeBits)
        : undefined;
    const density = closed ? undefined : (posterior?.logDensity(values[name]!) ?? seen.drawn?.[name]);
    const term = closed ? neg(closed) : logRatio(factor, values, density, seen.pass);
    return beta && (closed || density) ? mul(term, beta) : term;
  });
  return total(terms);
}

/** The evidence lower bound, E_q log p(seen, hidden) / q(hidden | seen)  (Kingma and Welling 2014, eq. 3). */
export const elbo =
  ({ samples = 1, ...options }: ElboOptions = {}): Bound =>
  (model, seen) =>
    samples === 1
      ? logWeight(model, seen, options)
      : mean(logWeight(model, withAxis(seen, samples), options), [-1]);

/** log 1/k Σᵢ p(seen, hiddenᵢ) / q(hiddenᵢ | seen)  (Burda et al. 2016, eq. 8). */
export const iwae =
  (k: number): Bound =>
  (model, seen) =>
    sub(logSumExp(logWeight(model, withAxis(seen, k), { closedForm: false })), Math.log(k));

/** How much each value of a summed-out variable counts in a mean over rows, given its probabilities. */
const sharesOf = (probabilities: Value, { size }: Variable): Value => mul(stopGradient(probabilities), size);

/** The bound under each value of a discrete variable, along a last axis of its own. */
function forEvery(y: Variable, bound: Bound, shares?: Value): Bound {
  return (model, seen) => {
    const wide = { ...withAxis(seen, 1), ...(shares && { weights: shares }) };
    const ones = Array<number>(seen.noiseShape.length).fill(1);
    const everyValue = reshape(identityMatrix(y.size), [...ones, y.size, y.size]);
    return bound(model, { ...wide, values: { ...wide.values, [y.name]: everyValue } });
  };
}

const infers = ({ q }: Model, y: Variable): boolean => q.some(({ variable }) => variable.name === y.name);

/**
 * q(y|x), or q(y|x,a) where a is drawn before y. Where q has no factor for y it is Bayes' rule, the bound standing for
 * log p(x, y).
 */
export function classDensity(model: Model, y: Variable, seen: Known, bound: Bound = elbo()): Distribution {
  const begun = drawnBefore(y, model, seen);
  if (infers(model, y)) return query(model.q, y, evidence(begun), begun.pass);
  return categorical.at({ logits: forEvery(y, bound)(model, begun) }, y.size);
}

/**
 * Σ_y q(y|x) (bound(x, y) − log q(y|x)): a discrete variable summed out (Kingma et al. 2014, eq. 7); log Σ_y exp bound(x, y)
 * where q has no factor for it. Every value of it shares the noise of its row, and what q draws before it, so that values
 * are compared under equal draws.
 */
export const summedOver =
  (y: Variable, bound: Bound): Bound =>
  (model, seen) => {
    const begun = drawnBefore(y, model, seen);
    if (!infers(model, y)) return logSumExp(forEvery(y, bound)(model, begun));
    const { logits } = query(model.q, y, evidence(begun), begun.pass) as Categorical;
    const probabilities = softmax(logits);
    const each = forEvery(y, bound, sharesOf(probabilities, y))(model, begun);
    return sum(mul(probabilities, sub(each, logSoftmax(logits))), [-1]);
  };

/**
 * log 1/k Σᵢ Σ_y p(x, y, hiddenᵢ) / q(hiddenᵢ|x, y): importance weights with the label summed out of p, which tighten to
 * log p(x) as k grows even where q draws something before y.
 */
export const iwaeSummedOver =
  (y: Variable, k: number): Bound =>
  (model, seen) => {
    const begun = drawnBefore(y, model, withAxis(seen, k));
    const weights = forEvery(y, elbo({ closedForm: false }))(model, begun);
    return sub(logSumExp(logSumExp(weights)), Math.log(k));
  };
