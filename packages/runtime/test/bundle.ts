import { sha256 } from '../src/files.ts';
import type { FileEntry, Head, Manifest, TensorSpec } from '../src/manifest.ts';
import { sealManifest } from '../src/manifest-checksum.ts';
import { modelProto, type Node, type Weight } from './onnx.ts';

export const [width, height, classes, latent] = [3, 2, 3, 2];
export const pixels = width * height;
export const labels = ['ant', 'bee', 'cat'];

/** The weights of every head, [rows, columns]. */
export const weights = {
  classify: matrix(pixels, classes, (i, j) => ((i + 2 * j) % 5) / 100 - 0.02),
  encode: matrix(pixels, latent, (i, j) => (i - j) / 200),
  encodeClass: matrix(classes, latent, (i, j) => i + j / 2),
  decode: matrix(latent, pixels, (i, j) => (i ? 1 : -1) * (j + 1) * 0.1),
  decodeClass: matrix(classes, pixels, (i, j) => (i === j ? 3 : -3)),
  strangeness: matrix(pixels, 1, (i) => i + 1),
} satisfies Record<string, Weight>;

function matrix(rows: number, columns: number, at: (i: number, j: number) => number) {
  const data = Float32Array.from({ length: rows * columns }, (_, k) =>
    at(Math.floor(k / columns), k % columns),
  );
  return { name: '', dims: [rows, columns], data };
}

const spec = (name: string, type: TensorSpec['type'], ...size: number[]): TensorSpec => ({
  name,
  type,
  shape: ['batch', ...size],
  meaning: name,
});

const x = spec('x', 'uint8', pixels);
const z = spec('z', 'float32', latent);
const yOf = (withClasses: boolean) => (withClasses ? [spec('y', 'float32', classes)] : []);

const float = { op: 'Cast', inputs: ['x'], output: 'float', attributes: { to: 1 } };
const product = (a: string, b: string, output: string): Node => ({ op: 'MatMul', inputs: [a, b], output });

/** A tiny bundle: its files by name, with sizes and hashes that agree. */
export async function tinyBundle({ withClasses = true } = {}): Promise<Map<string, Uint8Array>> {
  const y = yOf(withClasses);
  const files = new Map<string, Uint8Array>();
  const add = async (file: string, content: Uint8Array): Promise<FileEntry> => {
    files.set(file, content);
    return { file, bytes: content.length, sha256: await sha256(content) };
  };
  const head = async (
    name: string,
    nodes: Node[],
    inputs: TensorSpec[],
    outputs: TensorSpec[],
  ): Promise<Head> => {
    const used = Object.entries(weights).map(([key, weight]) => ({ ...weight, name: key }));
    const named = used.filter((weight) => nodes.some((node) => node.inputs.includes(weight.name)));
    const axis = { name: 'axis', dims: [1], data: BigInt64Array.of(1n) };
    return {
      ...(await add(`${name}.onnx`, modelProto(nodes, [...named, axis], ports(inputs), ports(outputs)))),
      inputs,
      outputs,
    };
  };
  const encoder = withClasses
    ? [
        product('float', 'encode', 'fromX'),
        product('y', 'encodeClass', 'fromY'),
        sum('fromX', 'fromY', 'mean'),
        negative('fromY'),
      ]
    : [product('float', 'encode', 'mean'), negative('mean')];
  const decoder = withClasses
    ? [product('z', 'decode', 'fromZ'), product('y', 'decodeClass', 'fromY'), sum('fromZ', 'fromY', 'logits')]
    : [product('z', 'decode', 'logits')];
  const heads: Manifest['heads'] = {
    ...(withClasses && {
      classifier: await head(
        'classifier',
        [
          float,
          product('float', 'classify', 'logits'),
          { op: 'Softmax', inputs: ['logits'], output: 'probabilities' },
        ],
        [x],
        [spec('probabilities', 'float32', classes), spec('logits', 'float32', classes)],
      ),
    }),
    encoder: await head(
      'encoder',
      [float, ...encoder],
      [x, ...y],
      [spec('mean', 'float32', latent), spec('logVariance', 'float32', latent)],
    ),
    decoder: await head(
      'decoder',
      [...decoder, { op: 'Sigmoid', inputs: ['logits'], output: 'mean' }],
      [...y, z],
      [spec('mean', 'float32', pixels)],
    ),
    scorer: await head(
      'scorer',
      [
        float,
        product('float', 'strangeness', 'column'),
        { op: 'ReduceSum', inputs: ['column', 'axis'], output: 'score', attributes: { keepdims: 0 } },
      ],
      [x],
      [spec('score', 'float32')],
    ),
  };
  const parity = await add('parity.safetensors', Uint8Array.of(1, 2, 3));
  return files.set('manifest.json', await sealManifest(manifestOf(withClasses, heads, parity)));
}

function sum(a: string, b: string, output: string): Node {
  return { op: 'Add', inputs: [a, b], output };
}

function negative(input: string): Node {
  return { op: 'Neg', inputs: [input], output: 'logVariance' };
}

function ports(specs: readonly TensorSpec[]) {
  return specs.map(({ name, type, shape }) => ({ name, type: type as 'float32' | 'uint8', shape }));
}

function manifestOf(withClasses: boolean, heads: Manifest['heads'], parity: FileEntry): Manifest {
  return {
    format: 'semivae-bundle',
    formatVersion: 3,
    name: 'tiny',
    description: 'a model for tests',
    model: { kind: withClasses ? 'm2' : 'm1', paper: 'Kingma et al. 2014', sizes: { latent, hidden: [] } },
    input: { kind: 'image', width, height, channels: 1, type: 'uint8', encoding: 'x' },
    labels: withClasses ? labels : [],
    latent: { size: latent },
    heads,
    score: { kind: 'bound', meaning: 'negative bound', unit: 'nats', bound: 'elbo', samples: 1 },
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

/** The bundle with its manifest edited, and sealed again. */
export async function edited(
  files: ReadonlyMap<string, Uint8Array>,
  // biome-ignore lint/suspicious/noExplicitAny: faults are planted anywhere
  edit: (manifest: Record<string, any>) => void,
): Promise<Map<string, Uint8Array>> {
  const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
  edit(manifest);
  return new Map(files).set('manifest.json', await sealManifest(manifest));
}
