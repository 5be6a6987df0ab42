import { thresholdFor } from '../src/conformal.ts';
import { sha256 } from '../src/files.ts';
import type { Head, InputColumn, Manifest, TensorSpec } from '../src/manifest.ts';
import { sealManifest } from '../src/manifest-checksum.ts';
import { double, modelProto, type Node, type Weight } from './onnx.ts';

/** Numbers and texts take turns, and an ignored column lies between them. */
export const columns: readonly InputColumn[] = [
  { name: 'age', kind: 'numeric', tensor: 'numbers' },
  { name: 'colour', kind: 'categorical', tensor: 'texts', levels: ['red', 'green', 'blue'] },
  { name: 'id', kind: 'ignored', reason: 'every value differs' },
  { name: 'member', kind: 'binary', tensor: 'numbers', levels: [false, true] },
  { name: 'shape', kind: 'categorical', tensor: 'texts', levels: ['red', 'round'] },
  { name: 'when', kind: 'timestamp', tensor: 'numbers' },
];
export const used = columns.filter(({ kind }) => kind !== 'ignored').map(({ name }) => name);
export const labels = ['bad', 'good'];
export const [numbers, texts, classes, latent] = [3, 2, 2, 2];

/** What a known text is worth; every other is worth nothing. */
export const worth: Readonly<Record<string, number>> = { red: 1, green: 2, blue: 3, round: 4 };
/** What each number is multiplied by; a missing one is worth nothing. */
export const scales = [0.01, 1, 1e-12];
export const fillings = { numbers: [40, 1, 86_400_000], texts: ['blue', 'round'] } as const;
export const calibration = [0, 1, 1, 2, 3, 5, 8, 13, 21];

const sizes = { numbers: ['float64', numbers], texts: ['string', texts] } as const;
const spec = (name: string, type: TensorSpec['type'], ...size: number[]): TensorSpec => ({
  name,
  type,
  shape: ['batch', ...size],
  meaning: name,
});
const raws = [spec('numbers', ...sizes.numbers), spec('texts', ...sizes.texts)];
const cells = [spec('cells/numbers', ...sizes.numbers), spec('cells/texts', ...sizes.texts)];
const y = spec('y', 'float32', classes);
const z = spec('z', 'float32', latent);

const node = (op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
  op,
  inputs,
  output,
  attributes,
});

const weights: readonly Weight[] = [
  { name: 'zero', dims: [1], data: Float64Array.of(0) },
  { name: 'scales', dims: [1, numbers], data: Float64Array.from(scales) },
  { name: 'order', dims: [used.length], data: BigInt64Array.of(0n, 3n, 1n, 4n, 2n) },
  { name: 'axis', dims: [1], data: BigInt64Array.of(1n) },
  { name: 'two', dims: [1], data: Float32Array.of(2) },
  { name: 'toMean', dims: [5, latent], data: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1, 1, 1) },
  { name: 'fillingNumbers', dims: [1, numbers], data: Float64Array.from(fillings.numbers) },
  { name: 'fillingTexts', dims: [1, texts], data: fillings.texts },
  { name: 'fromLatent', dims: [latent, numbers], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: 'names', dims: [2], data: ['red', 'round'] },
];

/** A number for each text. ONNX's default for others is −0. */
function valued(input: string, values: Readonly<Record<string, number>>, output: string): Node {
  const attributes = {
    keys_strings: Object.keys(values),
    values_floats: Float32Array.from(Object.values(values)),
  };
  return { ...node('LabelEncoder', [input], output, attributes), domain: 'ai.onnx.ml' };
}

/** Contributions: what each column is worth, in the order of the columns. */
const contributions: readonly Node[] = [
  node('IsNaN', ['numbers'], 'absent'),
  node('Where', ['absent', 'zero', 'numbers'], 'present'),
  node('Mul', ['present', 'scales'], 'scaled'),
  node('Cast', ['scaled'], 'fromNumbers', { to: 1 }),
  valued('texts', worth, 'fromTexts'),
];

const contributed = [
  ...contributions,
  node('Concat', ['fromNumbers', 'fromTexts'], 'worths', { axis: 1 }),
  node('Gather', ['worths', 'order'], 'contributions', { axis: 1 }),
  node('MatMul', ['contributions', 'toMean'], 'mean'),
];

const classified = [...contributed, node('Softmax', ['mean'], 'probabilities', { axis: 1 })];
const probabilities = spec('probabilities', 'float32', classes);

