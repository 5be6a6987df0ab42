import { type Feeds, type Graph, gradients, graph, interpret, leavesOf } from '@semivae/graph';
import { type Engine, onnxRuntimeEngine, type TrainingStep } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { examples, flat, placed, weighted } from './examples.ts';
import { modelExamples, stepFeeds, steps } from './models.ts';
import { fedTensors, normals, storedTensors } from './numbers.ts';

const engines: readonly Engine[] = [onnxRuntimeEngine({ threads: 1 })];

async function computed(engine: Engine, of: Graph, feeds: Feeds) {
  const evaluator = await engine.openGraph(of);
  try {
    return await evaluator.run(fedTensors(feeds));
  } finally {
    await evaluator.close();
  }
}

/** Expects float32 numbers to be the float64 ones, relative to the largest of them. */
function expectClose(name: string, found: ArrayLike<number | bigint | string>, expected: Float64Array): void {
  const largest = expected.reduce((so, each) => Math.max(so, Math.abs(each)), 1e-6);
  const furthest = expected.reduce((so, each, i) => Math.max(so, Math.abs(each - Number(found[i]))), 0);
  expect(furthest / largest, `${name}: ${found} for ${expected}`).toBeLessThan(1e-4);
}

/** Expects an engine's float32 to be what the float64 reference says. */
async function expectAgreement(engine: Engine, of: Graph, feeds: Feeds): Promise<void> {
  const found = await computed(engine, of, feeds);
  const expected = interpret(Object.values(of.outputs), feeds);
  Object.keys(of.outputs).forEach((name, i) => {
    expect(found[name]!.dims, name).toEqual(expected[i]!.shape);
    expectClose(name, found[name]!.data, expected[i]!.data);
  });
}

/** A state as it is after some steps: moments that are not zero. */
const midway = ({ state }: TrainingStep): Feeds =>
  Object.fromEntries(
    state.map(({ name, leaf }) => {
      if (name === 'adam/step') return [name, { shape: [], data: Float64Array.of(3) }];
      const shaping = name.startsWith('adam/second') ? (number: number) => number ** 2 / 10 : undefined;
      return [name, normals(leaf.shape as number[], `midway ${name}`, shaping)];
    }),
  );

const pick = (feeds: Feeds, names: readonly string[]): Feeds =>
  Object.fromEntries(names.map((name) => [name, feeds[name]!]));

describe.each(engines)('$name computes', (engine) => {
  test.each(examples)('$name and its slope', async (example) => {
    const { value, wrt, feeds } = placed(example);
    const slopes = gradients(weighted(value), Object.values(wrt));
    const outputs = Object.fromEntries(Object.keys(wrt).map((name, i) => [`slope of ${name}`, slopes[i]!]));
    await expectAgreement(engine, graph('example', { value, ...outputs }), feeds);
  });

  test.each(flat)('$name', async (example) => {
    const { value, feeds } = placed(example);
    await expectAgreement(engine, graph('example', { value }), feeds);
  });

  test.each(modelExamples)('$name and its slopes', async ({ objective, feeds }) => {
    const parameters = leavesOf([objective.loss], 'parameter');
    const slopes = gradients(objective.loss, parameters);
    const outputs = Object.fromEntries(
      parameters.map(({ leaf }, i) => [`slope of ${leaf.name}`, slopes[i]!]),
    );
    await expectAgreement(
      engine,
      graph('loss', { loss: objective.loss, ...objective.metrics, ...outputs }),
      feeds,
    );
  });

  test.each(Object.entries(steps))(
    'a training step of %s: what it reports, and the state after it',
    async (_, step) => {
      const feeds = { ...stepFeeds(step), ...midway(step) };
      const names = step.state.map(({ name }) => name);
      const stepper = await engine.openStep(step, storedTensors(pick(feeds, names)));
      const fed = step.graph.inputs.map(({ leaf }) => leaf.name).filter((name) => !names.includes(name));
      const noises = step.graph.noises.map(({ leaf }) => leaf.name);
      const metrics = await stepper.step(fedTensors(pick(feeds, [...fed, ...noises])));
      const state = await stepper.state();
      await stepper.close();

      const reported = interpret(Object.values(step.forward.outputs), feeds);
      Object.keys(step.forward.outputs).forEach((name, i) =>
        expectClose(name, [metrics[name]!], reported[i]!.data),
      );
      const next = interpret(
        step.state.map((each) => each.next),
        feeds,
      );
      names.forEach((name, i) => expectClose(name, state[name]!.data, next[i]!.data));
    },
  );
});
