import {
  add,
  constant,
  expand,
  type Feeds,
  gradients,
  graph,
  input,
  interpret,
  leavesOf,
  neg,
  scalar,
  sub,
  type Tensor,
  type Value,
} from '@semivae/graph';
import {
  type Bound,
  classDensity,
  complete,
  divergenceFromStandard,
  drawnBefore,
  elbo,
  type Gaussian,
  iwae,
  iwaeSummedOver,
  type Known,
  known,
  type Model,
  summedOver,
  type Variable,
} from '@semivae/model';
import { adam, onnxRuntimeEngine, trainingStep } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { bounds, sizes } from './models.ts';
import { drawnLeaves, fedTensors, oneHotRows, uniforms } from './numbers.ts';
import { papers, stackedExample } from './papers.ts';

/** A model's bound on rows of x alone, the label summed out where there is one. */
const unlabelledBound = (model: Model, bound: Bound): Bound => (model.y ? summedOver(model.y, bound) : bound);

const rowsKnown = (rows: number, size: number): Known => known({ x: input('x', [rows, size]) }, [rows]);

/** One value in float64; noise and parameters that are not fed are drawn. */
function computed(value: Value, feeds: Feeds): Tensor {
  return interpret([value], { ...drawnLeaves(graph('value', { value })), ...feeds })[0]!;
}

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

const oneRow = uniforms([1, sizes.x], 'one row').data;
const repeated = (rows: number): Tensor => ({
  shape: [rows, sizes.x],
  data: Float64Array.from({ length: rows * sizes.x }, (_, i) => oneRow[i % sizes.x]!),
});

/** Weights so small that no draw is far from all others. */
const calm = (feeds: Feeds): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { shape, data: /^[pq]\(/.test(name) ? data.map((each) => each / 2) : data },
    ]),
  );

/** A bound for one row of data under each of many draws, which are the same for every bound of their shape. */
async function drawsOf(bound: Bound, model: Model, draws: number): Promise<ArrayLike<number>> {
  const of = graph('bound', { value: bound(model, rowsKnown(draws, sizes.x)) });
  const evaluator = await onnxRuntimeEngine({ threads: 1 }).openGraph(of);
  const found = await evaluator.run(fedTensors({ x: repeated(draws), ...calm(drawnLeaves(of)) }));
  await evaluator.close();
  return found.value!.data as Float32Array;
}

const estimatedBy = async (bound: Bound, model: Model, draws: number): Promise<Estimate> =>
  estimateOf(await drawsOf(bound, model, draws));

const drawsBeforeY = ({ q, y }: Model): boolean => !!y && q.findIndex(({ variable }) => variable === y) > 0;

/**
 * Every way to importance-weight that a model has: its label summed out of q, or out of p; the latter alone where q draws
 * something before the label, which is drawn once however large k is.
 */
const weightings = Object.entries<Model & { readonly y: Variable }>(papers).flatMap(([name, model]) => [
  ...(drawsBeforeY(model) ? [] : [{ name, model, weighting: iwae, summing: unlabelledBound }]),
  {
    name: `${name}, its label summed out of p,`,
    model,
    weighting: (k: number) => iwaeSummedOver(model.y, k),
    summing: (_: Model, bound: Bound) => bound,
  },
]);

test.each(weightings)(
  'IWAE of $name tightens as k grows, from the bound towards log p(x)',
  async ({ model, weighting, summing }) => {
    const likely = await estimatedBy(summing(model, weighting(2000)), model, 24);
    const chain = [
      await estimatedBy(unlabelledBound(model, elbo()), model, 2000),
      await estimatedBy(summing(model, weighting(2)), model, 2000),
      await estimatedBy(summing(model, weighting(8)), model, 2000),
      await estimatedBy(summing(model, weighting(64)), model, 500),
    ];
    for (const [i, looser] of chain.entries()) {
      const tighter = chain[i + 1] ?? likely;
      expect(looser.mean).toBeLessThan(tighter.mean + 4 * Math.hypot(looser.error, tighter.error));
    }
    expect(likely.mean - chain[0]!.mean).toBeGreaterThan(4 * chain[0]!.error);
  },
);