interface Definition {
  readonly nodes: readonly Node[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

const definitions: Readonly<Record<string, Definition>> = {
  classifier: { nodes: classified, inputs: raws, outputs: [probabilities] },
  encoder: {
    nodes: [
      ...contributed.slice(0, -1),
      node('MatMul', ['contributions', 'toMean'], 'fromX'),
      node('Add', ['fromX', 'y'], 'mean'),
      node('Neg', ['y'], 'logVariance'),
    ],
    inputs: [...raws, y],
    outputs: [spec('mean', 'float32', latent), spec('logVariance', 'float32', latent)],
  },
  decoder: {
    nodes: [
      node('Add', ['y', 'z'], 'both'),
      node('MatMul', ['both', 'fromLatent'], 'single'),
      node('Cast', ['single'], 'cells/numbers', { to: double }),
      node('ArgMax', ['both'], 'best', { axis: 1 }),
      node('Gather', ['names', 'best'], 'name'),
      node('Concat', ['name', 'name'], 'cells/texts', { axis: 1 }),
    ],
    inputs: [y, z],
    outputs: cells,
  },
  sampler: {
    nodes: [
      node('Add', ['y', 'z'], 'both'),
      node('Add', ['both', 'uniforms'], 'drawn'),
      node('MatMul', ['drawn', 'fromLatent'], 'single'),
      node('Cast', ['single'], 'cells/numbers', { to: double }),
      node('ArgMax', ['drawn'], 'best', { axis: 1 }),
      node('Gather', ['names', 'best'], 'name'),
      node('Concat', ['name', 'name'], 'cells/texts', { axis: 1 }),
    ],
    inputs: [y, z, spec('uniforms', 'float32', 1)],
    outputs: cells,
  },
  scorer: {
    nodes: [
      ...classified,
      node('ReduceSum', ['contributions', 'axis'], 'score', { keepdims: 0 }),
      node('Mul', ['score', 'two'], 'nll'),
    ],
    inputs: raws,
    outputs: [
      spec('score', 'float32'),
      spec('nll', 'float32'),
      spec('contributions', 'float32', used.length),
      spec('mean', 'float32', latent),
      probabilities,
    ],
  },
  imputer: {
    nodes: [
      node('IsNaN', ['numbers'], 'absent'),
      node('Where', ['absent', 'fillingNumbers', 'numbers'], 'cells/numbers'),
      valued('texts', { '': 1 }, 'unsaid'),
      node('Cast', ['unsaid'], 'missing', { to: 9 }),
      node('Where', ['missing', 'fillingTexts', 'texts'], 'cells/texts'),
    ],
    inputs: raws,
    outputs: cells,
  },
};

/** A tiny bundle of a table: its files by name, with sizes and hashes that agree. */
export async function tableBundle(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const add = async (file: string, content: Uint8Array) => {
    files.set(file, content);
    return { file, bytes: content.length, sha256: await sha256(content) };
  };
  const heads: Record<string, Head> = {};
  for (const [name, { nodes, inputs, outputs }] of Object.entries(definitions)) {
    const wanted = weights.filter((weight) => nodes.some((each) => each.inputs.includes(weight.name)));
    const entry = await add(`${name}.onnx`, modelProto(nodes, wanted, ports(inputs), ports(outputs)));
    heads[name] = { ...entry, inputs, outputs };
  }
  const reference = await add('reference.json', Uint8Array.of(1));
  const manifest = manifestOf(
    heads as unknown as Manifest['heads'],
    await add('parity.json', Uint8Array.of(2)),
  );
  return files.set('manifest.json', await sealManifest({ ...manifest, reference }));
}

function ports(specs: readonly TensorSpec[]) {
  return specs.map(({ name, type, shape }) => ({
    name,
    type: type as 'float32' | 'float64' | 'string',
    shape,
  }));
}

function manifestOf(heads: Manifest['heads'], parity: Manifest['parity']): Manifest {
  return {
    format: 'semivae-bundle',
    formatVersion: 3,
    name: 'tiny-table',
    description: 'a model of rows for tests',
    model: { kind: 'm2', paper: 'Kingma et al. 2014', sizes: { latent } },
    input: { kind: 'table', columns },
    labels,
    latent: { size: latent },
    heads,
    score: {
      kind: 'bound',
      meaning: 'worth',
      unit: 'nats',
      bound: 'elbo',
      samples: 1,
      parts: ['reconstruction'],
    },
    calibration: {
      rows: calibration.length,
      fpr: 0.2,
      threshold: thresholdFor(calibration, 0.2),
      scores: calibration,
      data: 'nine rows',
      scorer: heads.scorer.sha256,
    },
    training: {
      data: 'none',
      rows: 0,
      labelled: 0,
      seed: 0,
      epochs: 0,
      steps: 0,
      engine: 'none',
      metrics: { loss: 0 },
      recipe: null,
    },
    parity,
    versions: { semivae: '0.1.0' },
  };
}
