import { input, noise } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { complete, known, parametersOf, query } from './factors.ts';
import { m1 } from './m1.ts';
import { m2 } from './m2.ts';

const model = m2({ x: 6, classes: 3, latent: 2, hidden: [5, 4] });
const [x, y] = [input('x', [7, 6]), input('y', [7, 3])];
const z = input('z', [7, 2]);
const shapes = (leaves: ReturnType<typeof parametersOf>) =>
  Object.fromEntries(leaves.map(({ leaf, shape }) => [leaf.name, shape]));

describe('a query', () => {
  test('is the classifier, the encoder or the decoder of M2, and reaches its own parameters only', () => {
    expect(shapes(parametersOf(query(model.q, model.y, { x }).answers.probabilities!))).toEqual({
      'q(y|x)/hidden1/weight': [6, 5],
      'q(y|x)/hidden1/bias': [5],
      'q(y|x)/hidden2/weight': [5, 4],
      'q(y|x)/hidden2/bias': [4],
      'q(y|x)/logits/weight': [4, 3],
      'q(y|x)/logits/bias': [3],
    });
    expect(shapes(parametersOf(query(model.q, model.z, { x, y }).answers.mean!))).toMatchObject({
      'q(z|x,y)/hidden1/weight(x)': [6, 5],
      'q(z|x,y)/hidden1/weight(y)': [3, 5],
      'q(z|x,y)/mean/weight': [4, 2],
    });
    expect(query(model.p, model.x, { y, z }).answers.mean!.shape).toEqual([7, 6]);
  });

  test('keeps a free batch free', () => {
    const rows = { x: input('x', ['batch', 6]) };
    expect(query(model.q, model.y, rows).answers.probabilities!.shape).toEqual(['batch', 3]);
  });

  test('uses the same parameters at every call', () => {
    const twice = [0, 1].map(() => query(model.q, model.y, { x }).answers.logits!);
    expect(parametersOf(...twice)).toEqual(parametersOf(twice[0]!));
  });

  test('without a parent, or of what no factor draws, is refused by name', () => {
    const code = expect.objectContaining({ code: 'NO_FACTOR' });
    expect(() => query(model.q, model.z, { x })).toThrow(code);
    expect(() => query(model.q, model.z, {})).toThrow(/^q\(z\|x,y\): x and y must be given/);
    expect(() => query(model.q, model.x, { y, z })).toThrow(/^x: no factor draws x/);
  });
});

describe('completing', () => {
  test('draws what is hidden, in order, each with noise of its own', () => {
    const { values, drawn } = complete(model.q, known({ x, y }, [7], 'here/'));
    expect(Object.keys(drawn)).toEqual(['z']);
    expect(values.z!.shape).toEqual([7, 2]);
    expect(values.z!.inputs[1]!.inputs[1]).toMatchObject({
      leaf: noise('here/noise(z)', [7, 2]).leaf,
      shape: [7, 2],
    });
  });

  test('leaves alone what is known', () => {
    expect(complete(model.q, known({ x, y, z }, [7]))).toEqual({ values: { x, y, z }, drawn: {} });
  });

  test('names the remedy where a variable cannot be drawn', () => {
    const draw = () => complete(model.q, known({ x }, [7]));
    expect(draw).toThrow(expect.objectContaining({ code: 'NOT_DRAWABLE', place: 'q(y|x)' }));
    expect(draw).toThrow(/summedOver\(y, bound\)/);
  });
});

test('a layer begins with the variance of He, a head with 1/fan-in, over all parents together', () => {
  const answers = query(model.q, model.z, { x, y }).answers;
  const initial = Object.fromEntries(
    parametersOf(answers.mean!).map(({ leaf }) => [leaf.name.slice('q(z|x,y)/'.length), leaf.initial]),
  );
  expect(initial).toEqual({
    'hidden1/weight(x)': { kind: 'normal', scale: Math.sqrt(2 / 9) },
    'hidden1/weight(y)': { kind: 'normal', scale: Math.sqrt(2 / 9) },
    'hidden1/bias': { kind: 'constant', value: 0 },
    'hidden2/weight': { kind: 'normal', scale: Math.sqrt(2 / 5) },
    'hidden2/bias': { kind: 'constant', value: 0 },
    'mean/weight': { kind: 'normal', scale: Math.sqrt(1 / 4) },
    'mean/bias': { kind: 'constant', value: 0 },
    // heads are multiplied at once, so one reaches the parameters of all
    'logVariance/weight': { kind: 'normal', scale: Math.sqrt(1 / 4) },
    'logVariance/bias': { kind: 'constant', value: 0 },
  });
});

test('two models of the same sizes name their parameters alike, and share none', () => {
  const [one, two] = [0, 1].map(() => {
    const made = m1({ x: 6, latent: 2, hidden: [4] });
    return parametersOf(query(made.q, made.z, { x }).answers.mean!);
  });
  expect(shapes(one!)).toEqual(shapes(two!));
  expect(one!.some((each) => two!.includes(each))).toBe(false);
});
