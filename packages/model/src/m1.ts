import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import type { Family } from './families/family.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import { type NetworkSizes, networksOf } from './networks.ts';

export interface M1Sizes extends NetworkSizes {
  readonly x: number;
  readonly latent: number;
  readonly likelihood?: Family;
}

/** M1 (Kingma et al. 2014, eq. 1): p(z) p(x|z), q(z|x); the variational autoencoder. */
export function m1({ x: pixels, latent, likelihood = bernoulli, ...sizes }: M1Sizes): Model {
  const [x, z] = [variable('x', pixels), variable('z', latent)];
  const { encoder, decoder } = networksOf(sizes);
  return {
    name: 'm1',
    x,
    z,
    p: [p(z).is(standardNormal), p(x).given(z).is(likelihood, decoder)],
    q: [q(z).given(x).is(gaussian, encoder)],
  };
}
