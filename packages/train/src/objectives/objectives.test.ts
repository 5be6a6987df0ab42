import { gradients, input, interpret, linear, type Tensor, tanh, type Value } from '@semivae/graph';
import { fillNormal } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { adversarial, type Classify } from './adversarial.ts';
import { entropy, imbalance } from './certainty.ts';
import { crossEntropy, smoothed } from './classification.ts';
import { consistency } from './consistency.ts';
import { weighted } from './objective.ts';
import { pseudoLabels } from './pseudo-labels.ts';

const matrix = (...rows: number[][]): Tensor => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});
const drawn = (shape: readonly number[], stream: number): Tensor => {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  fillNormal(data, { seed: 5, stream, step: 0 });
  return { shape, data: Float64Array.from(data) };
};
const numberOf = (value: Value, feeds: Readonly<Record<string, Tensor>>) =>
  interpret([value], feeds)[0]!.data[0]!;

const logits = input('logits', [2, 3]);
const even = matrix([0, 0, 0], [5, 5, 5]);
const apart = matrix([60, 0, 0], [0, 60, 0]);
const alike = matrix([60, 0, 0], [60, 0, 0]);

describe('what unlabelled rows are held to', () => {
  test('entropy is log k where nothing is known, 0 where all is', () => {
    expect(numberOf(entropy(logits).loss, { logits: even })).toBeCloseTo(Math.log(3), 12);
    expect(numberOf(entropy(logits).loss, { logits: apart })).toBeCloseTo(0, 12);
  });

  test('imbalance is 0 where classes come equally often, log k where one takes all', () => {
    expect(numberOf(imbalance(logits).loss, { logits: even })).toBeCloseTo(0, 4);
    expect(numberOf(imbalance(logits).loss, { logits: apart })).toBeCloseTo(Math.log(3 / 2), 4);
    expect(numberOf(imbalance(logits).loss, { logits: alike })).toBeCloseTo(Math.log(3), 4);
  });

  test('pseudo-labels count sure rows alone', () => {
    const { loss, metrics } = pseudoLabels(logits, 0.7);
    const half = matrix([2, 0, 0], [0.1, 0, 0]);
    const sure = Math.log((Math.exp(2) + 2) / Math.exp(2));
    expect(numberOf(loss, { logits: half })).toBeCloseTo(sure / 2, 10);
    expect(numberOf(metrics.sureShare!, { logits: half })).toBe(0.5);
  });
});

describe('consistency', () => {
  const teacher = input('teacher', [2, 3]);
  const feeds = { logits: matrix([1, 0, 2], [0, 3, 1]), teacher: matrix([2, 0, 2], [1, 0, 1]) };

  test('is 0 where moved rows say what they said unmoved, more where they do not', () => {
    const { loss } = consistency(logits, teacher);
    expect(numberOf(loss, { ...feeds, teacher: feeds.logits })).toBeCloseTo(0, 12);
    expect(numberOf(loss, feeds)).toBeGreaterThan(0.1);
  });

  test('passes the teacher no slope, and is flat where both say the same', () => {
    const { loss } = consistency(logits, teacher);
    expect(() => gradients(loss, [teacher])).toThrow(expect.objectContaining({ code: 'NO_SLOPE' }));
    const slopes = gradients(loss, [logits]);
    expect(Math.hypot(...interpret(slopes, feeds)[0]!.data)).toBeGreaterThan(0.1);
    const [flat] = interpret(slopes, { ...feeds, teacher: feeds.logits });
    flat!.data.forEach((each) => expect(each).toBeCloseTo(0, 12));
  });

  test('at a temperature below 1 asks for what is surer', () => {
    const twice = matrix([2, 0, 4], [0, 6, 2]);
    const { loss } = consistency(logits, teacher, 0.5);
    expect(numberOf(loss, { teacher: feeds.logits, logits: twice })).toBeCloseTo(0, 12);
  });
});

test('smoothing moves a share of a label to all classes alike', () => {
  const truth = input('truth', [1, 4]);
  const [found] = interpret([smoothed(truth, 0.2)], { truth: matrix([0, 1, 0, 0]) });
  found!.data.forEach((each, i) => expect(each).toBeCloseTo([0.05, 0.85, 0.05, 0.05][i]!, 6));
});

test('parts add up by weight, and one that counts 0 is not built', () => {
  const truth = input('truth', [2, 3]);
  const feeds = { logits: apart, truth: matrix([0, 1, 0], [0, 1, 0]) };
  const whole = weighted(
    [2, () => crossEntropy(logits, truth)],
    [3, () => imbalance(logits)],
    [
      0,
      () => {
        throw new Error('built');
      },
    ],
  );
  expect(numberOf(whole.loss, feeds)).toBeCloseTo(2 * 30 + 3 * Math.log(3 / 2), 3);
  expect(Object.keys(whole.metrics)).toEqual(['crossEntropy', 'imbalance']);
});

describe('adversarial moves', () => {
  const [rows, features, classes, radius] = [4, 6, 3, 0.3];
  const x = input('x', [rows, features]);
  const [weight, hidden] = [input('weight', [5, classes]), input('hidden', [features, 5])];
  const classify: Classify = (at) => linear(tanh(linear(at, hidden)), weight);
  const feeds = {
    x: drawn([rows, features], 0),
    hidden: drawn([features, 5], 1),
    weight: drawn([5, classes], 2),
  };
  const changeFrom = (direction: Tensor) =>
    numberOf(adversarial(classify, x, classify(x, ''), { radius, probe: 0.1 }).loss, {
      ...feeds,
      'noise(direction)': direction,
    });

  /** The mean change along random directions of the same length: what no search would find. */
  const changeAtRandom = (stream: number): number => {
    const moved = drawn([rows, features], stream).data;
    const data = feeds.x.data.map((each, i) => {
      const own = moved.subarray(
        Math.floor(i / features) * features,
        (Math.floor(i / features) + 1) * features,
      );
      return each + (radius * moved[i]!) / Math.hypot(...own);
    });
    const [p, q] = interpret([classify(x, '')], feeds).concat(
      interpret([classify(x, '')], { ...feeds, x: { shape: [rows, features], data } }),
    );
    const softmaxOf = (of: Tensor, row: number) => {
      const own = [...of.data.subarray(row * classes, (row + 1) * classes)].map(Math.exp);
      return own.map((each) => each / own.reduce((total, every) => total + every, 0));
    };
    const all = Array.from({ length: rows }, (_, row) => {
      const [before, after] = [softmaxOf(p!, row), softmaxOf(q!, row)];
      return before.reduce((total, each, k) => total + each * Math.log(each / after[k]!), 0);
    });
    return all.reduce((total, each) => total + each, 0) / rows;
  };

  test('change more than random moves of the same length', () => {
    for (const stream of [3, 4, 5, 6, 7])
      expect(changeFrom(drawn([rows, features], stream))).toBeGreaterThan(1.5 * changeAtRandom(stream));
  });
});
