import {
  add,
  gradients,
  graph,
  input,
  interpret,
  leavesOf,
  mul,
  parameter,
  scalar,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { type AdamOptions, adam, type DecayOptions, ramp, type State, warmupAndDecay } from './optimizers.ts';

const SIZE = 3;
const target = [1, -2, 0.5];

/** Σ (wᵢ − targetᵢ)² · scale, whose slope is 2 (w − target) · scale. */
function states(options: AdamOptions, scale: number): readonly State[] {
  const w = parameter('w', [SIZE], { kind: 'constant', value: 0 });
  const loss = mul(sum(square(sub(w, input('target', [SIZE])))), scale);
  return adam(options)(leavesOf([loss], 'parameter'), gradients(loss, [w]));
}

/** The state after some steps, by the reference interpreter in float64. */
function walk(all: readonly State[], steps: number): Record<string, Tensor> {
  let at = Object.fromEntries(all.map((each) => [each.name, tensor(each.leaf.shape as number[], () => 0)]));
  const fed = { target: tensor([SIZE], (i) => target[i]!) };
  for (let step = 0; step < steps; step++) {
    const next = interpret(
      all.map((each) => each.next),
      { ...at, ...fed },
    );
    at = Object.fromEntries(all.map((each, i) => [each.name, next[i]!]));
  }
  return at;
}

/** Constants of a graph are float32, 0.999 too: agreement ends at five digits. */
const DIGITS = 4;

/** Adam as its paper writes it (Kingma and Ba 2015, algorithm 1). */
function paperAdam(steps: number, rate: number, scale: number, limit = Infinity): number[] {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const w = target.map(() => 0);
  const m = target.map(() => 0);
  const v = target.map(() => 0);
  for (let t = 1; t <= steps; t++) {
    const raw = w.map((each, i) => 2 * (each - target[i]!) * scale);
    const norm = Math.hypot(...raw);
    raw.forEach((each, i) => {
      const g = each * Math.min(1, limit / norm);
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      w[i]! -= (rate * (m[i]! / (1 - beta1 ** t))) / (Math.sqrt(v[i]! / (1 - beta2 ** t)) + epsilon);
    });
  }
  return w;
}

describe('adam', () => {
  test.each([1, 2, 25])('takes the same %i steps as the paper', (steps) => {
    const { w } = walk(states({ learningRate: 0.05 }, 1), steps);
    paperAdam(steps, 0.05, 1).forEach((each, i) => expect(w!.data[i]).toBeCloseTo(each, DIGITS));
  });

  test('clips the gradient by its norm over all parameters', () => {
    const { w } = walk(states({ learningRate: 0.05, clipNorm: 0.1 }, 1), 5);
    paperAdam(5, 0.05, 1, 0.1).forEach((each, i) => expect(w!.data[i]).toBeCloseTo(each, DIGITS));
  });

  test('stands still where the slope is zero', () => {
    expect(Array.from(walk(states({ learningRate: 1 }, 0), 3).w!.data)).toEqual([0, 0, 0]);
  });

  test('decays weight matrices and leaves biases alone', () => {
    const [weight, bias] = [
      parameter('weight', [2, 1], { kind: 'constant', value: 1 }),
      parameter('bias', [2], { kind: 'constant', value: 1 }),
    ];
    const loss = mul(add(sum(weight), sum(bias)), 0);
    const all = adam({ learningRate: 0.1, weightDecay: 0.5 })(
      [weight, bias],
      gradients(loss, [weight, bias]),
    );
    const feeds = Object.fromEntries(
      all.map((each) => [
        each.name,
        tensor(each.leaf.shape as number[], () => (each.leaf.leaf?.kind === 'parameter' ? 1 : 0)),
      ]),
    );
    const next = Object.fromEntries(
      all.map((each) => [each.name, interpret([each.next], feeds)[0]!.data[0]]),
    );
    expect(next.weight).toBeCloseTo(0.95, 6);
    expect(next.bias).toBe(1);
  });
});

describe('a learning rate', () => {
  const rateAt = (step: number, shape: DecayOptions['shape'] = 'cosine') => {
    const schedule = warmupAndDecay({ steps: 100, warmup: 10, decay: 0.5, floor: 0.1, shape });
    return interpret([graph('rate', { rate: schedule(scalar(step)) }).outputs.rate!], {})[0]!.data[0]!;
  };

  test('rises, stays, and falls to its floor', () => {
    expect(rateAt(0)).toBeCloseTo(0.1, 6);
    expect(rateAt(9)).toBeCloseTo(1, 6);
    expect(rateAt(50)).toBeCloseTo(1, 6);
    expect(rateAt(75)).toBeCloseTo(0.55, 6);
    expect(rateAt(100)).toBeCloseTo(0.1, 6);
  });

  test('falls on a straight line where that is asked for', () => {
    [50, 60, 75, 90, 100].forEach((step) =>
      expect(rateAt(step, 'linear')).toBeCloseTo(1 - (0.9 * (step - 50)) / 50, 6),
    );
    expect(rateAt(4, 'linear')).toBeCloseTo(0.5, 6);
  });

  test('rises and then stays where it is constant', () => {
    expect(rateAt(4, 'constant')).toBeCloseTo(0.5, 6);
    for (const step of [9, 50, 75, 100]) expect(rateAt(step, 'constant')).toBe(1);
  });
});

describe('a share of the momentum that changes', () => {
  const schedule = ramp({ steps: 100, decay: 0.5, from: 0.9, to: 0.5 });

  test('goes on a straight line over the end of the training', () => {
    const at = (step: number) => interpret([schedule(scalar(step))], {})[0]!.data[0]!;
    [
      [0, 0.9],
      [50, 0.9],
      [75, 0.7],
      [100, 0.5],
      [150, 0.5],
    ].forEach(([step, value]) => expect(at(step!)).toBeCloseTo(value!, 6));
  });

  test('makes the same steps as a constant one while it is constant', () => {
    const [changing, constant] = [schedule, 0.9].map((beta1) =>
      walk(states({ learningRate: 0.1, beta1 }, 1), 10),
    );
    changing!.w!.data.forEach((each, i) => expect(each).toBeCloseTo(constant!.w!.data[i]!, 5));
  });

  test('still finds the target', () => {
    const { w } = walk(states({ learningRate: 0.1, beta1: schedule }, 1), 200);
    w!.data.forEach((each, i) => expect(each).toBeCloseTo(target[i]!, 1));
  });
});
