import { BundleMalformed, Disposed, HeadMissing } from './errors.ts';
import { type Files, readChecked } from './files.ts';
import { type Head, type HeadName, headNames, type Manifest } from './manifest.ts';
import type { Host, Session, SessionOptions, Tensor } from './session.ts';

/** Row-major features of each row; their size stands in the manifest. */
export type Features = Readonly<Record<string, Uint8Array | Float32Array>>;

/** The heads of a bundle, each read, checked and opened once, when first wanted. */
export interface Heads {
  open(name: HeadName): Promise<Session>;
  /** The asked outputs over all rows, computed some rows at a time. */
  run(name: HeadName, rows: number, features: Features, outputs: readonly string[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

export interface HeadsOptions extends Pick<SessionOptions, 'threads'> {
  /** Rows computed at once, 256 unless told: bounds the memory that a large batch needs. */
  readonly rowsAtOnce?: number;
}

/** The heads of a bundle, on a host. Their promises reject with HEAD_MISSING, BUNDLE_…, DISPOSED, …. */
export function headsOf(host: Host, files: Files, manifest: Manifest, options: HeadsOptions): Heads {
  const { rowsAtOnce = 256, ...sessionOptions } = options;
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

  async function run(name: HeadName, rows: number, features: Features, outputs: readonly string[]) {
    const head = headOf(manifest, files, name);
    const joined = outputs.map((output) => new Float32Array(rows * sizeOf(head.outputs, output)));
    const session = await open(name);
    for (let start = 0; start < rows; start += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - start);
      const found = await session.run(feedsOf(head, features, start, count), wanted(outputs));
      outputs.forEach((output, i) => {
        const size = sizeOf(head.outputs, output);
        joined[i]!.set(dataOf(found[output], count * size, `${head.file}, ${output}`), start * size);
      });
    }
    return joined;
  }

  async function dispose() {
    disposed = true;
    const sessions = await Promise.allSettled(opened.values());
    opened.clear();
    await Promise.all(sessions.map((each) => each.status === 'fulfilled' && each.value.release()));
  }

  return { open, run, dispose };
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

function sizeOf(specs: Head['outputs'], name: string): number {
  const spec = specs.find((each) => each.name === name)!;
  return spec.shape.reduce<number>((size, length) => size * (length === 'batch' ? 1 : length), 1);
}

function feedsOf(head: Head, features: Features, start: number, count: number): Record<string, Tensor> {
  const feed = ({ name, type, shape }: Head['inputs'][number]): [string, Tensor] => {
    const size = sizeOf(head.inputs, name);
    const data = features[name]!.subarray(start * size, (start + count) * size);
    return [name, { type, dims: shape.map((length) => (length === 'batch' ? count : length)), data }];
  };
  return Object.fromEntries(head.inputs.map(feed));
}

function wanted(outputs: readonly string[]): Record<string, null> {
  return Object.fromEntries(outputs.map((output) => [output, null]));
}

function dataOf(tensor: Tensor | undefined, length: number, place: string): Float32Array {
  if (tensor?.data instanceof Float32Array && tensor.data.length === length) return tensor.data;
  throw new BundleMalformed(
    place,
    `gave ${tensor?.type} [${tensor?.dims}], not the manifest's type and shape`,
  );
}
