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
  complete,
  type Distribution,
  divergenceFromStandard,
  evidence,
  type Factor,
  type Gaussian,
  type Known,
  known,
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
const withAxis = ({ values, noiseShape, scope, shown, pass }: Known, times: number): Known => {
  const widened = (each: Values) => mapValues(each, (value) => unsqueeze(value, -2));
  return known(widened(values), [...noiseShape, times], scope, shown && widened(shown), pass);
};

const total = (terms: readonly Value[]): Value => terms.reduce((left, right) => add(left, right));

/** Variables drawn after `of` in q. A closed form may not stand in when its prior is conditioned on one of them. */
const drawnAfter = (q: readonly Factor[], of: Variable): readonly string[] =>
  q.slice(q.findIndex((each) => each.variable.name === of.name) + 1).map((each) => each.variable.name);

/** KL(q ‖ p) in closed form where there is one and the rule above allows it. */
function divergence(model: Model, prior: Factor, posterior: Distribution): Value | undefined {
  const after = drawnAfter(model.q, prior.variable);
  const allowed = prior.parents.every((parent) => !after.includes(parent.name));
  return allowed && prior.family === standardNormal
    ? divergenceFromStandard(posterior as Gaussian)
    : undefined;
}

/** log p(value | parents) − log q(value | …) for one factor of p. */
function logRatio(factor: Factor, values: Values, posterior: Distribution | undefined, pass?: Pass): Value {
  const value = values[factor.variable.name]!;
  const prior = factor.at(values, pass).logDensity(value);
  return posterior ? sub(prior, posterior.logDensity(value)) : prior;
}

/** log p(seen, hidden) − log q(hidden | seen), the hidden drawn once. */
function logWeight(model: Model, seen: Known, closedForm: boolean, beta?: Value): Value {
  const { values, drawn } = complete(
    model.q.filter((each) => !(each.variable.name in seen.values)),
    seen,
  );
  const terms = model.p.map((factor) => {
    const posterior = drawn[factor.variable.name];
    const closed = closedForm && posterior ? divergence(model, factor, posterior) : undefined;
    const term = closed ? neg(closed) : logRatio(factor, values, posterior, seen.pass);
    return beta && posterior ? mul(term, beta) : term;
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

/**
 * Σ_y q(y|x) (bound(x, y) − log q(y|x)): a discrete variable summed out (Kingma et al. 2014, eq. 7).
 * Every value of it shares the noise of its row, so that values are compared under equal draws.
 */
export const summedOver =
  (y: Variable, bound: Bound): Bound =>
  (model, seen) => {
    const { logits } = query(model.q, y, evidence(seen), seen.pass) as Categorical;
    const wide = withAxis(seen, 1);
    const ones = Array<number>(seen.noiseShape.length).fill(1);
    const everyValue = reshape(identityMatrix(y.size), [...ones, y.size, y.size]);
    const each = bound(model, { ...wide, values: { ...wide.values, [y.name]: everyValue } });
    const weights = softmax(logits);
    return sum(mul(weights, sub(each, logSoftmax(logits))), [-1]);
  };
