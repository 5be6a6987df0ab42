import { type Feeds, graph, input, interpret, leavesOf, reached, sum, type Value } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { imageDecoder, imageEncoder } from './convolutional.ts';
import type { Values } from './families/family.ts';
import type { Network } from './layers.ts';
import { trainingPass } from './pass.ts';

const image = { width: 5, height: 6, channels: 2 };
const options = { image, channels: [3, 4], blocks: 1, hidden: [7], activation: 'tanh' } as const;
const y = { name: 'y', size: 3 };

const wave = (shape: readonly number[], phase: number) => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((product, each) => product * each, 1) }, (_, i) =>
    Math.sin(1.3 * i + phase),
  ),
});

function computed(values: Values, feeds: Feeds = {}): Record<string, Float64Array> {
  const { inputs, parameters } = graph('network', values);
  const drawn = [...inputs, ...parameters].map(({ leaf, shape }, i) => [
    leaf.name,
    wave(shape as number[], leaf.kind === 'input' ? 0 : i),
  ]);
  const found = interpret(Object.values(values), { ...Object.fromEntries(drawn), ...feeds });
  return Object.fromEntries(Object.keys(values).map((name, i) => [name, found[i]!.data]));
}

const encoder = imageEncoder(options)('q(z|x,y)', [{ name: 'x', size: 60 }, y], { mean: 2, logVariance: 2 });
const decoder = imageDecoder(options)('p(x|z,y)', [{ name: 'z', size: 2 }, y], { mean: 60, logVariance: 60 });

describe('rows are not repeated, and axes before the features are kept', () => {
  const label = input('y', [1, 3, 3]);

  test('by an encoder', () => {
    const found = encoder({ x: input('x', [2, 1, 60]), y: label });
    expect(found.mean!.shape).toEqual([2, 3, 2]);
    const images = opsOf(found.mean!, 'Conv');
    expect(images.map(({ shape }) => shape[0])).toEqual(Array(images.length).fill(2));
  });

  test('by a decoder', () => {
    const found = decoder({ z: input('z', [2, 3, 2]), y: label });
    expect([found.mean!.shape, found.logVariance!.shape]).toEqual([
      [2, 3, 60],
      [2, 3, 60],
    ]);
  });

  test('of a free batch too', () => {
    const free = { y: input('y', ['batch', 3]) };
    expect(encoder({ x: input('x', ['batch', 60]), ...free }).mean!.shape).toEqual(['batch', 2]);
    expect(decoder({ z: input('z', ['batch', 2]), ...free }).mean!.shape).toEqual(['batch', 60]);
    expect(decoder({ z: input('z', ['batch', 3, 2]), y: label }).mean!.shape).toEqual(['batch', 3, 60]);
  });
});

const opsOf = (value: Value, name: string) => reached([value]).filter(({ op }) => op.name === name);

test.each([
  ['encoder', encoder, { x: 60, y: 3 }],
  ['decoder', decoder, { z: 2, y: 3 }],
] as const)('every row of an %s is computed by itself', (_, network, sizes) => {
  const batch = (count: number) => network(eachOf(sizes, (size, name) => input(name, [count, size])));
  const feeds = eachOf(sizes, (size) => wave([4, size], 0.5));
  const whole = computed(batch(4), feeds);
  const last = eachOf(sizes, (size) => ({ shape: [1, size], data: wave([4, size], 0.5).data.slice(-size) }));
  const alone = computed(batch(1), last);
  for (const [name, data] of Object.entries(alone))
    data.forEach((each, i) => expect(each).toBeCloseTo(whole[name]!.at(i - data.length)!, 10));
});

function eachOf<T>(sizes: Readonly<Record<string, number>>, of: (size: number, name: string) => T) {
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, of(size, name)]));
}

test('a pixel is a feature at its row, its column and its channel', () => {
  const plain = { image: { width: 3, height: 2, channels: 2 }, channels: [] };
  const network: Network = imageDecoder(plain);
  const found = network('p(x|z)', [{ name: 'z', size: 1 }], { logits: 12 })({ z: input('z', [1, 1]) });
  const weight = leavesOf([sum(found.logits!)], 'parameter');
  expect(weight.map(({ leaf, shape }) => [leaf.name, shape])).toEqual([
    ['p(x|z)/image/weight', [1, 12]],
    ['p(x|z)/image/bias', [12]],
  ]);
  const counted = { shape: [12], data: Float64Array.from({ length: 12 }, (_, i) => i) };
  const zero = { shape: [1, 12], data: new Float64Array(12) };
  const { logits } = computed(found, { 'p(x|z)/image/bias': counted, 'p(x|z)/image/weight': zero });
  expect(logits).toEqual(counted.data);
});

test('kernels begin with the variance of He over what they sum', () => {
  const found = encoder({ x: input('x', [1, 60]), y: input('y', [1, 3]) });
  const scales = Object.fromEntries(
    leavesOf(Object.values(found), 'parameter').map(({ leaf: { name, initial } }) => [name, initial]),
  );
  expect(scales).toMatchObject({
    'q(z|x,y)/stage1/weight': { scale: Math.sqrt(2 / 18) },
    'q(z|x,y)/stage1/block1/second/weight': { scale: Math.sqrt(1 / 27) },
    'q(z|x,y)/stage2/weight': { scale: Math.sqrt(2 / 27) },
    'q(z|x,y)/stage2/bias': { kind: 'constant', value: 0 },
    'q(z|x,y)/hidden1/weight(x)': { scale: Math.sqrt(2 / (2 * 2 * 4 + 3)) },
  });
});

describe('a normalised classifier', () => {
  const network = imageEncoder({ ...options, blocks: 0, normalised: true, dropout: 0.5, kernels: [5] });
  const classifier = network('q(y|x)', [{ name: 'x', size: 60 }], { logits: 3 });
  const x = input('x', [4, 60]);

  test('has kernels of the sides that it is told, and no bias before what is normalised', () => {
    const { parameters } = graph('trained', classifier({ x }, trainingPass()));
    expect(Object.fromEntries(parameters.map(({ leaf, shape }) => [leaf.name, shape]))).toMatchObject({
      'q(y|x)/stage1/weight': [3, 2, 5, 5],
      'q(y|x)/stage1/gain': [3],
      'q(y|x)/stage2/weight': [4, 3, 3, 3],
      'q(y|x)/hidden1/weight': [16, 7],
    });
    expect(parameters.map(({ leaf }) => leaf.name)).not.toContain('q(y|x)/stage2/weight/bias');
    expect(parameters.filter(({ leaf }) => leaf.name.endsWith('bias'))).toHaveLength(4);
  });

  test('takes statistics of the batch and draws in training, and neither where it ships', () => {
    const leavesFor = (pass?: Parameters<typeof classifier>[1]) => {
      const { parameters, noises } = graph('network', classifier({ x }, pass));
      return {
        kept: parameters.filter(({ leaf }) => /(mean|variance)$/.test(leaf.name)).length,
        drawn: noises.map(({ leaf }) => leaf.name),
      };
    };
    expect(leavesFor(trainingPass('a/'))).toEqual({ kept: 0, drawn: ['a/noise(q(y|x)/hidden1)'] });
    expect(leavesFor()).toEqual({ kept: 6, drawn: [] });
  });
});

test('what is no image is refused by name and size', () => {
  expect(() => imageEncoder(options)('q(z|y)', [y], { mean: 2 })).toThrow(
    /^q\(z\|y\): no parent is an image/,
  );
  expect(() => imageDecoder(options)('p(x|y)', [y], { mean: 59 })).toThrow(
    /^p\(x\|y\): mean has 59 features/,
  );
});
