import { byBayes } from './bayes.ts';
import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { categorical } from './families/categorical.ts';
import { gaussian } from './families/gaussian.ts';
import type { M2Sizes } from './m2.ts';
import { networksOf, own } from './networks.ts';

export interface VadeSizes extends M2Sizes {
  /** The deviation at which the means of the clusters begin. */
  readonly spread?: number;
}

/**
 * Variational deep embedding (Jiang et al. 2017, eq. 3 and 16): p(y) p(z|y) p(x|z), q(z|x) q(y|z), where y is a cluster,
 * p(y) and p(z|y) have parameters of their own, and q(y|z) = p(y|z) by Bayes' rule. Labels, where there are some, name
 * the clusters.
 */
export function vade({
  x: pixels,
  classes,
  latent,
  likelihood = bernoulli,
  spread = 1,
  ...sizes
}: VadeSizes) {
  const [x, y, z] = [variable('x', pixels), variable('y', classes), variable('z', latent)];
  const { encoder, decoder } = networksOf(sizes);
  const mixture = [p(y).is(categorical, own()), p(z).given(y).is(gaussian, own({ spread }))];
  return {
    name: 'vade',
    x,
    y,
    z,
    p: [...mixture, p(x).given(z).is(likelihood, decoder)],
    q: [q(z).given(x).is(gaussian, encoder), byBayes(y, mixture)],
  } satisfies Model;
}