describe.each(Object.entries<Model & { readonly y: Variable }>(papers))('%s', (name, model) => {
  test('one importance sample is the sampled bound', () => {
    const seen = rowsKnown(3, sizes.x);
    const x = uniforms([3, sizes.x], 'x');
    const [weighted, sampled] = [iwae(1), elbo({ closedForm: false })].map((bound) => {
      const value = unlabelledBound(model, bound)(model, seen);
      return computed(value, { x });
    });
    weighted!.data.forEach((each, i) => expect(each).toBeCloseTo(sampled!.data[i]!, 10));
  });

  test.skipIf(name === 'vade')('the divergence in closed form is the mean of its draws', async () => {
    const draws = 20_000;
    // a bound of which none is summed by log Σ exp: the mean of such a sum is not the sum of means
    const of = (bound: Bound) =>
      name === 'cvae' ? labelledAs(1, model, bound) : unlabelledBound(model, bound);
    const closed = await drawsOf(of(elbo()), model, draws);
    const sampled = await drawsOf(of(elbo({ closedForm: false })), model, draws);
    const difference = estimateOf(Array.from(closed, (each, i) => each - sampled[i]!));
    expect(difference.error).toBeGreaterThan(0);
    expect(Math.abs(difference.mean)).toBeLessThan(4 * difference.error);
  });
});

/** The bound of rows that are all of one class. */
const labelledAs =
  (label: number, { y }: Model, bound: Bound): Bound =>
  (model, seen) => {
    const row = constant(
      Float32Array.from({ length: y!.size }, (_, i) => Number(i === label)),
      [1, y!.size],
    );
    const rowsOf = seen.values.x!.shape[0]!;
    return bound(model, { ...seen, values: { ...seen.values, [y!.name]: expand(row, [rowsOf, y!.size]) } });
  };

describe('no closed form stands in', () => {
  const y = input('y', [3, sizes.classes]);
  const feed = { x: uniforms([3, sizes.x], 'x'), y: oneHotRows([0, 2, 1], sizes.classes) };

  /** What a bound leaves out where the divergence of one variable is sampled: −KL − (log p − log q). */
  function changeOf(model: Model, seen: Known, of: string): Value {
    const { values, drawn } = complete(model.q, seen);
    const posterior = drawn[of] as Gaussian;
    const prior = model.p.find(({ variable }) => variable.name === of)!.at(values);
    const sampled = sub(prior.logDensity(values[of]!), posterior.logDensity(values[of]!));
    return neg(add(divergenceFromStandard(posterior), sampled));
  }

  test.each(['sdgm', 'adgm'] as const)(
    'for a in %s: its prior is conditioned on z, which is drawn after it',
    (name) => {
      const model = papers[name];
      const seen = known({ x: input('x', [3, sizes.x]), y }, [3]);
      const [mixed, sampled] = [elbo(), elbo({ closedForm: false })].map(
        (bound) => computed(bound(model, seen), feed).data,
      );
      const ofZ = computed(changeOf(model, seen, 'z'), feed).data;
      mixed!.forEach((each, row) => expect(each).toBeCloseTo(sampled![row]! + ofZ[row]!, 10));
    },
  );

  test('for z in VaDE, whose class is known after it', () => {
    const [closed, sampled] = [elbo(), elbo({ closedForm: false })].map((bound) => {
      const value = summedOver(papers.vade.y, bound)(papers.vade, rowsKnown(3, sizes.x));
      return computed(value, feed).data;
    });
    expect(closed).toEqual(sampled);
  });
});

describe.each(Object.entries(papers))('%s', (name, model) => {
  const rows = 5;
  const x = uniforms([rows, sizes.x], 'x');

  test.each(Object.entries(bounds))('%s with the label summed out is the sum by hand', (_, bound) => {
    const seen = rowsKnown(rows, sizes.x);
    const found = computed(summedOver(model.y, bound)(model, seen), { x });

    const begun = drawnBefore(model.y, model, seen);
    const weights = computed(classDensity(model, model.y, seen).answers.probabilities!, { x }).data;
    const byClass = Array.from({ length: sizes.classes }, (_, label) => {
      const given = { ...begun.values, y: input('y', [rows, sizes.classes]) };
      const labels = oneHotRows(Array(rows).fill(label), sizes.classes);
      return computed(bound(model, { ...begun, values: given }), { x, y: labels }).data;
    });
    found.data.forEach((each, row) => {
      const own = byClass.map((ofClass) => ofClass[row]!);
      const expected = own.map((value, label) => {
        const weight = weights[row * sizes.classes + label]!;
        return weight * (value - Math.log(weight));
      });
      const byBayes = Math.log(own.reduce((total, value) => total + Math.exp(value), 0));
      expect(each).toBeCloseTo(name === 'cvae' ? byBayes : expected.reduce((a, b) => a + b), 10);
    });
  });
});

