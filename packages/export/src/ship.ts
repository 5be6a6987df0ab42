import {
  encode,
  type Graph,
  IR_VERSION,
  type LeafValue,
  leavesOf,
  OPSET,
  sizeOf,
  type Tensors,
  type Value,
} from '@semivae/graph';
import { featuresOf, IMAGE_ENCODING, type Model } from '@semivae/model';
import {
  fillNormal,
  type Head,
  type HeadName,
  type Manifest,
  reservedStreams,
  sha256,
  type TensorSpec,
} from '@semivae/runtime/core';
import { boundOf, type Checkpoint, type Engine, modelOf, onnxRuntimeEngine } from '@semivae/train';
import type { RunInfo } from '@semivae/train/node';
import { card } from './card.ts';
import { ExportError } from './errors.ts';
import { type HeadGraphs, heads } from './heads.ts';
import { answersOf, encodeParity, type Parity } from './parity.ts';

/** A bundle in memory: its files by name. */
export type BundleFiles = Readonly<Record<string, Uint8Array>>;

export interface ShipOptions {
  readonly name: string;
  readonly info: RunInfo;
  readonly checkpoint: Checkpoint;
  /** The last line of the run's metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly version: string;
  /** What computes the trained model's own answers, which the shipped files must match. */
  readonly engine?: Engine;
}

const meanings: Readonly<Record<string, string>> = {
  x: 'raw pixels, 0…255, row by row',
  y: 'class, one-hot in the order of labels',
  z: 'latent, standard normal under the prior',
  probabilities: 'q(y|x), in the order of labels',
  logits: 'log q(y|x) up to a constant',
  'encoder/mean': 'mean of q(z|x,y)',
  logVariance: 'log-variance of q(z|x,y)',
  'decoder/mean': 'mean of p(x|y,z), pixels in 0…1',
  score: 'negative bound on log p(x), in nats: the higher, the stranger',
};

const specOf = (head: string, name: string, { type, shape }: Value): TensorSpec => ({
  name,
  type,
  shape: shape as TensorSpec['shape'],
  meaning: meanings[`${head}/${name}`] ?? meanings[name] ?? name,
});

const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);

const entryOf = async (file: string, bytes: Uint8Array) => ({
  file,
  bytes: bytes.length,
  sha256: await sha256(bytes),
});

const SCORE_STREAM = reservedStreams + 0x300;

/** The scorer's noise: drawn once from the run's seed, and shipped. */
export const scoreNoise = (noises: readonly LeafValue<'noise'>[], seed: number): Tensors =>
  Object.fromEntries(
    noises.map(({ leaf, shape }, index) => {
      const data = new Float32Array(sizeOf(shape));
      fillNormal(data, { seed, stream: SCORE_STREAM, step: index });
      return [leaf.name, { shape: shape as readonly number[], data }];
    }),
  );

interface EncodedHead {
  readonly head: Head;
  readonly bytes: Uint8Array;
}

async function encodeHead(
  name: HeadName,
  graph: Graph,
  frozen: Tensors,
  options: ShipOptions,
): Promise<EncodedHead> {
  const description = `${name} of ${options.name}, a ${options.info.recipe.model.kind} model`;
  const metadata = { bundle: options.name, head: name, labels: options.info.data.classes.join(',') };
  const bytes = encode(graph, { frozen, metadata, description, version: options.version });
  const file = `${name}.onnx`;
  return {
    bytes,
    head: {
      ...(await entryOf(file, bytes)),
      inputs: graph.inputs.map((leaf) => specOf(name, leaf.leaf.name, leaf)),
      outputs: Object.entries(graph.outputs).map(([output, value]) => specOf(name, output, value)),
    },
  };
}

const papers: Readonly<Record<string, string>> = {
  m1: 'Kingma et al. 2014, Semi-Supervised Learning with Deep Generative Models, M1 (arXiv:1406.5298)',
  m2: 'Kingma et al. 2014, Semi-Supervised Learning with Deep Generative Models, M2 (arXiv:1406.5298)',
};

const boundText = ({ kind, samples }: RunInfo['recipe']['score'], model: Model): string => {
  const base =
    kind === 'iwae'
      ? `importance-weighted bound, ${samples} samples`
      : `evidence lower bound, ${samples} samples`;
  return model.y ? `${base}, the class summed out` : base;
};

