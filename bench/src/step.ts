import { availableParallelism } from 'node:os';
import { encode, gemm, graph, input } from '@semivae/graph';
import { openSession } from '@semivae/runtime';
import { fillNormal, type Tensor, type Tensors } from '@semivae/runtime/core';
import {
  assemble,
  builtInRecipe,
  chooseRows,
  type Dataset,
  digits,
  type Engine,
  fit,
  initialState,
  LABELLED_X,
  LABELLED_Y,
  onnxRuntimeEngine,
  openFeeder,
  parseRecipe,
  type Recipe,
  shapeOf,
  UNLABELLED_X,
} from '@semivae/train';
import { matrixProductFlops } from './flops.ts';
import { type Machine, machine, versionsOf } from './machine.ts';
import { openPeer, type Peer, type RawBatch, startWasm, type WasmHost } from './peers/tfjs.ts';
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
  const rows = chooseRows(recipe, dataset.train, SEED);
  const training = assemble(recipe, shapeOf(dataset.train, rows.train.length)).step;
  const feeder = openFeeder(training.graph, recipe, dataset.train, rows, SEED);
  return { training, feeder, initial: initialState(training.state, SEED) };
}

/** Training itself, a step at each call. */
export function trainer(dataset: Dataset, engine: Engine) {
  const reports = fit(recipe, dataset, { seed: SEED, engine, reportEvery: 1 });
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

/** The step in plain tfjs, from the same parameters. */
export function peerOf({ training, initial }: ReturnType<typeof stepOf>): Peer {
  const names = training.forward.parameters.map(({ leaf }) => leaf.name);
  const parameters = Object.fromEntries(names.map((name) => [name, initial[name]!]));
  const { objective, optimizer } = recipe;
  return openPeer({ parameters, alpha: objective.alpha, learningRate: optimizer.learningRate });
}

/** What a step was fed, as the peer takes it. */
export const peerBatch = (feeds: Tensors): RawBatch => ({
  labelledX: feeds[LABELLED_X]!.data as Uint8Array,
  labels: Int32Array.from(feeds[LABELLED_Y]!.data as BigInt64Array, Number),
  unlabelledX: feeds[UNLABELLED_X]!.data as Uint8Array,
});

/** Training in plain tfjs, on the same batches. */
function peerTrainer(dataset: Dataset) {
  const own = stepOf(dataset);
  const peer = peerOf(own);
  let step = 0;
  const work = () => {
    own.feeder.fill(step++);
    return peer.step(peerBatch(own.feeder.feeds));
  };
  return { work, close: () => peer.close() };
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
  const dataset = digits({ test: 10 });
  const tfjsWasm = peers ? await startWasm() : undefined;
  const [step, product] = [trainer(dataset, onnxRuntimeEngine({ threads })), await multiplier(threads)];
  const tfjs = tfjsWasm && peerTrainer(dataset);
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
    ...(tfjsWasm && { tfjsWasm }),
    machine: machine(),
    versions: versionsOf('onnxruntime-node', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'),
  };
}
