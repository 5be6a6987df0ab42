import {
  add,
  type Feeds,
  graph,
  input,
  interpret,
  neg,
  reached,
  sizeOf,
  sub,
  type Tensor,
  type Value,
} from '@semivae/graph';
import {
  type Bound,
  bernoulli,
  complete,
  divergenceFromStandard,
  elbo,
  type Gaussian,
  gaussian,
  iwae,
  type Known,
  known,
  type Model,
  m1,
  m2,
  mlp,
  p,
  q,
  query,
  standardNormal,
  summedOver,
  variable,
} from '@semivae/model';
import { adam, onnxRuntimeEngine, trainingStep, unsupervised } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { exactM1, exactM2 } from './exact.ts';
import { bounds, type Likelihood, likelihoods, sizes } from './models.ts';
import { drawnLeaves, fedTensors, normals, oneHotRows, uniforms } from './numbers.ts';

/** A model's bound on rows of x alone, the label summed out where there is one. */
const unlabelledBound = (model: Model, bound: Bound): Bound => (model.y ? summedOver(model.y, bound) : bound);

const rowsKnown = (rows: number, size: number): Known => known({ x: input('x', [rows, size]) }, [rows]);

/** One value in float64; noise and parameters that are not fed are drawn. */
function computed(value: Value, feeds: Feeds): Tensor {
  return interpret([value], { ...drawnLeaves(graph('value', { value })), ...feeds })[0]!;
}

describe('where q is the true posterior of a linear model', () => {
  const x = normals([4, 2], 'points');
  const points = Array.from({ length: 4 }, (_, i) => [...x.data.subarray(2 * i, 2 * i + 2)]);
  const tight = { 'the bound': elbo({ closedForm: false }), 'the importance weighted bound': iwae(3) };

  test.each(Object.entries(tight))('%s of M1 is log p(x), whatever was drawn', (_, bound) => {
    const found = computed(bound(exactM1.model, rowsKnown(4, 2)), { x, ...exactM1.parameters });
    points.forEach((point, i) => expect(found.data[i]).toBeCloseTo(exactM1.logLikelihood(point), 5));
  });

  test.each(Object.entries(tight))('%s of M2, its label summed out, is log p(x)', (_, bound) => {
    const value = unlabelledBound(exactM2.model, bound)(exactM2.model, rowsKnown(4, 2));
    const found = computed(value, { x, ...exactM2.parameters });
    points.forEach((point, i) => expect(found.data[i]).toBeCloseTo(exactM2.logLikelihood(point), 5));
  });

  test.each(Object.entries(tight))('%s of M2 on labelled rows is log p(x, y)', (_, bound) => {
    const labels = [2, 0, 1, 1];
    const seen = known({ x: input('x', [4, 2]), y: input('y', [4, 3]) }, [4]);
    const found = computed(bound(exactM2.model, seen), {
      x,
      y: oneHotRows(labels, 3),
      ...exactM2.parameters,
    });
    points.forEach((point, i) => expect(found.data[i]).toBeCloseTo(exactM2.logJoint(point, labels[i]!), 5));
  });

  /** Draws of ±1 average what is quadratic in a draw exactly: Gauss and Hermite's rule of two points. */
  const twoPoints = (shape: readonly number[]): Tensor => ({
    shape,
    data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => (i % 2 === 0 ? 1 : -1)),
  });

  test.each([
    ['M1', exactM1, [4, 2, 1]],
    ['M2', exactM2, [4, 1, 2, 1]],
  ] as const)(
    'the bound of %s in closed form is log p(x) on average',
    (_, { model, ...exact }, noiseShape) => {
      const value = unlabelledBound(model, elbo({ samples: 2 }))(model, rowsKnown(4, 2));
      const found = computed(value, { x, 'noise(z)': twoPoints(noiseShape), ...exact.parameters });
      points.forEach((point, i) => expect(found.data[i]).toBeCloseTo(exact.logLikelihood(point), 5));
    },
  );

  test("M2's classifier is p(y|x)", () => {
    const { probabilities } = query(exactM2.model.q, exactM2.model.y, { x: input('x', [4, 2]) }).answers;
    const found = computed(probabilities!, { x, ...exactM2.parameters });
    points.forEach((point, i) => {
      const truth = Math.exp(exactM2.logJoint(point, 1) - exactM2.logLikelihood(point));
      expect(found.data[3 * i + 1]).toBeCloseTo(truth, 5);
    });
  });
});