function manifestOf(
  options: ShipOptions,
  model: Model,
  encoded: Partial<Record<HeadName, EncodedHead>>,
  parity: Manifest['parity'],
): Manifest {
  const { name, info, checkpoint, metrics, version } = options;
  const { recipe, data, seed } = info;
  const entries = Object.entries(encoded).map(([head, each]) => [head, each!.head]);
  return {
    format: 'semivae-bundle',
    formatVersion: 1,
    name,
    description: `${recipe.model.kind.toUpperCase()} trained on ${data.name} with ${recipe.data.labels} labels`,
    model: {
      kind: recipe.model.kind,
      paper: papers[recipe.model.kind]!,
      sizes: {
        x: featuresOf(data.columns),
        classes: model.y?.size ?? 0,
        latent: recipe.model.latent,
        hidden: recipe.model.hidden,
      },
    },
    input: { ...data.columns, channels: data.columns.channels, type: 'uint8', encoding: IMAGE_ENCODING },
    labels: model.y ? data.classes : [],
    latent: { size: recipe.model.latent },
    heads: Object.fromEntries(entries) as Manifest['heads'],
    score: {
      meaning: 'negative of a lower bound on log p(x); the higher, the stranger',
      unit: 'nats',
      bound: boundText(recipe.score, model),
      samples: recipe.score.samples,
    },
    training: {
      data: data.name,
      rows: data.trainRows - recipe.data.validation,
      labelled: recipe.data.labels,
      seed,
      epochs: recipe.epochs,
      steps: checkpoint.step,
      engine: info.engine,
      metrics,
      recipe,
    },
    parity,
    versions: { ...info.versions, semivae: version, opset: String(OPSET), ir: String(IR_VERSION) },
  };
}

function checkGenerative({ info: { recipe } }: ShipOptions): void {
  if (recipe.objective.kind !== 'supervised') return;
  const problem = 'a supervised baseline has a classifier alone, nothing to encode, decode or score with';
  const remedy = "Export a run whose objective.kind is 'semi-supervised'.";
  throw new ExportError('NOT_GENERATIVE', `run of ${recipe.name}`, problem, remedy);
}

function checkComplete({ info, checkpoint }: ShipOptions, graphs: HeadGraphs): void {
  const missing = Object.values(graphs)
    .flatMap((each: Graph) => leavesOf(Object.values(each.outputs), 'parameter'))
    .find(({ leaf }) => !(leaf.name in checkpoint.state));
  if (!missing) return;
  const remedy = 'The recipe in the run was changed after training: train again.';
  throw new ExportError(
    'CHECKPOINT_MISFIT',
    `run of ${info.recipe.name}`,
    `the checkpoint has no '${missing.leaf.name}'`,
    remedy,
  );
}

/**
 * A trained run as a bundle: its queries frozen into ONNX files, and what to say of them. Throws `NOT_GENERATIVE` or
 * `CHECKPOINT_MISFIT`.
 */
export async function ship(options: ShipOptions): Promise<BundleFiles> {
  const { info, checkpoint, engine = onnxRuntimeEngine() } = options;
  checkGenerative(options);
  const { recipe, data, seed } = info;
  const shape = {
    columns: data.columns,
    classes: data.classes.length,
    rows: data.trainRows - recipe.data.validation,
  };
  const model = modelOf(recipe, shape);
  const graphs = heads(model, data.columns, boundOf(recipe.score));
  checkComplete(options, graphs);
  const frozen: Tensors = { ...checkpoint.state, ...scoreNoise(graphs.scorer.noises, seed) };
  const encoded: Partial<Record<HeadName, EncodedHead>> = {};
  for (const [name, graph] of Object.entries(graphs) as [HeadName, Graph][]) {
    encoded[name] = await encodeHead(name, graph, frozen, options);
  }
  const answers: Parity = await answersOf(engine, graphs, frozen, data, recipe.model.latent);
  const parity = encodeText(encodeParity(answers));
  const manifest = manifestOf(options, model, encoded, await entryOf('parity.json', parity));
  return {
    ...Object.fromEntries(Object.values(encoded).map(({ head, bytes }) => [head.file, bytes])),
    'parity.json': parity,
    'README.md': encodeText(card(manifest, data)),
    'manifest.json': encodeText(`${JSON.stringify(manifest, null, 2)}\n`),
  };
}
