import { BundleMalformed, BundleTooNew } from './errors.ts';

/** The bundle's own description; it stands beside the files that it names. */
export const manifestFile = 'manifest.json';
export const formatVersion = 1;

export const headNames = ['classifier', 'encoder', 'decoder', 'scorer'] as const;
export type HeadName = (typeof headNames)[number];

const tensorTypes = ['float32', 'uint8', 'int64', 'string', 'bool'] as const;

/** One input or output of a head; every shape begins with 'batch'. */
export interface TensorSpec {
  readonly name: string;
  readonly type: (typeof tensorTypes)[number];
  readonly shape: readonly (number | 'batch')[];
  readonly meaning: string;
}

/** A file of the bundle, its size in bytes and its SHA-256 in lower-case hexadecimal. */
export interface FileEntry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Head extends FileEntry {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export interface Manifest {
  readonly format: 'semivae-bundle';
  readonly formatVersion: typeof formatVersion;
  readonly name: string;
  readonly description: string;
  readonly model: {
    readonly kind: string;
    readonly paper: string;
    readonly sizes: Readonly<Record<string, number | readonly number[]>>;
  };
  readonly input: {
    readonly kind: 'image';
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly type: 'uint8';
    readonly encoding: string;
  };
  /** Class names by index; empty for a model without classes, whose heads then take no `y`. */
  readonly labels: readonly string[];
  readonly latent: { readonly size: number };
  readonly heads: {
    readonly classifier?: Head;
    readonly encoder: Head;
    readonly decoder: Head;
    readonly scorer: Head;
  };
  readonly score: {
    readonly meaning: string;
    readonly unit: 'nats';
    readonly bound: string;
    readonly samples: number;
  };
  readonly training: {
    readonly data: string;
    readonly rows: number;
    readonly labelled: number;
    readonly seed: number;
    readonly epochs: number;
    readonly steps: number;
    readonly engine: string;
    readonly metrics: Readonly<Record<string, number>>;
    readonly recipe: unknown;
  };
  readonly parity: FileEntry;
  readonly versions: Readonly<Record<string, string>>;
}

/** Reads manifest.json; fields it does not know are left out. Throws BUNDLE_MALFORMED, which names the field, or BUNDLE_TOO_NEW. */
export function readManifest(text: string, place: string = manifestFile): Manifest {
  const root = at(place, '', parse(text, place));
  one(root.of('format'), 'semivae-bundle');
  const version = count(root.of('formatVersion'), 1);
  if (version > formatVersion) throw new BundleTooNew(place, version, formatVersion);
  return agreeing(root, manifestOf(root));
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BundleMalformed(place, `not JSON (${(cause as Error).message})`, { cause });
  }
}

function manifestOf(root: Field): Manifest {
  return {
    format: 'semivae-bundle',
    formatVersion,
    name: filled(root.of('name')),
    description: text(root.of('description')),
    model: modelOf(root.of('model')),
    input: inputOf(root.of('input')),
    labels: distinct(root.of('labels')),
    latent: { size: count(root.of('latent').of('size'), 1) },
    heads: headsOf(root.of('heads')),
    score: scoreOf(root.of('score')),
    training: trainingOf(root.of('training')),
    parity: entryOf(root.of('parity')),
    versions: record(root.of('versions'), text),
  };
}

function modelOf(field: Field): Manifest['model'] {
  const size = (each: Field) => (Array.isArray(each.value) ? list(each, number) : number(each));
  return {
    kind: text(field.of('kind')),
    paper: text(field.of('paper')),
    sizes: record(field.of('sizes'), size),
  };
}

function inputOf(field: Field): Manifest['input'] {
  return {
    kind: one(field.of('kind'), 'image'),
    width: count(field.of('width'), 1),
    height: count(field.of('height'), 1),
    channels: oneOf(field.of('channels'), [1, 3]),
    type: one(field.of('type'), 'uint8'),
    encoding: text(field.of('encoding')),
  };
}

function headsOf(field: Field): Manifest['heads'] {
  const classifier = field.of('classifier');
  return {
    ...(classifier.value === undefined ? {} : { classifier: headOf(classifier) }),
    encoder: headOf(field.of('encoder')),
    decoder: headOf(field.of('decoder')),
    scorer: headOf(field.of('scorer')),
  };
}

function headOf(field: Field): Head {
  return {
    ...entryOf(field),
    inputs: list(field.of('inputs'), tensorOf),
    outputs: list(field.of('outputs'), tensorOf),
  };
}

function tensorOf(field: Field): TensorSpec {
  const dimension = (each: Field) => (each.value === 'batch' ? 'batch' : count(each, 1));
  return {
    name: filled(field.of('name')),
    type: oneOf(field.of('type'), tensorTypes),
    shape: list(field.of('shape'), dimension),
    meaning: text(field.of('meaning')),
  };
}

