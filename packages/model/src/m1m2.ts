import { type Model, p, q, variable } from './factors.ts';
import { bernoulli } from './families/bernoulli.ts';
import { categorical, uniform } from './families/categorical.ts';
import { gaussian, standardNormal } from './families/gaussian.ts';
import type { M2Sizes } from './m2.ts';
import { networksOf } from './networks.ts';

export interface M1M2Sizes extends M2Sizes {
  /** Features of z1, the latent of M1. */
  readonly below: number;
}

/**
 * M1 and M2 stacked (Kingma et al. 2014, section 2.1): p(y) p(z2) p(z1|y,z2) p(x|z1), q(z1|x) q(y|z1) q(z2|z1,y). The
 * factors of x and z1 are M1's; in the paper they are trained first, and then stay as they are (`stagesOf`).
 */
export function m1m2({
  x: pixels,
  classes,
  below,
  latent,
  likelihood = bernoulli,
  prior = uniform,
  ...sizes
}: M1M2Sizes) {
  const [x, z1] = [variable('x', pixels), variable('z1', below)];
  const [y, z2] = [variable('y', classes), variable('z2', latent)];
  const { encoder, between, decoder } = networksOf(sizes);
  const { classifier } = networksOf({ ...sizes, networks: { ...sizes.networks, encoder: between } });
  return {
    name: 'm1+m2',
    x,
    y,
    z: z2,
    p: [
      p(y).is(prior),
      p(z2).is(standardNormal),
      p(z1).given(y, z2).is(gaussian, between),
      p(x).given(z1).is(likelihood, decoder),
    ],
    q: [
      q(z1).given(x).is(gaussian, encoder),
      q(y).given(z1).is(categorical, classifier),
      q(z2).given(z1, y).is(gaussian, between),
    ],
  } satisfies Model;
}

export type Stacked = ReturnType<typeof m1m2>;

/** A stacked model taken apart: M1, whose prior is standard normal, and the M2 of which z1 is the data. */
export interface Stages {
  readonly below: Model;
  readonly above: Model & Required<Pick<Model, 'y'>>;
}

/** The two stages of a stacked model; they share its parameters. */
export function stagesOf({ x, y, z, p: generative, q: inference }: Stacked): Stages {
  const [of1, of2] = [inference[0]!, inference.slice(1)];
  const z1 = of1.variable;
  const decoder = generative.at(-1)!;
  return {
    below: { name: 'm1', x, z: z1, p: [p(z1).is(standardNormal), decoder], q: [of1] },
    above: { name: 'm2', x: z1, y, z, p: generative.slice(0, -1), q: of2 },
  };
}

/** The parameters of a trained M1, named as a stacked model names them: `q(z|x)/…` is its `q(z1|x)/…`. */
export const asBelow = <T>(parameters: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name.replace(/^q\(z\|x\)/, 'q(z1|x)').replace(/^p\(x\|z\)/, 'p(x|z1)'),
      value,
    ]),
  );
