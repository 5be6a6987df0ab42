import {
  add,
  div,
  exp,
  log,
  max,
  mul,
  neg,
  relu,
  sigmoid,
  stopGradient,
  sub,
  tanh,
  withGradient,
} from './ops/elementwise.ts';
import { squeeze } from './ops/layout.ts';
import { reduceMax, sum } from './ops/reduce.ts';
import { axisOf, fixedSize } from './shape.ts';
import type { Value } from './value.ts';

export const square = (a: Value): Value => mul(a, a);

/** The mean over the axes (all of them when none are named); those axes have a fixed size. */
export function mean(a: Value, axes?: readonly number[]): Value {
  const over = axes?.map((axis) => a.shape[axisOf(a.shape, axis)]!) ?? a.shape;
  return div(sum(a, axes), fixedSize(over));
}

/** log Σ exp along an axis, which is dropped; exact where exp alone would overflow. */
export function logSumExp(a: Value, axis = -1): Value {
  const top = stopGradient(reduceMax(a, [axis], { keep: true }));
  return add(log(sum(exp(sub(a, top)), [axis])), squeeze(top, axis));
}

/** log max(σ(a), 1 − σ(a)) = −log(1 + e^−|a|), from a sigmoid at hand. */
const logOfLarger = (gate: Value): Value => log(max(gate, sub(1, gate)));

/** log(1 + eᵃ), stable at both ends; composed, because ONNX Runtime's Softplus kernel is a slow scalar loop. */
export function softplus(a: Value): Value {
  const gate = sigmoid(a);
  return withGradient(sub(relu(a), logOfLarger(gate)), [a], (dy) => [mul(dy, gate)]);
}

/** log σ(a). */
export const logSigmoid = (a: Value): Value => neg(softplus(neg(a)));

/** a·σ(a), the sigmoid linear unit. */
export const silu = (a: Value): Value => mul(a, sigmoid(a));

/** The identity near 0, smoothly held within ±limit. */
export const bounded = (a: Value, limit: number): Value => mul(tanh(div(a, limit)), limit);

/** x·l − log(1 + eˡ): the log-probability of x (in [0, 1]) under a Bernoulli with logits l, element by element. */
export function bernoulliLogProbability(x: Value, logits: Value): Value {
  const gate = sigmoid(logits);
  const value = add(sub(mul(x, logits), relu(logits)), logOfLarger(gate));
  return withGradient(value, [x, logits], (dy) => [mul(dy, logits), mul(dy, sub(x, gate))]);
}
