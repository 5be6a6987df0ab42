import { BundleMalformed, Disposed, HeadMissing, InputType } from './errors.ts';
import { type Files, placeOf, readChecked } from './files.ts';
import { checkGraph } from './graph/check.ts';
import { type Head, type HeadName, headNames, type Manifest, type TensorSpec } from './manifest.ts';
import type { Host, Session, SessionOptions, Tensor } from './session.ts';

/** Row-major features of each row; their size stands in the manifest. */
export type Features = Readonly<Record<string, Feature>>;
type Feature = Uint8Array | Float32Array | Float64Array | readonly string[];

type OutputData = Float32Array | Float64Array | string[];

/** The format gives each output of a head one type. */
type Output<Name extends string> = Name extends 'cells/numbers'
  ? Float64Array
  : Name extends 'cells/texts'
    ? string[]
    : Float32Array;

export type Outputs<Name extends string> = { [N in Name]: Output<N> };

/** The heads of a bundle, each read, checked and opened once, when first wanted. */
export interface Heads {
  open(name: HeadName): Promise<Session>;
  /** The asked outputs over all rows, computed some rows at a time. */
  run<Name extends string>(
    name: HeadName,
    rows: number,
    features: Features,
    outputs: readonly Name[],
  ): Promise<Outputs<Name>>;
  dispose(): Promise<void>;
}

export interface HeadsOptions extends Pick<SessionOptions, 'threads'> {
  /** Rows computed at once, 256 unless told: bounds the memory that a large batch needs, and keeps it in the cache. */
  readonly rowsAtOnce?: number;
}

/** The heads of a bundle, on a host. Throws INPUT_TYPE for options that are no whole numbers from 1. Their promises reject with HEAD_MISSING, BUNDLE_…, DISPOSED, …. */
export function headsOf(host: Host, files: Files, manifest: Manifest, options: HeadsOptions): Heads {
  const { rowsAtOnce = 256, ...sessionOptions } = options;
  positive('rowsAtOnce', rowsAtOnce);
  if (sessionOptions.threads !== undefined) positive('threads', sessionOptions.threads);
  const opened = new Map<HeadName, Promise<Session>>();
  let disposed = false;

  async function open(name: HeadName): Promise<Session> {
    if (disposed) throw new Disposed(manifest.name);
    const known = opened.get(name);
    if (known) return known;
    const opening = openHead(host, files, manifest, name, sessionOptions);
    opened.set(name, opening);
    opening.catch(() => opened.delete(name));
    return opening;
  }

  async function run<Name extends string>(
    name: HeadName,
    rows: number,
    features: Features,
    outputs: readonly Name[],
  ): Promise<Outputs<Name>> {
    const head = headOf(manifest, files, name);
    const session = await open(name);
    const parts: Outputs<Name>[] = [];
    for (let start = 0; start < rows; start += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - start);
      const found = await session.run(feedsOf(head, features, start, count), wanted(outputs));
      parts.push(mapNames(outputs, (output) => dataOf(head, output, found[output], count)));
    }
    return mapNames(outputs, (output) =>
      joined(
        head,
        output,
        parts.map((part) => part[output]),
      ),
    );
  }

  async function dispose() {
    disposed = true;
    const sessions = await Promise.allSettled(opened.values());
    opened.clear();
    await Promise.all(sessions.map((each) => each.status === 'fulfilled' && each.value.release()));
  }

  return { open, run, dispose };
}

function positive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new InputType(name, `${String(value)} is no whole number from 1 up`, 'Give one, or leave it out.');
}

async function openHead(
  host: Host,
  files: Files,
  manifest: Manifest,
  name: HeadName,
  options: SessionOptions,
): Promise<Session> {
  const head = headOf(manifest, files, name);
  const bytes = await readChecked(files, head);
  checkGraph(bytes, placeOf(files, head.file));
  const session = await host.openSession(bytes, { ...options, place: head.file });
  const missing = [
    ...head.inputs.filter((input) => !session.inputs.includes(input.name)),
    ...head.outputs.filter((output) => !session.outputs.includes(output.name)),
  ];
  if (missing[0])
    throw new BundleMalformed(head.file, `it has no '${missing[0].name}', but the manifest says so`);
  return session;
}

function headOf(manifest: Manifest, files: Files, name: HeadName): Head {
  const head = manifest.heads[name];
  if (head) return head;
  throw new HeadMissing(
    files.place,
    name,
    headNames.filter((each) => manifest.heads[each]),
  );
}

function specOf(specs: Head['outputs'], name: string): TensorSpec {
  return specs.find((each) => each.name === name)!;
}

function sizeOf({ shape }: TensorSpec): number {
  return shape.reduce<number>((size, length) => size * (length === 'batch' ? 1 : length), 1);
}

function feedsOf(head: Head, features: Features, start: number, count: number): Record<string, Tensor> {
  const feed = (spec: TensorSpec): [string, Tensor] => {
    const size = sizeOf(spec);
    const data = partOf(features[spec.name]!, start * size, (start + count) * size);
    const dims = spec.shape.map((length) => (length === 'batch' ? count : length));
    return [spec.name, { type: spec.type, dims, data }];
  };
  return Object.fromEntries(head.inputs.map(feed));
}

function partOf(feature: Feature, from: number, to: number): Feature {
  if (from === 0 && to === feature.length) return feature;
  return 'subarray' in feature ? feature.subarray(from, to) : feature.slice(from, to);
}

function wanted(outputs: readonly string[]): Record<string, null> {
  return Object.fromEntries(outputs.map((output) => [output, null]));
}

function mapNames<Name extends string>(
  names: readonly Name[],
  of: (name: Name) => OutputData,
): Outputs<Name> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Outputs<Name>;
}

const arrays = { float32: Float32Array, float64: Float64Array, string: Array } as const;

function arrayOf({ type }: TensorSpec) {
  return arrays[type as keyof typeof arrays];
}

function dataOf(head: Head, output: string, tensor: Tensor | undefined, rows: number): OutputData {
  const spec = specOf(head.outputs, output);
  const data = tensor?.data;
  if (data instanceof arrayOf(spec) && data.length === rows * sizeOf(spec)) {
    return data as OutputData;
  }
  throw new BundleMalformed(
    `${head.file}, ${output}`,
    `gave ${tensor?.type} [${tensor?.dims}], not the manifest's type and shape`,
  );
}

/** One after the other; a single part is not copied. */
function joined(head: Head, output: string, parts: readonly OutputData[]): OutputData {
  if (parts.length === 1) return parts[0]!;
  const { type } = specOf(head.outputs, output);
  if (type === 'string') return (parts as string[][]).flat();
  const numbers = parts as readonly (Float32Array | Float64Array)[];
  const all = new (type === 'float64' ? Float64Array : Float32Array)(
    numbers.reduce((length, part) => length + part.length, 0),
  );
  let at = 0;
  for (const part of numbers) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