const weights = { 'the bound': undefined, 'the bound, its divergence halved,': scalar(0.5) };

test.each(
  Object.entries(papers).flatMap(([name, model]) =>
    Object.entries(weights).map(([title, beta]) => ({ name, model, title, beta })),
  ),
)('$title of $name counts what was drawn before the label as what it draws itself', ({ model, beta }) => {
  const seen = known({ x: input('x', [3, sizes.x]), y: input('y', [3, sizes.classes]) }, [3]);
  const feeds = { x: uniforms([3, sizes.x], 'x'), y: oneHotRows([0, 2, 1], sizes.classes) };
  const bound = elbo({ closedForm: false, ...(beta && { beta }) });
  const [itself, before] = [seen, drawnBefore(model.y, model, seen)].map(
    (each) => computed(bound(model, each), feeds).data,
  );
  itself!.forEach((each, i) => expect(before![i]).toBeCloseTo(each, 10));
});

test("VaDE's classifier is p(y|z), so that its bound sums the class out of p exactly", () => {
  const model = papers.vade;
  const seen = rowsKnown(4, sizes.x);
  const x = uniforms([4, sizes.x], 'x');
  const [ofQ, ofP] = [summedOver(model.y, elbo()), iwaeSummedOver(model.y, 1)].map(
    (bound) => computed(bound(model, seen), { x }).data,
  );
  ofQ!.forEach((each, i) => expect(each).toBeCloseTo(ofP![i]!, 10));
});

describe('a stacked model in stages', () => {
  const { stages, whole, below, above } = stackedExample;
  const slopesOf = (loss: Value, leaves: readonly Value[]) =>
    interpret(gradients(loss, leaves), whole.feeds).map(({ data }) => [...data]);
  const all = leavesOf([whole.objective.loss], 'parameter');
  const ofM1 = all.filter(({ leaf }) => /^(q\(z1|p\(x)/.test(leaf.name));
  const ofM2 = all.filter((each) => !ofM1.includes(each));

  test('has every parameter of the stacked model, shared by both', () => {
    expect(all.length).toBe(parametersOf(stages).length);
    expect([ofM1.length, ofM2.length].every((count) => count > 0)).toBe(true);
  });

  test('gives M1 the slopes of its own bound alone', () => {
    expect(slopesOf(whole.objective.loss, ofM1)).toEqual(slopesOf(below.loss, ofM1));
  });

  test('gives M2 the slopes that it has on draws of a trained M1', () => {
    expect(slopesOf(whole.objective.loss, ofM2)).toEqual(slopesOf(above.loss, ofM2));
  });

  test('leaves a trained M1 as it is, and keeps it in the state', () => {
    const { state } = trainingStep('m1+m2', above, adam({ learningRate: 0.1 }), {
      fixed: (name) => /^(q\(z1|p\(x)/.test(name),
    });
    const held = state.filter(({ leaf, next }) => leaf === next).map(({ name }) => name);
    expect(held.sort()).toEqual(ofM1.map(({ leaf }) => leaf.name).sort());
    expect(state.some(({ name }) => name.startsWith('adam/') && /z1\|x/.test(name))).toBe(false);
  });
});

/** Every parameter of both stages. */
function parametersOf({ below, above }: typeof stackedExample.stages) {
  const names = [...below.p, ...below.q, ...above.p, ...above.q].map(({ name }) => name);
  return leavesOf([stackedExample.whole.objective.loss], 'parameter').filter(({ leaf }) =>
    names.includes(leaf.name.split('/')[0]!),
  );
}
