import { type Feeds, type Graph, gradients, graph, interpret, leavesOf } from '@semivae/graph';
import { type Engine, onnxRuntimeEngine } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { examples, flat, placed, weighted } from './examples.ts';
import { modelExamples } from './models.ts';
import { fedTensors } from './numbers.ts';

const engines: readonly Engine[] = [onnxRuntimeEngine({ threads: 1 })];

async function computed(engine: Engine, of: Graph, feeds: Feeds) {
  const evaluator = await engine.openGraph(of);
  try {
    return await evaluator.run(fedTensors(feeds));
  } finally {
    await evaluator.close();
  }
}

/** Expects an engine's float32 to be what the float64 reference says, relative to the largest element. */
async function expectAgreement(engine: Engine, of: Graph, feeds: Feeds): Promise<void> {
  const found = await computed(engine, of, feeds);
  const expected = interpret(Object.values(of.outputs), feeds);
  Object.keys(of.outputs).forEach((name, i) => {
    const { shape, data } = expected[i]!;
    expect(found[name]!.dims, name).toEqual(shape);
    const largest = data.reduce((so, each) => Math.max(so, Math.abs(each)), 1e-6);
    const furthest = data.reduce(
      (so, each, j) => Math.max(so, Math.abs(each - Number(found[name]!.data[j]))),
      0,
    );
    expect(furthest / largest, `${name}: ${found[name]!.data} for ${data}`).toBeLessThan(1e-4);
  });
}

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
});
