import {
  add,
  cos,
  div,
  type Initial,
  input,
  type LeafValue,
  max,
  min,
  mul,
  pow,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensors,
  type Value,
} from '@semivae/graph';

/** Something that a step reads and renews: a parameter, a moment, the step count. */
export interface State {
  readonly name: string;
  readonly leaf: Value;
  readonly next: Value;
  readonly initial: Initial;
}

/** A learning rate's factor as a function of the step (0, 1, …), as a graph. */
export type Schedule = (step: Value) => Value;

export const constantRate: Schedule = () => scalar(1);

/** From `from` to `to` on a straight line over the last `decay` share of `steps`. */
export const ramp =
  ({ steps, decay, from, to }: { steps: number; decay: number; from: number; to: number }): Schedule =>
  (step) => {
    if (decay === 0 || from === to) return scalar(from);
    const start = steps * (1 - decay);
    return add(mul(min(relative(step, start, Math.max(1, steps - start)), 1), to - from), from);
  };

export interface DecayOptions {
  readonly steps: number;
  readonly warmup: number;
  readonly decay: number;
  readonly floor: number;
  /** How it falls: along a cosine (Loshchilov and Hutter 2017), on a straight line, or not at all. */
  readonly shape?: 'cosine' | 'linear' | 'constant';
}

/** Up from 0 over `warmup` steps, flat, and over the last `decay` share of `steps` down to `floor`. */
export const warmupAndDecay =
  ({ steps, warmup, decay, floor, shape = 'cosine' }: DecayOptions): Schedule =>
  (step) => {
    const rise = warmup === 0 ? scalar(1) : min(div(add(step, 1), warmup), 1);
    if (decay === 0 || shape === 'constant') return rise;
    const start = steps * (1 - decay);
    const progress = min(relative(step, start, Math.max(1, steps - start)), 1);
    const fall =
      shape === 'linear'
        ? add(mul(progress, floor - 1), 1)
        : add(mul(add(cos(mul(progress, Math.PI)), 1), (1 - floor) / 2), floor);
    return mul(rise, fall);
  };

const relative = (step: Value, start: number, length: number): Value => div(max(sub(step, start), 0), length);

export interface AdamOptions {
  readonly learningRate: number;
  /** Share of the momentum that is kept at each step; as a schedule it must change slowly. */
  readonly beta1?: number | Schedule;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled decay of weights (not of biases), per step and unit of learning rate (Loshchilov and Hutter 2019). */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm, taken over all of them (Pascanu et al. 2013). Absent: never. */
  readonly clipNorm?: number;
  readonly schedule?: Schedule;
}

/** An optimizer's step as values of the graph. */
export type Optimizer = (
  parameters: readonly LeafValue<'parameter'>[],
  slopes: readonly Value[],
) => readonly State[];

const total = (values: readonly Value[]): Value => values.reduce((left, right) => add(left, right));

/** Scaled so that the norm over all slopes is at most `limit`. */
function clipped(slopes: readonly Value[], limit: number): readonly Value[] {
  const norm = sqrt(total(slopes.map((slope) => sum(square(slope)))));
  const factor = min(div(limit, add(norm, 1e-12)), 1);
  return slopes.map((slope) => mul(slope, factor));
}

const complement = (share: Value | number): Value | number =>
  typeof share === 'number' ? 1 - share : sub(1, share);

/** How many steps were made: part of every optimizer's state, and what schedules go by. */
export const stepCount = input('adam/step', []);

const ZERO: Initial = { kind: 'constant', value: 0 };

/**
 * Adam (Kingma and Ba 2015) with decoupled weight decay. Its state holds the moments as plain decaying sums,
 * Σ β^i g and Σ β^i g²; their scale and the bias corrections go into two scalars, which saves four passes a parameter.
 */
export const adam =
  ({
    learningRate,
    beta1: momentum = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0,
    clipNorm,
    schedule = constantRate,
  }: AdamOptions): Optimizer =>
  (parameters, raw) => {
    const slopes = clipNorm === undefined ? raw : clipped(raw, clipNorm);
    const next = add(stepCount, 1);
    const rate = mul(schedule(stepCount), learningRate);
    const beta1 = typeof momentum === 'number' ? momentum : momentum(stepCount);
    // √ of what turns Σ β₂^i g² into v̂; its inverse scales ε instead of every element
    const spread = sqrt(div(sub(1, pow(scalar(beta2), next)), 1 - beta2));
    const size = div(mul(rate, mul(spread, complement(beta1))), sub(1, pow(beta1, next)));
    const floor = mul(spread, epsilon);
    const remains = sub(1, mul(rate, weightDecay));
    const states = parameters.flatMap((parameter, i) => {
      const { name, initial } = parameter.leaf;
      const first = input(`adam/first/${name}`, parameter.shape);
      const second = input(`adam/second/${name}`, parameter.shape);
      const gathered = add(mul(first, beta1), slopes[i]!);
      const energy = add(mul(second, beta2), square(slopes[i]!));
      const change = mul(div(gathered, add(sqrt(energy), floor)), size);
      const decays = weightDecay > 0 && parameter.shape.length > 1;
      const kept = decays ? mul(parameter, remains) : parameter;
      return [
        { name, leaf: parameter, next: sub(kept, change), initial },
        { name: first.leaf.name, leaf: first, next: gathered, initial: ZERO },
        { name: second.leaf.name, leaf: second, next: energy, initial: ZERO },
      ];
    });
    return [{ name: stepCount.leaf.name, leaf: stepCount, next, initial: ZERO }, ...states];
  };

const AVERAGE = 'average/';

const averages = new WeakMap<Value, LeafValue<'input'>>();

/** The running mean of a parameter, as `averaged` keeps it: one leaf, whoever asks. */
export function averageOf(parameter: LeafValue<'parameter'>): LeafValue<'input'> {
  const known = averages.get(parameter);
  if (known) return known;
  const mean = input(`${AVERAGE}${parameter.leaf.name}`, parameter.shape);
  averages.set(parameter, mean);
  return mean;
}

/**
 * An optimizer that also keeps a running mean of every parameter, which is what ships: mean ← d·mean + (1 − d)·parameter,
 * d rising to `decay` so that the start is forgotten (Polyak and Juditsky 1992).
 */
export const averaged =
  (optimizer: Optimizer, decay: number): Optimizer =>
  (parameters, slopes) => {
    const states = optimizer(parameters, slopes);
    const kept = min(div(stepCount, add(stepCount, 10)), decay);
    const means = parameters.map((parameter) => {
      const mean = averageOf(parameter);
      const { next } = states.find((each) => each.name === parameter.leaf.name)!;
      return {
        name: mean.leaf.name,
        leaf: mean,
        next: add(mul(mean, kept), mul(next, sub(1, kept))),
        initial: ZERO,
      };
    });
    return [...states, ...means];
  };

/** The parameters of a state as they ship: their running means where those are kept. */
export const shippedParameters = (state: Tensors): Tensors =>
  Object.fromEntries(
    Object.keys(state)
      .filter((name) => !name.startsWith(AVERAGE))
      .map((name) => [name, state[`${AVERAGE}${name}`] ?? state[name]!]),
  );
