import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { chooseRows, type Dataset, digits, imageSet } from '@semivae/data';
import { encode, gemm, graph, input } from '@semivae/graph';
import { builtInRecipe, parseRecipe, type Recipe } from '@semivae/recipe';
import { openSession } from '@semivae/runtime';
import { fillNormal, type Tensor } from '@semivae/runtime/core';
import {
  assemble,
  type Engine,
  fit,
  initialState,
  onnxRuntimeEngine,
  openFeeder,
  shapeOf,
} from '@semivae/train';
import { collectBetweenSteps } from '@semivae/train/node';
import { matrixProductFlops } from './flops.ts';
import { type Machine, machine, versionsOf } from './machine.ts';
import type { WasmHost } from './peers/tfjs.ts';
import { type Contestant, interleaved } from './timing.ts';

export interface StepOptions {
  /** Threads of ONNX Runtime; by default one for each core. */
  readonly threads?: number;
  readonly rounds?: number;
  /** Times the step in plain tfjs too. */
  readonly peers?: boolean;
  readonly progress?: (text: string) => void;
}

/** What `bench step` prints; times in milliseconds are medians, `best` holds the shortest. */
export interface StepReport {
  /** One step of training: batch, noise, forward, backward and optimizer. */
  readonly stepMs: number;
  /** What the step's matrix products take at `matmulRate`. */
  readonly matmulMs: number;
  readonly efficiency: number;
  readonly tfjsWasmStepMs?: number;
  readonly speedupOverTfjsWasm?: number;
  /** GFLOP/s of a product of 1024×1024 matrices through the same runtime. */
  readonly matmulRate: number;
  /** Floating-point operations of the step's matrix products. */
  readonly flops: number;
  readonly best: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly tfjsWasm?: WasmHost;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const SEED = 1;
const SIDE = 1024;

/** M2 784-500-50 on 100 labelled and 100 unlabelled rows, as the recipe for MNIST has it. */
export const recipe: Recipe = parseRecipe({
  ...builtInRecipe('mnist-m2'),
  name: 'bench',
  data: { name: 'digits', labels: 100 },
  model: { kind: 'm2', latent: 50, hidden: [500] },
  objective: { labelledWeight: 1 },
  batch: { labelled: 100, unlabelled: 100 },
  epochs: 1000,
});

/** The step that is timed, with what feeds it. */
export function stepOf(dataset: Dataset) {
  const set = imageSet(dataset.train);
  const rows = chooseRows(recipe, set, SEED);
  const training = assemble(recipe, shapeOf(set, rows.train.length)).step;
  const feeder = openFeeder(training.graph, recipe, set, rows, SEED);
  return { training, feeder, initial: initialState(training.state, SEED) };
}

/** Training itself, a step at each call. */
export function trainer(dataset: Dataset, engine: Engine) {
  const reports = fit(recipe, imageSet(dataset.train), { seed: SEED, engine, reportEvery: 1 });
  return { work: () => reports.next(), close: () => reports.return(undefined) };
}

/** A product of two square matrices through the runtime that trains. */
async function multiplier(threads: number) {
  const [a, b] = [input('a', [SIDE, SIDE]), input('b', [SIDE, SIDE])];
  const session = await openSession(encode(graph('product', { c: gemm(a, b) })), { threads });
  const matrix = (stream: number): Tensor => {
    const data = new Float32Array(SIDE * SIDE);
    fillNormal(data, { seed: SEED, stream, step: 0 });
    return { type: 'float32', dims: [SIDE, SIDE], data };
  };
  const [feeds, fetches] = [{ a: matrix(0), b: matrix(1) }, { c: matrix(2) }];
  return { work: () => session.run(feeds, fetches), close: () => session.release() };
}

/** Training in plain tfjs, in a thread of its own: the large heap that it keeps then weighs on no other contestant. */
async function peerTrainer() {
  const thread = new Worker(new URL('./peers/tfjs-thread.js', import.meta.url));
  const answer = async () => (await once(thread, 'message'))[0] as unknown;
  const host = (await answer()) as WasmHost;
  const work = async () => {
    thread.postMessage('step');
    await answer();
  };
  return { host, work, close: () => thread.terminate() };
}

const round = (number: number, digits = 3): number => Number(number.toFixed(digits));

/** Figures from one kind of time: the medians, or the shortest. */
function figures(flops: number, stepMs: number, productMs: number, tfjsMs?: number) {
  const matmulRate = (2 * SIDE ** 3) / productMs / 1e6;
  const matmulMs = flops / matmulRate / 1e6;
  return {
    stepMs: round(stepMs),
    matmulMs: round(matmulMs),
    efficiency: round(matmulMs / stepMs),
    ...(tfjsMs && { tfjsWasmStepMs: round(tfjsMs), speedupOverTfjsWasm: round(tfjsMs / stepMs, 1) }),
    matmulRate: round(matmulRate, 1),
  };
}

/** Times a training step, a matrix product and the step in plain tfjs, turn by turn in one run. */
export async function benchStep(options: StepOptions = {}): Promise<StepReport> {
  const { threads = availableParallelism(), rounds = 8, peers = true, progress = () => {} } = options;
  collectBetweenSteps();
  const dataset = digits({ test: 10 });
  const [step, product] = [trainer(dataset, onnxRuntimeEngine({ threads })), await multiplier(threads)];
  const tfjs = peers ? await peerTrainer() : undefined;
  const contestants: Record<string, Contestant> = {
    step: { work: step.work, times: 25 },
    product: { work: product.work, times: 15 },
    ...(tfjs && { tfjs: { work: tfjs.work, times: 1 } }),
  };
  const done = (so: number) => progress(`step: round ${so} of ${rounds}`);
  const timings = await interleaved(contestants, rounds, done);
  await Promise.all([step.close(), product.close(), tfjs?.close()]);
  const flops = matrixProductFlops(stepOf(dataset).training.graph);
  const of = (kind: 'median' | 'best') =>
    figures(flops, timings.step![kind], timings.product![kind], timings.tfjs?.[kind]);
  return {
    ...of('median'),
    flops,
    best: of('best'),
    threads,
    ...(tfjs && { tfjsWasm: tfjs.host }),
    machine: machine(),
    versions: versionsOf('onnxruntime-node', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'),
  };
}
