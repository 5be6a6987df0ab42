import { graph, input, interpret, observationsOf, sum, type Tensor, type Value } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { mlp } from './layers.ts';
import { batchNormalisation, dropout, probingPass, shippedPass, trainingPass } from './pass.ts';

const numbers = (shape: readonly number[], at: (i: number) => number): Tensor => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => at(i)),
});
const vector = (...data: number[]): Tensor => ({ shape: [data.length], data: Float64Array.from(data) });
const computed = (value: Value, feeds: Readonly<Record<string, Tensor>>) => interpret([value], feeds)[0]!;

describe('batch normalisation', () => {
  const x = input('x', [4, 2]);
  const normalise = batchNormalisation('layer', 2);
  const feeds = {
    x: { shape: [4, 2], data: Float64Array.of(1, 10, 2, 20, 3, 40, 6, 50) },
    'layer/gain': vector(1, 1),
    'layer/bias': vector(0, 0),
  };
  const kept = { 'layer/mean': vector(3, 30), 'layer/variance': vector(3.5, 250) };

  test('in training, every feature of a batch has mean 0 and variance 1', () => {
    const { data } = computed(normalise(x, trainingPass()), feeds);
    for (const feature of [0, 1]) {
      const own = data.filter((_, i) => i % 2 === feature);
      expect(own.reduce((total, each) => total + each, 0)).toBeCloseTo(0, 10);
      expect(own.reduce((total, each) => total + each ** 2, 0) / 4).toBeCloseTo(1, 4);
    }
  });

  test('ships what it did in training where the kept statistics are those of the batch', () => {
    const trained = computed(normalise(x, trainingPass()), feeds);
    const shipped = computed(normalise(x, shippedPass), { ...feeds, ...kept });
    shipped.data.forEach((each, i) => expect(each).toBeCloseTo(trained.data[i]!, 12));
  });

  test('what ships takes each row by itself, what trains takes no kept statistics', () => {
    const parametersOf = (value: Value) => graph('layer', { value }).parameters.map(({ leaf }) => leaf.name);
    const kept = ['layer/bias', 'layer/gain', 'layer/mean', 'layer/variance'];
    expect(parametersOf(normalise(x, shippedPass)).sort()).toEqual(kept);
    expect(parametersOf(normalise(x, trainingPass()))).toEqual(['layer/gain', 'layer/bias']);
  });

  test('training tells of both statistics, a probe of none', () => {
    const told = (value: Value) => observationsOf([value]).map(({ observes }) => observes.leaf.name);
    expect(told(normalise(x, trainingPass())).sort()).toEqual(['layer/mean', 'layer/variance']);
    expect(told(normalise(x, probingPass()))).toEqual([]);
  });

  test('axes before the features all count as rows', () => {
    const cube = input('x', [2, 2, 2]);
    const wide = computed(normalise(cube, trainingPass()), { ...feeds, x: { ...feeds.x, shape: [2, 2, 2] } });
    expect(wide.data).toEqual(computed(normalise(x, trainingPass()), feeds).data);
  });
});

describe('normalisation of channels', () => {
  const normalise = batchNormalisation('layer', 2, -3);
  const parameters = { 'layer/gain': vector(2, 0.5), 'layer/bias': vector(1, -1) };
  const kept = { 'layer/mean': vector(3, 30), 'layer/variance': vector(3.5, 250) };
  const wave = (i: number) => Math.sin(2.1 * i) * (i + 1);

  test.each([
    ['in training', trainingPass()],
    ['as it ships', shippedPass],
  ])('is that of features where images have one pixel, %s', (_, pass) => {
    const feeds = { ...parameters, ...kept };
    const images = computed(normalise(input('x', [5, 2, 1, 1]), pass), {
      ...feeds,
      x: numbers([5, 2, 1, 1], wave),
    });
    const rows = computed(batchNormalisation('layer', 2)(input('x', [5, 2]), pass), {
      ...feeds,
      x: numbers([5, 2], wave),
    });
    expect(images.data).toEqual(rows.data);
  });

  test('counts every pixel as a row', () => {
    const x = numbers([3, 2, 4, 5], wave);
    const still = { 'layer/gain': vector(1, 1), 'layer/bias': vector(0, 0) };
    const { data } = computed(normalise(input('x', [3, 2, 4, 5]), trainingPass()), { ...still, x });
    for (const channel of [0, 1]) {
      const own = data.filter((_, i) => Math.floor(i / 20) % 2 === channel);
      expect(own.reduce((total, each) => total + each, 0)).toBeCloseTo(0, 10);
      expect(own.reduce((total, each) => total + each ** 2, 0) / 60).toBeCloseTo(1, 4);
    }
  });

  test('tells of both statistics of each channel', () => {
    const value = normalise(input('x', [3, 2, 4, 5]), trainingPass());
    const told = observationsOf([value]).map(({ observes, shape }) => [observes.leaf.name, shape]);
    expect(told.sort()).toEqual([
      ['layer/mean', [2]],
      ['layer/variance', [2]],
    ]);
  });
});

describe('dropout', () => {
  const x = input('x', [1000, 3]);
  const ones = numbers([1000, 3], () => 1);
  const draws = numbers([1000, 3], (i) => ((i % 100) + 0.5) / 100);

  test('leaves out its share and keeps the mean', () => {
    const { data } = computed(dropout('layer', 0.4)(x, trainingPass('a/')), {
      x: ones,
      'a/noise(layer)': draws,
    });
    expect(data.filter((each) => each === 0).length / data.length).toBeCloseTo(0.4, 2);
    expect(data.reduce((total, each) => total + each, 0) / data.length).toBeCloseTo(1, 2);
  });

  test('is nothing in what ships', () => {
    expect(dropout('layer', 0.4)(x, shippedPass)).toBe(x);
    expect(dropout('layer', 0)(x, trainingPass())).toBe(x);
  });
});

test('one network is gone through in several passes with the same weights', () => {
  const network = mlp([3], { normalised: true, dropout: 0.5 })('q', [{ name: 'x', size: 2 }], { logits: 2 });
  const x = input('x', [4, 2]);
  const [shipped, trained] = [network({ x }), network({ x }, trainingPass())].map(({ logits }) => logits!);
  const { parameters, noises } = graph('both', { shipped: sum(shipped!), trained: sum(trained!) });
  expect(parameters.map(({ leaf }) => leaf.name).sort()).toEqual([
    'q/hidden1/bias',
    'q/hidden1/gain',
    'q/hidden1/mean',
    'q/hidden1/variance',
    'q/hidden1/weight',
    'q/logits/bias',
    'q/logits/weight',
  ]);
  expect(noises.map(({ leaf }) => leaf.name)).toEqual(['noise(q/hidden1)']);
});
