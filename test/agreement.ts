import {
  type Feeds,
  type Graph,
  gradients,
  graph,
  interpret,
  type LeafValue,
  type Value,
} from '@semivae/graph';
import type { Tensors } from '@semivae/runtime/core';
import { type Engine, type Evaluator, gradientName } from '@semivae/train';
import { expect } from 'vitest';
import { fedTensors } from './numbers.ts';

async function computed(opening: Promise<Evaluator>, feeds: Feeds): Promise<Tensors> {
  const evaluator = await opening;
  try {
    return await evaluator.run(fedTensors(feeds));
  } finally {
    await evaluator.close();
  }
}

/** Expects float32 numbers to be the float64 ones, relative to the largest of them. */
export function expectClose(
  name: string,
  found: ArrayLike<number | bigint | string>,
  expected: Float64Array,
): void {
  const largest = expected.reduce((so, each) => Math.max(so, Math.abs(each)), 1e-6);
  const furthest = expected.reduce((so, each, i) => Math.max(so, Math.abs(each - Number(found[i]))), 0);
  expect(furthest / largest, `${name}: ${found} for ${expected}`).toBeLessThan(1e-4);
}

function expectAll(place: string, found: Tensors, outputs: Graph['outputs'], feeds: Feeds): void {
  const expected = interpret(Object.values(outputs), feeds);
  Object.keys(outputs).forEach((name, i) => {
    expect(found[name]!.dims, `${place}: ${name}`).toEqual(expected[i]!.shape);
    expectClose(`${place}: ${name}`, found[name]!.data, expected[i]!.data);
  });
}

/** Expects an engine's float32 to be what the float64 reference says. */
export async function expectAgreement(engine: Engine, of: Graph, feeds: Feeds): Promise<void> {
  expectAll(of.name, await computed(engine.openGraph(of), feeds), of.outputs, feeds);
}

/** Expects a loss and the slopes that an engine finds by itself to be those of our own gradients, in float64. */
export async function expectGradients(
  engine: Engine,
  name: string,
  loss: Value,
  wrt: readonly LeafValue[],
  feeds: Feeds,
): Promise<void> {
  const found = await computed(engine.openGradients(graph(name, { loss }), wrt), feeds);
  const slopes = gradients(loss, wrt);
  const named = Object.fromEntries(wrt.map(({ leaf }, i) => [gradientName(leaf.name), slopes[i]!]));
  expectAll(name, found, { loss, ...named }, feeds);
}