/** A model, and what its data is. */
interface Of {
  readonly name: string;
  readonly model: Model;
  readonly likelihood: Likelihood;
}

const models: readonly Of[] = Object.entries(likelihoods).flatMap(([name, likelihood]) => {
  const own = { ...sizes, x: likelihood.size, likelihood: likelihood.family };
  return [
    { name: `M1, ${name}`, model: m1(own), likelihood },
    { name: `M2, ${name}`, model: m2(own), likelihood },
  ];
});

/** The mean over many draws for one row of data, and the standard error of that mean. */
interface Estimate {
  readonly mean: number;
  readonly error: number;
}

function estimateOf(draws: ArrayLike<number>): Estimate {
  const all = Array.from(draws);
  const mean = all.reduce((total, each) => total + each, 0) / all.length;
  const variance = all.reduce((total, each) => total + (each - mean) ** 2, 0) / (all.length - 1);
  return { mean, error: Math.sqrt(variance / all.length) };
}

function repeated({ rows: rowsOf, size }: Likelihood, rows: number): Tensor {
  const oneRow = rowsOf(1, 'one row').data;
  return {
    shape: [rows, size],
    data: Float64Array.from({ length: rows * size }, (_, i) => oneRow[i % size]!),
  };
}

/** A bound for one row of data under each of many draws, which are the same for every bound of their shape. */
async function drawsOf({ model, likelihood }: Of, bound: Bound, draws: number): Promise<ArrayLike<number>> {
  const seen = rowsKnown(draws, likelihood.size);
  const of = graph('bound', { value: unlabelledBound(model, bound)(model, seen) });
  const evaluator = await onnxRuntimeEngine({ threads: 1 }).openGraph(of);
  const found = await evaluator.run(fedTensors({ x: repeated(likelihood, draws), ...drawnLeaves(of) }));
  await evaluator.close();
  return found.value!.data as Float32Array;
}

const estimated = async (of: Of, bound: Bound, draws: number): Promise<Estimate> =>
  estimateOf(await drawsOf(of, bound, draws));

describe.each(models)('$name', (of) => {
  const { model, likelihood } = of;

  test('IWAE tightens as k grows, from the bound towards log p(x)', async () => {
    const likely = await estimated(of, iwae(4000), 24);
    const chain = [
      await estimated(of, elbo(), 2000),
      await estimated(of, iwae(2), 2000),
      await estimated(of, iwae(8), 2000),
      await estimated(of, iwae(64), 1000),
    ];
    for (const [i, looser] of chain.entries()) {
      const tighter = chain[i + 1] ?? likely;
      expect(looser.mean).toBeLessThan(tighter.mean + 4 * Math.hypot(looser.error, tighter.error));
    }
    expect(likely.mean - chain[0]!.mean).toBeGreaterThan(4 * chain[0]!.error);
  });

  test('one importance sample is the sampled bound', () => {
    const seen = rowsKnown(3, likelihood.size);
    const x = likelihood.rows(3, 'x');
    const [weighted, sampled] = [iwae(1), elbo({ closedForm: false })].map((bound) => {
      const value = unlabelledBound(model, bound)(model, seen);
      return computed(value, { x });
    });
    weighted!.data.forEach((each, i) => expect(each).toBeCloseTo(sampled!.data[i]!, 10));
  });

  test('the divergence in closed form is the mean of its draws', async () => {
    const draws = 20_000;
    const closed = await drawsOf(of, elbo(), draws);
    const sampled = await drawsOf(of, elbo({ closedForm: false }), draws);
    const difference = estimateOf(Array.from(closed, (each, i) => each - sampled[i]!));
    expect(difference.error).toBeGreaterThan(0);
    expect(Math.abs(difference.mean)).toBeLessThan(4 * difference.error);
  });
});

