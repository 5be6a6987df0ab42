import {
  add,
  identityMatrix,
  logSoftmax,
  logSumExp,
  mean,
  mul,
  neg,
  reshape,
  softmax,
  sub,
  sum,
  unsqueeze,
  type Value,
} from '@semivae/graph';
import {
  type Categorical,
  categorical,
  complete,
  type Distribution,
  divergenceBetween,
  divergenceFromStandard,
  drawnBefore,
  evidence,
  type Factor,
  type Gaussian,
  gaussian,
  type Known,
  type Model,
  mapValues,
  type Pass,
  query,
  standardNormal,
  type Values,
  type Variable,
} from '@semivae/model';

/** A lower bound on log p(what is known), in nats, one number for each row (and each axis of `known`). */
export type Bound = (model: Model, known: Known) => Value;

export interface ElboOptions {
  /** Draws of the hidden variables that the bound is averaged over. */
  readonly samples?: number;
  /** Use the closed form of a divergence where it may stand in; otherwise all terms are sampled. */
  readonly closedForm?: boolean;
  /** Weight of the latent's divergence: 1 is the bound, less lets the model learn to use its latent first. */
  readonly beta?: Value;
}

/** With an axis of one put in before the features of everything known; noise is drawn `times` along it. */
const withAxis = ({ values, noiseShape, shown, drawn, ...rest }: Known, times: number): Known => {
  const widened = (each: Values) => mapValues(each, (value) => unsqueeze(value, -2));
  return {
    ...rest,
    values: widened(values),
    noiseShape: [...noiseShape, times],
    ...(shown && { shown: widened(shown) }),
    ...(drawn && { drawn: mapValues(drawn, (density) => unsqueeze(density, -1)) }),
  };
};

const total = (terms: readonly Value[]): Value => terms.reduce((left, right) => add(left, right));

/** Variables drawn after `of` in q. A closed form may not stand in when its prior is conditioned on one of them. */
const drawnAfter = (q: readonly Factor[], of: Variable): readonly string[] =>
  q.slice(q.findIndex((each) => each.variable.name === of.name) + 1).map((each) => each.variable.name);

/** KL(q ‖ p) in closed form where there is one and the rule above allows it. */
function divergence(model: Model, prior: Factor, posterior: Distribution, values: Values): Value | undefined {
  const after = drawnAfter(model.q, prior.variable);
  const allowed = prior.parents.every((parent) => !after.includes(parent.name));
  if (!allowed) return undefined;
  if (prior.family === standardNormal) return divergenceFromStandard(posterior as Gaussian);
  if (prior.family !== gaussian) return undefined;
  return divergenceBetween(posterior as Gaussian, prior.at(values) as Gaussian);
}

/** log p(value | parents) − log q(value | …) for one factor of p; the latter where it was drawn. */
function logRatio(factor: Factor, values: Values, density: Value | undefined, pass?: Pass): Value {
  const prior = factor.at(values, pass).logDensity(values[factor.variable.name]!);
  return density ? sub(prior, density) : prior;
}

/** log p(seen, hidden) − log q(hidden | seen), the hidden drawn once. */
function logWeight(model: Model, seen: Known, closedForm: boolean, beta?: Value): Value {
  const { values, drawn } = complete(
    model.q.filter((each) => !(each.variable.name in seen.values)),
    seen,
  );
  const terms = model.p.map((factor) => {
    const { name } = factor.variable;
    const posterior = drawn[name];
    const closed = closedForm && posterior ? divergence(model, factor, posterior, values) : undefined;
    const density = closed ? undefined : (posterior?.logDensity(values[name]!) ?? seen.drawn?.[name]);
    const term = closed ? neg(closed) : logRatio(factor, values, density, seen.pass);
    return beta && (closed || density) ? mul(term, beta) : term;
  });
  return total(terms);
}

/** The evidence lower bound, E_q log p(seen, hidden) / q(hidden | seen)  (Kingma and Welling 2014, eq. 3). */
export const elbo =
  ({ samples = 1, closedForm = true, beta }: ElboOptions = {}): Bound =>
  (model, seen) =>
    samples === 1
      ? logWeight(model, seen, closedForm, beta)
      : mean(logWeight(model, withAxis(seen, samples), closedForm, beta), [-1]);

/** log 1/k Σᵢ p(seen, hiddenᵢ) / q(hiddenᵢ | seen)  (Burda et al. 2016, eq. 8). */
export const iwae =
  (k: number): Bound =>
  (model, seen) =>
    sub(logSumExp(logWeight(model, withAxis(seen, k), false)), Math.log(k));

/** The bound under each value of a discrete variable, along a last axis of its own. */
function forEvery(y: Variable, bound: Bound): Bound {
  return (model, seen) => {
    const wide = withAxis(seen, 1);
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
    const each = forEvery(y, bound)(model, begun);
    if (!infers(model, y)) return logSumExp(each);
    const { logits } = query(model.q, y, evidence(begun), begun.pass) as Categorical;
    return sum(mul(softmax(logits), sub(each, logSoftmax(logits))), [-1]);
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
