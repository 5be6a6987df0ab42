import { exp, identityMatrix, mul, softmax, sub, sum, unsqueeze, type Value } from '@semivae/graph';
import { classDensity } from './bounds.ts';
import { known, type Model, queryAtMeans } from './factors.ts';
import type { Categorical } from './families/categorical.ts';
import type { Distribution, Values } from './families/family.ts';
import {
  divergenceBetween,
  divergenceFromStandard,
  type Gaussian,
  standardNormal,
} from './families/gaussian.ts';

/** p(z|y) of a model whose latents are not standard normal. */
export function priorOf({ p, z }: Model, label: Values = {}): Gaussian | undefined {
  const { family, at } = p.find(({ variable }) => variable.name === z.name)!;
  return family === standardNormal ? undefined : (at(label) as Gaussian);
}

/** A posterior in units of the prior, under which what ships is standard normal in every model. */
export function whitened({ answers, mean, logVariance }: Gaussian, prior?: Gaussian): Values {
  if (!prior) return answers;
  const apart = mul(sub(mean, prior.mean), exp(mul(prior.logVariance, -0.5)));
  return { mean: apart, logVariance: sub(logVariance, prior.logVariance) };
}

/** Rows beside every class, [rows, 1, …] and [1, classes, classes]; a model without classes has one row as it is. */
function besideClasses({ x, y }: Model, rows: Value): Values {
  if (!y) return { [x.name]: rows };
  return { [x.name]: unsqueeze(rows, 1), [y.name]: unsqueeze(identityMatrix(y.size), 0) };
}

/** q(y|x) [rows, classes]; undefined for a model without classes. */
function classShares(model: Model, rows: Value): Value | undefined {
  if (!model.y) return undefined;
  const seen = { ...known({ [model.x.name]: rows }, ['batch']), still: true };
  return softmax((classDensity(model, model.y, seen) as Categorical).logits);
}

/** A row as the model sees it, all it says expected over q(y|x). */
export interface Coded {
  /** The mean of q(z|x) [rows, latent], in units of the prior. */
  readonly mean: Value;
  /** KL(q(z|x,y) ‖ p(z|y)) [rows], in nats. */
  readonly divergence: Value;
  /** log p(x|y,z) [rows], in nats, z at the mean of its posterior. */
  readonly reconstruction: Value;
  /** Something [rows, features] that p(x|y,z) at that mean says of x. */
  said(of: (decoded: Distribution, x: Value) => Value): Value;
}

/** What a model makes of rows [rows, features], nothing of it drawn: what q draws before z stands at its mean. */
export function codedRows(model: Model, rows: Value): Coded {
  const { x, z, p, q } = model;
  const given = besideClasses(model, rows);
  const shares = classShares(model, rows);
  const posterior = queryAtMeans(q, z, given) as Gaussian;
  const prior = priorOf(model, given);
  const decoded = queryAtMeans(p, x, { ...given, [z.name]: posterior.mean });
  const ofRows = (each: Value) => (shares ? sum(mul(each, shares), [1]) : each);
  const ofFeatures = (each: Value) => (shares ? sum(mul(each, unsqueeze(shares, -1)), [1]) : each);
  return {
    mean: ofFeatures(whitened(posterior, prior).mean!),
    divergence: ofRows(prior ? divergenceBetween(posterior, prior) : divergenceFromStandard(posterior)),
    reconstruction: ofRows(decoded.logDensity(given[x.name]!)),
    said: (of) => ofFeatures(of(decoded, given[x.name]!)),
  };
}
