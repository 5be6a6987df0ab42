import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { categorical, uniform } from './families/categorical.ts';
import type { Family } from './families/family.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import type { M1Sizes } from './m1.ts';
import { networksOf } from './networks.ts';

export interface M2Sizes extends M1Sizes {
  readonly classes: number;
  /** p(y): every class equally likely unless told. */
  readonly prior?: Family;
}

/** M2 (Kingma et al. 2014, eq. 2): p(y) p(z) p(x|y,z), q(y|x) q(z|x,y). */
export function m2({
  x: pixels,
  classes,
  latent,
  likelihood = bernoulli,
  prior = uniform,
  ...sizes
}: M2Sizes) {
  const [x, y, z] = [variable('x', pixels), variable('y', classes), variable('z', latent)];
  const { encoder, classifier, decoder } = networksOf(sizes);
  return {
    name: 'm2',
    x,
    y,
    z,
    p: [p(y).is(prior), p(z).is(standardNormal), p(x).given(y, z).is(likelihood, decoder)],
    q: [q(y).given(x).is(categorical, classifier), q(z).given(x, y).is(gaussian, encoder)],
  } satisfies Model;
}