function entryOf(field: Field): FileEntry {
  return {
    file: fileName(field.of('file')),
    bytes: count(field.of('bytes'), 1),
    sha256: matching(field.of('sha256'), /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
  };
}

function scoreOf(field: Field): Manifest['score'] {
  return {
    meaning: text(field.of('meaning')),
    unit: one(field.of('unit'), 'nats'),
    bound: text(field.of('bound')),
    samples: count(field.of('samples'), 0),
  };
}

function trainingOf(field: Field): Manifest['training'] {
  return {
    data: text(field.of('data')),
    rows: count(field.of('rows'), 0),
    labelled: count(field.of('labelled'), 0),
    seed: count(field.of('seed'), 0),
    epochs: count(field.of('epochs'), 0),
    steps: count(field.of('steps'), 0),
    engine: text(field.of('engine')),
    metrics: record(field.of('metrics'), number),
    recipe: field.of('recipe').value,
  };
}

/** What each head takes and gives, by tensor name: its type and its features' size. */
function contract(manifest: Manifest): Record<HeadName, { inputs: Contract; outputs: Contract }> {
  const { width, height, channels } = manifest.input;
  const pixels = width * height * channels;
  const classes = manifest.labels.length;
  const latent = manifest.latent.size;
  const x: Contract = { x: ['uint8', pixels] };
  const y: Contract = classes > 0 ? { y: ['float32', classes] } : {};
  return {
    classifier: {
      inputs: x,
      outputs: { probabilities: ['float32', classes] },
    },
    encoder: {
      inputs: { ...x, ...y },
      outputs: { mean: ['float32', latent], logVariance: ['float32', latent] },
    },
    decoder: { inputs: { ...y, z: ['float32', latent] }, outputs: { mean: ['float32', pixels] } },
    scorer: { inputs: x, outputs: { score: ['float32'] } },
  };
}

type Contract = Readonly<Record<string, readonly [type: string, size?: number]>>;

/** The manifest itself, once every head it names takes and gives what the format asks of it. */
function agreeing(root: Field, manifest: Manifest): Manifest {
  const asked = contract(manifest);
  if (manifest.heads.classifier && manifest.labels.length === 0) {
    root.of('labels').fail('the names of the classifier’s classes');
  }
  for (const name of headNames) {
    const head = manifest.heads[name];
    if (!head) continue;
    const field = root.of('heads').of(name);
    keeps(field.of('inputs'), head.inputs, asked[name].inputs);
    keeps(field.of('outputs'), head.outputs, asked[name].outputs);
    const extra = head.inputs.find((input) => !(input.name in asked[name].inputs));
    if (extra) field.of('inputs').fail(`no input '${extra.name}'`);
  }
  return manifest;
}

function keeps(field: Field, tensors: readonly TensorSpec[], asked: Contract): void {
  for (const [name, [type, ...sizes]] of Object.entries(asked)) {
    const found = tensors.find((tensor) => tensor.name === name);
    const shape = ['batch', ...sizes];
    if (found?.type !== type || found.shape.join() !== shape.join()) {
      field.fail(`'${name}', ${type} [${shape.join(', ')}]`);
    }
  }
}

/** A value of the manifest and where it stands. */
interface Field {
  readonly value: unknown;
  of(key: string): Field;
  fail(expected: string): never;
}

function at(place: string, path: string, value: unknown): Field {
  const fail = (expected: string): never => {
    const found = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
    throw new BundleMalformed(`${place}, ${path || 'top'}`, `expected ${expected}, found ${found}`);
  };
  const of = (key: string): Field => {
    if (typeof value !== 'object' || value === null) return fail('an object');
    const own = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return at(place, path ? `${path}.${key}` : key, own);
  };
  return { value, of, fail };
}

function text(field: Field): string {
  return typeof field.value === 'string' ? field.value : field.fail('a text');
}

function filled(field: Field): string {
  return text(field) || field.fail('a text that is not empty');
}

function matching(field: Field, pattern: RegExp, expected: string): string {
  return pattern.test(text(field)) ? text(field) : field.fail(expected);
}

/** A plain name: it cannot lead out of the bundle's folder. */
function fileName(field: Field): string {
  const expected = 'a plain file name (letters, digits, . _ -), not a path';
  return matching(field, /^[A-Za-z0-9_][A-Za-z0-9._-]*$/, expected);
}

function number(field: Field): number {
  return typeof field.value === 'number' ? field.value : field.fail('a number');
}

function count(field: Field, least: number): number {
  const value = number(field);
  return Number.isSafeInteger(value) && value >= least ? value : field.fail(`an integer from ${least} up`);
}

function one<T extends string>(field: Field, expected: T): T {
  return oneOf(field, [expected]);
}

function oneOf<T extends string | number>(field: Field, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === field.value);
  return found ?? field.fail(choices.map((choice) => JSON.stringify(choice)).join(' or '));
}

function list<T>(field: Field, item: (each: Field) => T): T[] {
  if (!Array.isArray(field.value)) return field.fail('a list');
  return field.value.map((_, i) => item(field.of(String(i))));
}

function distinct(field: Field): string[] {
  const names = list(field, filled);
  return new Set(names).size === names.length ? names : field.fail('names that differ from each other');
}

function record<T>(field: Field, item: (each: Field) => T): Record<string, T> {
  if (typeof field.value !== 'object' || field.value === null || Array.isArray(field.value)) {
    return field.fail('an object');
  }
  return Object.fromEntries(Object.keys(field.value).map((key) => [key, item(field.of(key))]));
}
