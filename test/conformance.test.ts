import {
  type Feeds,
  gradients,
  graph,
  input,
  interpret,
  leavesOf,
  mul,
  stopGradient,
  sum,
  tanh,
  type Value,
  withGradient,
} from '@semivae/graph';
import type { Engine, TrainingStep } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { expectAgreement, expectClose, expectGradients } from './agreement.ts';
import { engines, judges } from './engines.ts';
import { examples, flat, placed, weighted } from './examples.ts';
import { fewLabelsExamples, modelExamples, stepFeeds, steps } from './models.ts';
import { fedTensors, normals, storedTensors } from './numbers.ts';
import { isolatedOps, withWrongRule } from './ops.ts';
import { paperExamples } from './papers.ts';

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

describe.each(engines)('$name on $backend computes', (engine) => {
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

  test.each([...modelExamples, ...paperExamples, ...fewLabelsExamples])(
    '$name and its slopes',
    async ({ objective, feeds }) => {
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
    },
  );

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

      const reported = interpret(Object.values(step.reported), feeds);
      Object.keys(step.reported).forEach((name, i) => expectClose(name, [metrics[name]!], reported[i]!.data));
      const next = interpret(
        step.state.map((each) => each.next),
        feeds,
      );
      names.forEach((name, i) => expectClose(name, state[name]!.data, next[i]!.data));
    },
  );
});

/** Expects our rule of an op, or what is planted in its place, to give what the judge finds wherever it is used. */
async function expectOp(judge: Engine, name: string, planted = (value: Value) => value): Promise<void> {
  for (const { value, wrt, feeds } of isolatedOps[name]!)
    await expectGradients(judge, name, weighted(planted(value)), wrt, feeds);
}

describe.each(judges)('$name on $backend finds by itself the slopes of', (judge) => {
  test.each(Object.keys(isolatedOps))('%s', (name) => expectOp(judge, name));

  test.each(examples)('$name', async (example) => {
    const { value, wrt, feeds } = placed(example);
    await expectGradients(judge, example.name, weighted(value), Object.values(wrt), feeds);
  });

  test.each([...modelExamples, ...paperExamples, ...fewLabelsExamples])(
    '$name',
    async ({ name, objective: { loss }, feeds }) => {
      await expectGradients(judge, name, loss, leavesOf([loss], 'parameter'), feeds);
    },
  );
});

describe.each(judges)('$name on $backend finds', (judge) => {
  test('no slope where it is stopped', async () => {
    const a = input('a', [3]);
    const feeds = { a: normals([3], 'stopped') };
    await expectGradients(judge, 'stopped', sum(mul(a, stopGradient(a))), [a], feeds);
  });

  test.each(Object.keys(isolatedOps))('a wrong rule of %s, and names it', async (name) => {
    await expect(expectOp(judge, name, withWrongRule)).rejects.toThrow(`${name}: gradient/`);
  });

  test('a wrong slope that a function states', async () => {
    const { value, wrt, feeds } = placed({
      name: 'stated',
      build: (a) => withGradient(tanh(a!), [a!], (dy) => [mul(dy, 0.99)]),
      at: [normals([3], 'stated')],
    });
    const judged = expectGradients(judge, 'stated', weighted(value), Object.values(wrt), feeds);
    await expect(judged).rejects.toThrow('stated: gradient/a');
  });
});
