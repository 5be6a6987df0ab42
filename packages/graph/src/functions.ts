import {
  abs,
  add,
  cast,
  div,
  exp,
  greater,
  log,
  max,
  min,
  mul,
  neg,
  reciprocal,
  relu,
  sigmoid,
  sign,
  stopGradient,
  sub,
  tanh,
  withGradient,
} from './ops/elementwise.ts';
import { reshape, squeeze, unsqueeze } from './ops/layout.ts';
import { product, reduceMax, sum } from './ops/reduce.ts';
import { axisOf, sizeOf } from './shape.ts';
import type { Value } from './value.ts';

export const square = (a: Value): Value => withGradient(mul(a, a), [a], (dy) => [mul(mul(dy, 2), a)]);

/** The mean over the axes (all of them when none are named). Throws `SYMBOLIC` where one of them is free. */
export function mean(a: Value, axes?: readonly number[]): Value {
  const over = axes?.map((axis) => a.shape[axisOf(a.shape, axis)]!) ?? a.shape;
  return div(sum(a, axes), sizeOf(over));
}

/** Held within [low, high]; at a tie with a limit the slope is that of `a`. */
export const clip = (a: Value, low: Value | number, high: Value | number): Value => min(max(a, low), high);

/** sign(a)·log(1 + |a|): the identity near 0, a logarithm far from it. */
export function signedLog(a: Value): Value {
  const reach = add(abs(a), 1);
  return withGradient(mul(sign(a), log(reach)), [a], (dy) => [div(dy, reach)]);
}

/** 1/12z − 1/360z³ + 1/1260z⁵ − 1/1680z⁷ of 1/z: what Stirling's formula leaves out, to 4e-8 for z ≥ 3. */
function stirlingRest(inverse: Value): Value {
  const squared = mul(inverse, inverse);
  const last = sub(1 / 1260, mul(squared, 1 / 1680));
  return mul(add(mul(sub(mul(last, squared), 1 / 360), squared), 1 / 12), inverse);
}

/**
 * log Γ(a) for a > 0, to one millionth of max(1, |log Γ(a)|) in float32 between 1e-3 and 1e6: Stirling's formula at
 * z = a + 3, less log a(a + 1)(a + 2).
 */
export function logGamma(a: Value): Value {
  const z = add(a, 3);
  const inverse = reciprocal(z);
  // 3·log z is taken from both, so that no two large terms are subtracted
  const skipped = mul(mul(mul(a, inverse), mul(add(a, 1), inverse)), mul(add(a, 2), inverse));
  const stirling = add(mul(sub(a, 0.5), sub(log(z), 1)), Math.log(2 * Math.PI) / 2 - 3.5);
  return add(sub(stirling, log(skipped)), stirlingRest(inverse));
}

/** log Σ exp along an axis, which is dropped; exact where exp alone would overflow. */
export function logSumExp(a: Value, axis = -1): Value {
  const top = stopGradient(reduceMax(a, [axis], { keep: true }));
  return add(log(sum(exp(sub(a, top)), [axis])), squeeze(top, axis));
}

/**
 * max(σ(a), 1 − σ(a)) = 1 / (1 + e^−|a|), within [½, 1], from a sigmoid at hand. At a = 0 the slope is that of 1 − σ(a),
 * as relu's is 0: whoever derives log(1 + eᵃ) from its parts finds ½ there too.
 */
const larger = (gate: Value): Value => max(sub(1, gate), gate);

/** A product of so many numbers within [½, 1] is still a normal float32, at least 2^−126. */
const LONGEST_RUN = 126;

/** Σ log along the last axis, of numbers within [½, 1]: few logarithms of products, for they are slow. */
function sumOfLogs(factors: Value): Value {
  const size = factors.shape.at(-1) as number;
  let run = Math.min(size, LONGEST_RUN);
  while (size % run !== 0) run--;
  const runs = reshape(factors, [...factors.shape.slice(0, -1), size / run, run]);
  return sum(log(product(runs, [-1])), [-1]);
}

/** log(1 + eᵃ), stable at both ends; composed, because ONNX Runtime's Softplus kernel is a slow scalar loop. */
export function softplus(a: Value): Value {
  const gate = sigmoid(a);
  return withGradient(sub(relu(a), log(larger(gate))), [a], (dy) => [mul(dy, gate)]);
}

/** log σ(a). */
export const logSigmoid = (a: Value): Value => neg(softplus(neg(a)));

/** The larger of a and share·a, for a share within (0, 1): a rectifier that keeps a slope below 0 (Maas et al. 2013). */
export const leakyRelu = (a: Value, share = 0.1): Value =>
  withGradient(max(a, mul(a, share)), [a], (dy) => [mul(dy, max(cast(greater(a, 0), 'float32'), share))]);

/** a·σ(a), the sigmoid linear unit. */
export const silu = (a: Value): Value => mul(a, sigmoid(a));

/** The identity near 0, smoothly held within ±limit. */
export function bounded(a: Value, limit: number): Value {
  const share = tanh(div(a, limit));
  return withGradient(mul(share, limit), [a], (dy) => [mul(dy, sub(1, mul(share, share)))]);
}

/**
 * Σ x·l − log(1 + eˡ) along the last axis, which is dropped: the log-probability of rows x (in [0, 1]) under
 * independent Bernoullis with logits l.
 */
export function bernoulliLogProbability(x: Value, logits: Value): Value {
  const gate = sigmoid(logits);
  // log(1 + eˡ) = max(l, 0) − log larger(σ(l))
  const value = add(sum(sub(mul(x, logits), relu(logits)), [-1]), sumOfLogs(larger(gate)));
  return withGradient(value, [x, logits], (dy) => {
    const each = unsqueeze(dy, -1);
    return [mul(each, logits), mul(each, sub(x, gate))];
  });
}