describe('M2', () => {
  const model = m2(sizes);
  const rows = 5;
  const x = uniforms([rows, sizes.x], 'x');

  test.each(Object.entries(bounds))('%s with the label summed out is the sum by hand', (_, bound) => {
    const unlabelled = summedOver(model.y, bound)(model, rowsKnown(rows, sizes.x));
    const [noise] = graph('bound', { unlabelled }).noises;
    const draws = normals(noise!.shape as number[], 'draws');
    const found = computed(unlabelled, { x, 'noise(z)': draws });

    const seen = known({ x: input('x', [rows, sizes.x]), y: input('y', [rows, sizes.classes]) }, [rows]);
    const { probabilities } = query(model.q, model.y, seen.values).answers;
    const weights = computed(probabilities!, { x }).data;
    const shared = { shape: draws.shape.toSpliced(1, 1), data: draws.data };
    const byClass = Array.from({ length: sizes.classes }, (_, y) => {
      const labels = oneHotRows(Array(rows).fill(y), sizes.classes);
      return computed(bound(model, seen), { x, y: labels, 'noise(z)': shared }).data;
    });
    found.data.forEach((each, row) => {
      const byHand = byClass.reduce((total, ofClass, y) => {
        const weight = weights[row * sizes.classes + y]!;
        return total + weight * (ofClass[row]! - Math.log(weight));
      }, 0);
      expect(each).toBeCloseTo(byHand, 10);
    });
  });

  test.each(Object.entries(bounds))('%s never repeats rows: not forwards, not backwards', (_, bound) => {
    const objective = unsupervised(model, rowsKnown(rows, sizes.x), bound);
    const { graph: whole } = trainingStep('m2', objective, adam({ learningRate: 0.001 }));
    const products = reached(Object.values(whole.outputs)).filter(({ op }) => op.name === 'Gemm');
    const rowsMet = (name: string) =>
      products.filter(({ inputs }) =>
        inputs.some(({ leaf }) => leaf && 'name' in leaf && leaf.name === name),
      );
    expect(rowsMet('q(z|x,y)/hidden1/weight(x)').map(({ shape }) => shape)).toEqual([[rows, 4]]);
    expect(rowsMet('q(z|x,y)/hidden1/weight(y)').map(({ shape }) => shape)).toEqual([[sizes.classes, 4]]);
    expect(rowsMet('p(x|y,z)/hidden1/weight(y)').map(({ shape }) => shape)).toEqual([[sizes.classes, 4]]);
    const slopesOfFirstLayer = products.filter(({ shape }) => String(shape) === String([sizes.x, 4]));
    for (const { inputs } of slopesOfFirstLayer) expect(inputs[0]!.shape).toEqual([rows, sizes.x]);
  });
});

describe('a divergence in closed form', () => {
  const [x, a, z] = [variable('x', sizes.x), variable('a', 3), variable('z', 2)];
  const network = mlp([4], { activation: 'tanh' });
  const priors = [p(a).is(standardNormal), p(z).given(a).is(standardNormal, mlp([]))];
  const decoder = p(x).given(z, a).is(bernoulli, network);
  const drawingA = {
    first: q(a).given(x).is(gaussian, network),
    last: q(a).given(x, z).is(gaussian, network),
  };
  const drawingZ = {
    first: q(z).given(x).is(gaussian, network),
    last: q(z).given(x, a).is(gaussian, network),
  };

  /** By how much the bound changes where the closed form of a variable's divergence stands in for its draw. */
  function changeBy(model: Model, seen: Known, name: string): Value {
    const { values, drawn } = complete(model.q, seen);
    const prior = model.p.find((factor) => factor.variable.name === name)!.at(values);
    const [value, posterior] = [values[name]!, drawn[name] as Gaussian];
    const sampled = sub(prior.logDensity(value), posterior.logDensity(value));
    return neg(add(divergenceFromStandard(posterior), sampled));
  }

  test.each([
    ['stands in for all where parents are drawn first', [drawingA.first, drawingZ.last], ['a', 'z']],
    [
      'stands in for no variable whose prior has a parent drawn after it',
      [drawingZ.first, drawingA.last],
      ['a'],
    ],
  ] as const)('%s', (_, encoders, closed) => {
    const model: Model = { name: 'auxiliary', x, z, p: [...priors, decoder], q: encoders };
    const seen = rowsKnown(3, sizes.x);
    const feed = { x: uniforms([3, sizes.x], 'x') };
    const [mixed, sampled] = [elbo(), elbo({ closedForm: false })].map((bound) =>
      computed(bound(model, seen), feed),
    );
    const changes = closed.map((name) => computed(changeBy(model, seen, name), feed).data);
    mixed!.data.forEach((each, row) => {
      const expected = changes.reduce((total, change) => total + change[row]!, sampled!.data[row]!);
      expect(each).toBeCloseTo(expected, 10);
    });
  });
});
