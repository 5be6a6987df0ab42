import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { categorical, uniform } from './families/categorical.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import { mlp, type Network, shown } from './layers.ts';
import type { M1Sizes } from './m1.ts';

export interface M2Sizes extends M1Sizes {
  readonly classes: number;
  /** The network of q(y|x), where it is not to be as the others. */
  readonly classifier?: Network;
}

/** M2 (Kingma et al. 2014, eq. 2): p(y) p(z) p(x|y,z), q(y|x) q(z|x,y). */
export function m2({
  x: pixels,
  classes,
  latent,
  hidden,
  likelihood = bernoulli,
  activation = 'relu',
  show,
  classifier,
}: M2Sizes) {
  const network = mlp(hidden, { activation });
  const [x, y, z] = [variable('x', pixels), variable('y', classes), variable('z', latent)];
  const inference = (own: Network) => (show ? shown('x', show, own) : own);
  return {
    name: 'm2',
    x,
    y,
    z,
    p: [p(y).is(uniform), p(z).is(standardNormal), p(x).given(y, z).is(likelihood, network)],
    q: [
      q(y)
        .given(x)
        .is(categorical, inference(classifier ?? network)),
      q(z).given(x, y).is(gaussian, inference(network)),
    ],
  } satisfies Model;
}
