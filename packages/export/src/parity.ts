import type { Graph, Tensors as StoredTensors } from '@semivae/graph';
import { fillNormal, reservedStreams, type Tensor } from '@semivae/runtime/core';
import { type Engine, fed } from '@semivae/train';
import type { DataInfo } from '@semivae/train/node';
import type { HeadGraphs } from './heads.ts';

type Rows = readonly (readonly number[])[];

/** Inputs, and the trained model's own answers to them: what the shipped files must answer too. */
export interface Parity {
  readonly x: Rows;
  /** The class that each row is encoded and decoded with; absent for a model without classes. */
  readonly labels?: readonly number[];
  readonly z: Rows;
  readonly answers: {
    readonly probabilities?: Rows;
    readonly mean: Rows;
    readonly standardDeviation: Rows;
    readonly image: Rows;
    readonly score: readonly number[];
  };
}

const PARITY_STREAM = reservedStreams + 0x301;

/** Digits enough to give back a float32 exactly. */
const rounded = (number: number): number => Number(number.toPrecision(9));

const rowsOf = (tensor: Tensor): Rows => {
  const width = tensor.dims.slice(1).reduce((product, each) => product * each, 1);
  const data = Array.from(tensor.data as Float32Array, rounded);
  return Array.from({ length: tensor.dims[0]! }, (_, row) => data.slice(row * width, (row + 1) * width));
};

async function ask(
  engine: Engine,
  graph: Graph,
  frozen: StoredTensors,
  feeds: Readonly<Record<string, Tensor>>,
) {
  const evaluator = await engine.openGraph(graph);
  const leaves = [...graph.parameters, ...graph.noises].map(({ leaf }) => [
    leaf.name,
    fed(frozen[leaf.name]!),
  ]);
  const wanted = graph.inputs.map(({ leaf }) => [leaf.name, feeds[leaf.name]!]);
  try {
    return await evaluator.run(Object.fromEntries([...leaves, ...wanted]));
  } finally {
    await evaluator.close();
  }
}

const matrix = (type: 'uint8' | 'float32', rows: Rows): Tensor => ({
  type,
  dims: [rows.length, rows[0]!.length],
  data: (type === 'uint8' ? Uint8Array : Float32Array).from(rows.flat()),
});

const oneHot = (labels: readonly number[], classes: number): Rows =>
  labels.map((label) => Array.from({ length: classes }, (_, i) => Number(i === label)));

/** Asks the trained model, its parameters fed and nothing frozen, what the bundle will be asked when it is verified. */
export async function answersOf(
  engine: Engine,
  graphs: HeadGraphs,
  frozen: StoredTensors,
  data: DataInfo,
  latent: number,
): Promise<Parity> {
  const { x, labels } = data.examples;
  const noise = new Float32Array(x.length * latent);
  fillNormal(noise, { seed: 0, stream: PARITY_STREAM, step: 0 });
  const z = rowsOf({ type: 'float32', dims: [x.length, latent], data: noise });
  const feeds = {
    x: matrix('uint8', x),
    y: matrix('float32', oneHot(labels, data.classes.length)),
    z: matrix('float32', z),
  };
  const { probabilities } = graphs.classifier ? await ask(engine, graphs.classifier, frozen, feeds) : {};
  const { mean, logVariance } = await ask(engine, graphs.encoder, frozen, feeds);
  const { mean: image } = await ask(engine, graphs.decoder, frozen, feeds);
  const { score } = await ask(engine, graphs.scorer, frozen, feeds);
  return {
    x,
    ...(graphs.classifier && { labels }),
    z,
    answers: {
      ...(probabilities && { probabilities: rowsOf(probabilities) }),
      mean: rowsOf(mean!),
      standardDeviation: rowsOf(logVariance!).map((row) => row.map((each) => rounded(Math.exp(each / 2)))),
      image: rowsOf(image!),
      score: rowsOf(score!).flat(),
    },
  };
}

export const encodeParity = (parity: Parity): string => `${JSON.stringify(parity)}\n`;
