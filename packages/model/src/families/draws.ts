import {
  add,
  cast,
  constant,
  cos,
  div,
  exp,
  floor,
  greater,
  log,
  logGamma,
  matmul,
  max,
  min,
  mul,
  neg,
  slice,
  sqrt,
  sub,
  sum,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';

/** Uniform draws are multiples of 2⁻²⁴ from 0: half a step further, each has a logarithm. */
const inside = (uniform: Value): Value => add(uniform, 2 ** -25);

export const logOf = (uniform: Value): Value => log(inside(uniform));

/** √(−2 ln u)·cos 2πv  (Box and Muller 1958). */
export const normalOf = (u: Value, v: Value): Value => mul(sqrt(mul(logOf(u), -2)), cos(mul(v, 2 * Math.PI)));

/** √(ν(u^(−2/ν) − 1))·cos 2πv  (Bailey 1994). */
export const studentOf = (degrees: Value, u: Value, v: Value): Value =>
  mul(sqrt(mul(degrees, sub(exp(mul(div(logOf(u), degrees), -2)), 1))), cos(mul(v, 2 * Math.PI)));

/** The level of the largest of these is drawn with the probabilities of `logits`  (Gumbel 1954). */
export const gumbelOf = (logits: Value, uniform: Value): Value => sub(logits, log(neg(logOf(uniform))));

/** Attempts at a Gamma draw, of which at least 0.95 succeed each. */
const ATTEMPTS = 4;
/** Uniforms that `logGammaOf` takes. */
export const GAMMA_DRAWS = 3 * ATTEMPTS + 1;

/** The logarithm of a Gamma draw of shape r: one of shape r + 1 times u^(1/r)  (Marsaglia and Tsang 2000). */
export function logGammaOf(shape: Value, uniforms: readonly Value[]): Value {
  const d = add(shape, 2 / 3);
  const c = div(1 / 3, sqrt(d));
  const attempt = (at: number): { cube: Value; accepted: Value } => {
    const [u, v, w] = uniforms.slice(3 * at, 3 * at + 3) as [Value, Value, Value];
    const normal = normalOf(u, v);
    const root = add(mul(normal, c), 1);
    const cube = mul(mul(root, root), root);
    const positive = max(cube, 1e-30);
    const bound = add(mul(mul(normal, normal), 0.5), mul(d, add(sub(1, cube), log(positive))));
    return { cube: positive, accepted: greater(bound, logOf(w)) };
  };
  const attempts = Array.from({ length: ATTEMPTS }, (_, at) => attempt(at));
  const cube = attempts
    .slice(0, -1)
    .reduceRight((rest, { cube, accepted }) => where(accepted, cube, rest), attempts.at(-1)!.cube);
  return add(log(mul(d, cube)), div(logOf(uniforms.at(-1)!), shape));
}

/** Counts that a rate of up to `LARGE` is counted out among. */
const COUNTED = 64;
const LARGE = 24;
/** Uniforms that `poissonOf` takes. */
export const POISSON_DRAWS = 3;

/** A Poisson draw: the inverse of its distribution, or for a large rate λ + √λ·n + (n² − 1)/6  (Cornish and Fisher 1938). */
export function poissonOf(rate: Value, [u, v, w]: readonly Value[]): Value {
  const small = min(rate, LARGE);
  const counts = constant(
    Float32Array.from({ length: COUNTED }, (_, k) => k),
    [COUNTED],
  );
  const logRate = unsqueeze(log(max(small, 1e-30)), -1);
  const mass = exp(sub(sub(mul(counts, logRate), unsqueeze(small, -1)), logGamma(add(counts, 1))));
  const upTo = constant(
    Float32Array.from({ length: COUNTED ** 2 }, (_, i) => Number(Math.floor(i / COUNTED) <= i % COUNTED)),
    [COUNTED, COUNTED],
  );
  const distribution = matmul(mass, upTo);
  const all = slice(distribution, -1, COUNTED - 1, COUNTED);
  const counted = sum(cast(greater(mul(unsqueeze(u!, -1), all), distribution), 'float32'), [-1]);
  const normal = normalOf(v!, w!);
  const spread = add(mul(sqrt(rate), normal), div(sub(mul(normal, normal), 1), 6));
  return where(greater(rate, LARGE), max(floor(add(add(rate, spread), 0.5)), 0), counted);
}
