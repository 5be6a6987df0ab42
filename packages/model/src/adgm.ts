import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { categorical, uniform } from './families/categorical.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import { networksOf } from './networks.ts';
import type { AuxiliarySizes } from './sdgm.ts';

/**
 * The auxiliary deep generative model (Maaløe et al. 2016, eq. 7): p(y) p(z) p(x|y,z) p(a|x,y,z), q(a|x) q(y|a,x)
 * q(z|a,y,x). x does not depend on a: a makes q richer, not p.
 */
export function adgm({
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
  const { encoder, classifier, decoder } = networksOf(sizes);
  return {
    name: 'adgm',
    x,
    y,
    z,
    p: [
      p(y).is(prior),
      p(z).is(standardNormal),
      p(x).given(y, z).is(likelihood, decoder),
      p(a).given(x, y, z).is(gaussian, encoder),
    ],
    q: [
      q(a).given(x).is(gaussian, encoder),
      q(y).given(x, a).is(categorical, classifier),
      q(z).given(x, a, y).is(gaussian, encoder),
    ],
  } satisfies Model;
}
