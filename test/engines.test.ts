import { chooseRows, digits, imageSet } from '@semivae/data';
import { parseRecipe } from '@semivae/recipe';
import {
  assemble,
  type Engine,
  fit,
  initialState,
  onnxRuntimeEngine,
  openFeeder,
  openTester,
  shapeOf,
} from '@semivae/train';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { judges, wasm } from './engines.ts';
import { stepFeeds, steps } from './models.ts';
import { fedTensors } from './numbers.ts';

const data = digits({ train: 800, test: 1000 });
const recipe = parseRecipe({
  name: 'two engines',
  data: { labels: 100 },
  model: { latent: 4, hidden: [16] },
  batch: { labelled: 10, unlabelled: 16 },
  epochs: 4,
});
const set = imageSet(data.train);
const shape = shapeOf(set, set.rows);

/** The loss over the last epoch and the test error, after 200 steps. */
async function trained(engine: Engine) {
  for await (const { step, steps: all, metrics, checkpoint } of fit(recipe, set, { seed: 1, engine })) {
    if (step < all) continue;
    const test = await openTester(engine, assemble(recipe, shape).model, shape);
    return { step, loss: metrics.loss!, error: await test((await checkpoint()).state, imageSet(data.test)) };
  }
  throw new Error('no step was made');
}

test('200 steps of M2 from one seed end alike on ONNX Runtime and on TensorFlow.js', async () => {
  const [ours, theirs] = [await trained(onnxRuntimeEngine({ threads: 1 })), await trained(wasm)];
  expect([ours.step, theirs.step]).toEqual([200, 200]);
  expect(Math.abs(theirs.loss / ours.loss - 1)).toBeLessThan(1e-3);
  expect(Math.abs(theirs.error - ours.error)).toBeLessThanOrEqual(0.5);
  expect(ours.error).toBeLessThan(70);
});

describe.each(judges)('$name on $backend', (engine) => {
  const step = steps['few-labels']!;
  const feeds = stepFeeds(step);
  const own = step.forward.parameters.map(({ leaf }) => leaf.name);
  const batch = fedTensors(Object.fromEntries(Object.entries(feeds).filter(([name]) => !own.includes(name))));
  const open = () => engine.openStep(step, initialState(step.state, 1));

  test('keeps as many tensors after each step, and none when it is closed', async () => {
    const before = tf.memory().numTensors;
    const stepper = await open();
    const counts = [];
    for (let i = 0; i < 5; i++) {
      await stepper.step(batch);
      await stepper.state();
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    await stepper.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('evaluates without leaving a tensor', async () => {
    const before = tf.memory().numTensors;
    const evaluator = await engine.openGradients(step.forward, step.forward.parameters);
    const opened = tf.memory().numTensors;
    await evaluator.run(fedTensors(feeds));
    expect(tf.memory().numTensors).toBe(opened);
    await evaluator.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('gives copies of its state, and leaves alone what it began with', async () => {
    const initial = initialState(step.state, 1);
    const stepper = await engine.openStep(step, initial);
    const first = await stepper.state();
    await stepper.step(batch);
    expect([initial, first]).toEqual([initialState(step.state, 1), initial]);
    expect(await stepper.state()).not.toEqual(first);
    await stepper.close();
  });

  test('names the leaf that is not fed', async () => {
    const stepper = await open();
    const { 'unlabelled/x': _, ...rest } = batch;
    await expect(stepper.step(rest)).rejects.toMatchObject({
      code: 'FEED_MISSING',
      message: expect.stringContaining("'unlabelled/x'"),
    });
    await stepper.close();
  });
});

test('an engine goes on from the state of the other', async () => {
  const { step } = assemble(recipe, shape);
  const rows = chooseRows(recipe, set, 1);
  const { feeds, fill } = openFeeder(step.graph, recipe, set, rows, 1);
  fill(0);
  const opened = await Promise.all(
    [onnxRuntimeEngine({ threads: 1 }), wasm].map((each) => each.openStep(step, initialState(step.state, 1))),
  );
  const [ours, theirs] = opened as [(typeof opened)[0], (typeof opened)[0]];
  await theirs.step(feeds);
  const resumed = await onnxRuntimeEngine({ threads: 1 }).openStep(step, await theirs.state());
  await ours.step(feeds);
  fill(1);
  const [{ loss: whole }, { loss: mixed }] = [await ours.step(feeds), await resumed.step(feeds)];
  expect(Math.abs(mixed! / whole! - 1)).toBeLessThan(1e-5);
  await Promise.all([ours, theirs, resumed].map((each) => each.close()));
});
