import type { Value } from '@semivae/graph';
import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import type { Family } from './families/family.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import { type Activation, mlp, shown } from './layers.ts';

export interface M1Sizes {
  readonly x: number;
  readonly latent: number;
  readonly hidden: readonly number[];
  readonly likelihood?: Family;
  readonly activation?: Activation;
  /** What q's networks are shown of x; x itself unless told. */
  readonly show?: (x: Value) => Value;
}

/** M1 (Kingma et al. 2014, eq. 1): p(z) p(x|z), q(z|x); the variational autoencoder. */
export function m1({
  x: pixels,
  latent,
  hidden,
  likelihood = bernoulli,
  activation = 'relu',
  show,
}: M1Sizes): Model {
  const [x, z] = [variable('x', pixels), variable('z', latent)];
  const network = mlp(hidden, { activation });
  const inference = show ? shown('x', show, network) : network;
  return {
    name: 'm1',
    x,
    z,
    p: [p(z).is(standardNormal), p(x).given(z).is(likelihood, network)],
    q: [q(z).given(x).is(gaussian, inference)],
  };
}
