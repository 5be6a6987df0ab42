import type { Feeds, Tensor } from '@semivae/graph';
import { gaussian, m1, m2 } from '@semivae/model';

/**
 * Linear models whose every density is known in closed form: x = class mean + w·z + noise of variance s², z standard
 * normal. Their networks have no hidden layer, and q is the true posterior, so each draw gives log p(x) itself.
 */
const w = [0.8, -1.1];
const s2 = 0.6;
const offset = [0.3, -0.2];
const classMeans = [
  [1, 0.5],
  [-0.7, 0.2],
  [0.1, -1.3],
];
const LIMIT = 8;

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((total, each, i) => total + each * b[i]!, 0);
const minus = (a: readonly number[], b: readonly number[]) => a.map((each, i) => each - b[i]!);
const plus = (a: readonly number[], b: readonly number[]) => a.map((each, i) => each + b[i]!);
const times = (a: readonly number[], by: number) => a.map((each) => each * by);
const tensorOf = (rows: readonly (readonly number[])[]): Tensor => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});
const vector = (...data: number[]): Tensor => ({ shape: [data.length], data: Float64Array.from(data) });

/** The variance of z given x. */
const v = 1 / (1 + dot(w, w) / s2);
/** (w wᵀ + s² I)⁻¹ r  (Sherman and Morrison 1950). */
const whitened = (r: readonly number[]) => times(minus(r, times(w, (v * dot(w, r)) / s2)), 1 / s2);
/** The bias that the smooth limit turns into log(variance). */
const logVarianceBias = (variance: number) => LIMIT * Math.atanh(Math.log(variance) / LIMIT);

/** log N(x; mean, w wᵀ + s² I). */
const logNormal = (x: readonly number[], mean: readonly number[]): number => {
  const logDeterminant = 2 * Math.log(s2) - Math.log(v);
  const r = minus(x, mean);
  return -0.5 * (2 * Math.log(2 * Math.PI) + logDeterminant + dot(r, whitened(r)));
};

const meanOf = (y: number) => plus(classMeans[y]!, offset);

export const exactM1 = {
  model: m1({ x: 2, latent: 1, hidden: [], likelihood: gaussian }),
  parameters: {
    'p(x|z)/mean/weight': tensorOf([w]),
    'p(x|z)/mean/bias': vector(...offset),
    'p(x|z)/logVariance/weight': tensorOf([[0, 0]]),
    'p(x|z)/logVariance/bias': vector(logVarianceBias(s2), logVarianceBias(s2)),
    'q(z|x)/mean/weight': tensorOf(times(w, v / s2).map((each) => [each])),
    'q(z|x)/mean/bias': vector((-v * dot(w, offset)) / s2),
    'q(z|x)/logVariance/weight': tensorOf([[0], [0]]),
    'q(z|x)/logVariance/bias': vector(logVarianceBias(v)),
  } satisfies Feeds,
  logLikelihood: (x: readonly number[]) => logNormal(x, offset),
};

const jointM2 = (x: readonly number[], y: number) => logNormal(x, meanOf(y)) - Math.log(classMeans.length);

export const exactM2 = {
  model: m2({ x: 2, classes: 3, latent: 1, hidden: [], likelihood: gaussian }),
  parameters: {
    'p(x|y,z)/mean/weight(y)': tensorOf(classMeans),
    'p(x|y,z)/mean/weight(z)': tensorOf([w]),
    'p(x|y,z)/mean/bias': vector(...offset),
    'p(x|y,z)/logVariance/weight(y)': tensorOf(classMeans.map(() => [0, 0])),
    'p(x|y,z)/logVariance/weight(z)': tensorOf([[0, 0]]),
    'p(x|y,z)/logVariance/bias': vector(logVarianceBias(s2), logVarianceBias(s2)),
    'q(z|x,y)/mean/weight(x)': tensorOf(times(w, v / s2).map((each) => [each])),
    'q(z|x,y)/mean/weight(y)': tensorOf(classMeans.map((_, y) => [(-v * dot(w, meanOf(y))) / s2])),
    'q(z|x,y)/mean/bias': vector(0),
    'q(z|x,y)/logVariance/weight(x)': tensorOf([[0], [0]]),
    'q(z|x,y)/logVariance/weight(y)': tensorOf(classMeans.map(() => [0])),
    'q(z|x,y)/logVariance/bias': vector(logVarianceBias(v)),
    // log p(y|x) = x·Σ⁻¹m − ½ m·Σ⁻¹m + constant
    'q(y|x)/logits/weight': tensorOf([0, 1].map((i) => classMeans.map((_, y) => whitened(meanOf(y))[i]!))),
    'q(y|x)/logits/bias': vector(...classMeans.map((_, y) => -0.5 * dot(meanOf(y), whitened(meanOf(y))))),
  } satisfies Feeds,
  logJoint: jointM2,
  logLikelihood: (x: readonly number[]) =>
    Math.log(classMeans.reduce((total, _, y) => total + Math.exp(jointM2(x, y)), 0)),
};
