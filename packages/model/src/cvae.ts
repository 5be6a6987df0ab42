import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { uniform } from './families/categorical.ts';
import { gaussian } from './families/gaussian.ts';
import type { M2Sizes } from './m2.ts';
import { networksOf } from './networks.ts';

/**
 * The conditional VAE (Sohn et al. 2015, eq. 4), its condition the class: p(z|y) p(x|y,z), q(z|x,y). A uniform p(y) makes
 * it a classifier too, by Bayes' rule: there is no q(y|x), and the class is given wherever it is trained.
 */
export function cvae({
  x: pixels,
  classes,
  latent,
  likelihood = bernoulli,
  prior = uniform,
  ...sizes
}: M2Sizes) {
  const [x, y, z] = [variable('x', pixels), variable('y', classes), variable('z', latent)];
  const { encoder, between, decoder } = networksOf(sizes);
  return {
    name: 'cvae',
    x,
    y,
    z,
    p: [p(y).is(prior), p(z).given(y).is(gaussian, between), p(x).given(y, z).is(likelihood, decoder)],
    q: [q(z).given(x, y).is(gaussian, encoder)],
  } satisfies Model;
}
