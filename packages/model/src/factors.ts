import { type LeafValue, leavesOf, noise, type Shape, type Value } from '@semivae/graph';
import { QueryError } from './errors.ts';
import type { Distribution, Family, Values } from './families/family.ts';
import type { Features, Network } from './layers.ts';
import type { Pass } from './pass.ts';

/** A random variable: a name, and the number of features of one row. */
export interface Variable extends Features {}

export const variable = (name: string, size: number): Variable => ({ name, size });

/** One conditional density of a model: `p(x|y,z)`. */
export interface Factor {
  readonly name: string;
  readonly variable: Variable;
  readonly parents: readonly Variable[];
  readonly family: Family;
  /** The density at these values of the parents; the pass that ships where none is told. */
  readonly at: (parents: Values, pass?: Pass) => Distribution;
}

const noNetwork: Network = () => () => ({});

function factor(
  letter: string,
  of: Variable,
  parents: readonly Variable[],
  family: Family,
  network: Network,
): Factor {
  const given = parents.length ? `|${parents.map((parent) => parent.name).join(',')}` : '';
  const name = `${letter}(${of.name}${given})`;
  const parametersAt = network(name, parents, family.parameters(of.size));
  return {
    name,
    variable: of,
    parents,
    family,
    at: (values, pass) => family.at(parametersAt(values, pass), of.size),
  };
}

const density = (letter: string) => (of: Variable) => ({
  /** With no parents; what the family needs is then of no network, but for `own()`. */
  is: (family: Family, network: Network = noNetwork) => factor(letter, of, [], family, network),
  given: (...parents: readonly Variable[]) => ({
    is: (family: Family, network: Network) => factor(letter, of, parents, family, network),
  }),
});

/** A generative factor, as the paper writes it: `p(x).given(y, z).is(bernoulli, mlp([500]))`. */
export const p = density('p');
/** An inference factor: `q(z).given(x, y).is(gaussian, mlp([500]))`. */
export const q = density('q');

/** A model is two lists of factors: what is believed (`p`), and how what is hidden is guessed (`q`), in order of drawing. */
export interface Model {
  readonly name: string;
  /** What the data is. */
  readonly x: Variable;
  /** The class, where the model has one. */
  readonly y?: Variable;
  /** The latent that is decoded. */
  readonly z: Variable;
  readonly p: readonly Factor[];
  readonly q: readonly Factor[];
}

/** What is known of a batch of rows. */
export interface Known {
  readonly values: Values;
  /** The axes before the features along which noise is drawn afresh; 1 where it is shared. */
  readonly noiseShape: Shape;
  /** Put before the names of noise leaves, so that two bounds in one loss draw apart. */
  readonly scope: string;
  /** What q is shown in place of some of the values, in training: noisy or partly hidden rows. */
  readonly shown?: Values;
  /** log q of each of the values that was drawn, not seen, by name: one number for each row. */
  readonly drawn?: Values;
  /** How much each row counts in a mean over rows, 1 on average: of a summed-out value, its share. Absent: all alike. */
  readonly weights?: Value;
  /** Nothing is drawn: what is hidden stands at its mean. */
  readonly still?: boolean;
  /** How networks are gone through; absent: as they ship. */
  readonly pass?: Pass;
}

export const known = (values: Values, noiseShape: Shape, scope = '', shown?: Values, pass?: Pass): Known => ({
  values,
  noiseShape,
  scope,
  ...(shown && { shown }),
  ...(pass && { pass }),
});

/** What q goes by. */
export const evidence = ({ values, shown }: Known): Values => ({ ...values, ...shown });

/** Everything known after the hidden variables were drawn from `q`, with the densities they were drawn from, by name. */
export interface Completed {
  readonly values: Values;
  readonly drawn: Readonly<Record<string, Distribution>>;
}

/** Draws each variable of `factors` that is not known, in order. Throws `NOT_DRAWABLE` for a family without a draw. */
export function complete(factors: readonly Factor[], seen: Known): Completed {
  const { values, noiseShape, scope, shown, still, pass } = seen;
  return factors.reduce<Completed>(
    (so, each) => {
      const { name, size } = each.variable;
      if (name in so.values) return so;
      const distribution = each.at({ ...so.values, ...shown }, pass);
      if (!distribution.sample) {
        const remedy = `Make ${name} known, or sum it out: summedOver(${name}, bound).`;
        throw new QueryError(
          'NOT_DRAWABLE',
          `a ${each.family.name} variable cannot be drawn`,
          each.name,
          remedy,
        );
      }
      const mean = still && distribution.answers.mean;
      const drawn = mean || distribution.sample(noise(`${scope}noise(${name})`, [...noiseShape, size]));
      return { values: { ...so.values, [name]: drawn }, drawn: { ...so.drawn, [name]: distribution } };
    },
    { values, drawn: {} },
  );
}

const before = (factors: readonly Factor[], of: Variable): readonly Factor[] =>
  factors.slice(
    0,
    Math.max(
      0,
      factors.findIndex((each) => each.variable.name === of.name),
    ),
  );

/** What is known once the variables are drawn that q draws before `of`, and at what log-densities. */
export function drawnBefore(of: Variable, { q }: Model, seen: Known): Known {
  const { values, drawn } = complete(before(q, of), seen);
  const densities = Object.entries(drawn).map(
    ([name, distribution]) => [name, distribution.logDensity(values[name]!)] as const,
  );
  if (densities.length === 0) return seen;
  return { ...seen, values, drawn: { ...seen.drawn, ...Object.fromEntries(densities) } };
}

/** The density of a variable given its parents: `query(model.q, y, { x })` is the classifier. Throws `NO_FACTOR`. */
export function query(factors: readonly Factor[], of: Variable, values: Values, pass?: Pass): Distribution {
  const found = factors.find((each) => each.variable.name === of.name);
  const missing = found?.parents.filter((parent) => !(parent.name in values)).map((parent) => parent.name);
  if (found && missing!.length === 0) return found.at(values, pass);
  const problem = found ? `${missing!.join(' and ')} must be given` : `no factor draws ${of.name}`;
  throw new QueryError(
    'NO_FACTOR',
    problem,
    found?.name ?? of.name,
    'Ask for a variable of the model, with its parents.',
  );
}

/**
 * `query`, where what the factors before it would draw stands at its mean: the auxiliary variable a of q(z|x,a,y), the z₁
 * of p(x|z₁). Throws `NO_FACTOR`, or `NOT_DRAWABLE` for a class that must be given.
 */
export function queryAtMeans(factors: readonly Factor[], of: Variable, values: Values): Distribution {
  const seen = { ...known(values, []), still: true };
  return query(factors, of, complete(before(factors, of), seen).values);
}

/** The model with what is already known of one density in `q` put in the place of asking for it. */
export const answered = (model: Model, of: Variable, answer: Distribution): Model => ({
  ...model,
  q: model.q.map((each) => (each.variable.name === of.name ? { ...each, at: () => answer } : each)),
});

/** The parameters that these values reach. */
export const parametersOf = (...values: readonly Value[]): LeafValue<'parameter'>[] =>
  leavesOf(values, 'parameter');
