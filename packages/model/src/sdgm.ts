import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { categorical, uniform } from './families/categorical.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import type { M2Sizes } from './m2.ts';
import { networksOf } from './networks.ts';

export interface AuxiliarySizes extends M2Sizes {
  /** Features of the auxiliary variable a. */
  readonly auxiliary: number;
}

/**
 * The skip deep generative model (Maaløe et al. 2016, eq. 12): p(y) p(z) p(a|y,z) p(x|a,y,z), q(a|x) q(y|a,x) q(z|a,y,x).
 * z is drawn after a, on which p(a|y,z) is conditioned: no closed form stands in for the divergence of a.
 */
export function sdgm({
  x: pixels,
  classes,
  auxiliary,
  latent,
  likelihood = bernoulli,
  prior = uniform,
  ...sizes
}: AuxiliarySizes) {
  const [x, y] = [variable('x', pixels), variable('y', classes)];
  const [a, z] = [variable('a', auxiliary), variable('z', latent)];
  const { encoder, classifier, between, decoder } = networksOf(sizes);
  return {
    name: 'sdgm',
    x,
    y,
    z,
    p: [
      p(y).is(prior),
      p(z).is(standardNormal),
      p(a).given(y, z).is(gaussian, between),
      p(x).given(a, y, z).is(likelihood, decoder),
    ],
    q: [
      q(a).given(x).is(gaussian, encoder),
      q(y).given(x, a).is(categorical, classifier),
      q(z).given(x, a, y).is(gaussian, encoder),
    ],
  } satisfies Model;
}
