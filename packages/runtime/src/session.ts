import type * as Ort from 'onnxruntime-common';
import { Disposed, RuntimeMissing, SessionRefused } from './errors.ts';
import { atOnce, type Turns } from './turns.ts';

export type TensorType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool' | 'string';
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | readonly string[];

/** A dense tensor in row-major order; `bool` is a byte each, 0 or 1. */
export interface Tensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

export type Tensors = Readonly<Record<string, Tensor>>;

/** The outputs to compute: a tensor is written in place, null is allocated. */
export type Fetches = Readonly<Record<string, Tensor | null>>;

/** An opened ONNX graph. */
export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Outputs by name, all of them unless `fetches` names some.
   * In Node the promise is no relief: onnxruntime-node computes on the calling thread and blocks its event loop.
   */
  run(feeds: Tensors, fetches?: Fetches): Promise<Tensors>;
  release(): Promise<void>;
}

export interface SessionOptions {
  /** Named in errors; a file or a graph. */
  readonly place?: string;
  /** Threads within an operation; by default ONNX Runtime chooses. */
  readonly threads?: number;
  /** Execution providers, most wanted first, as ONNX Runtime names them; by default the CPU. */
  readonly providers?: readonly string[];
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
}

/** ONNX Runtime, in Node or in a browser. */
export interface Host {
  readonly name: string;
  /** Imports ONNX Runtime, if it is not yet there. Throws RUNTIME_MISSING. */
  start(): Promise<unknown>;
  openSession(bytes: Uint8Array, options?: SessionOptions): Promise<Session>;
}

/** The optional peer that `load` imports. Throws RUNTIME_MISSING. */
export async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new RuntimeMissing(name, `it cannot be imported (${(cause as Error).message})`, { cause });
  }
}

/** What differs between the two ONNX Runtimes. */
export interface Manners {
  /** Whether fetches are written in place: onnxruntime-web leaves preallocated ones untouched, without a word. */
  readonly writing: 'in place' | 'by copy';
  /** When a session may be opened, run or released: onnxruntime-web mixes up the answers of calls that overlap. */
  readonly turns: Turns;
}

export const inNode: Manners = { writing: 'in place', turns: atOnce };

/** Opens a serialized ModelProto. Throws SESSION_REFUSED. */
export async function openWith(
  ort: typeof Ort,
  bytes: Uint8Array,
  manners: Manners,
  options: SessionOptions = {},
): Promise<Session> {
  const { place = 'model' } = options;
  const opening = manners.turns(() => ort.InferenceSession.create(bytes, ortOptions(options)));
  const session = await opening.catch((cause: unknown) => {
    throw new SessionRefused(place, `ONNX Runtime refused it (${(cause as Error).message})`, { cause });
  });
  return wrapped(ort, session, manners, place);
}

const errorsOnly = 3;

function ortOptions({
  threads,
  providers,
  optimization,
}: SessionOptions): Ort.InferenceSession.SessionOptions {
  return {
    logSeverityLevel: errorsOnly,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 }),
    ...(providers === undefined ? {} : { executionProviders: providers }),
    ...(optimization === undefined ? {} : { graphOptimizationLevel: optimization }),
  };
}

function wrapped(
  ort: typeof Ort,
  session: Ort.InferenceSession,
  { writing, turns }: Manners,
  place: string,
): Session {
  let released = false;
  const hosted = openHosting(ort);
  const inPlace = writing === 'in place';
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(feeds, fetches) {
      if (released) throw new Disposed(place);
      const inputs = mapValues(feeds, hosted);
      if (!fetches) return (await turns(() => session.run(inputs))) as unknown as Tensors;
      const outputs = mapValues(fetches, (tensor) => (inPlace && tensor ? hosted(tensor) : null));
      const found = (await turns(() => session.run(inputs, outputs))) as unknown as Tensors;
      return mapValues(
        found,
        (tensor, name) => (inPlace && fetches[name]) || copiedTo(fetches[name], tensor),
      );
    },
    async release() {
      if (released) return;
      released = true;
      await turns(() => session.release());
    },
  };
}

/** Tensors as ONNX Runtime's own, kept: making a hundred anew at every training step took 2 to 4 ms. */
function openHosting(ort: typeof Ort): (tensor: Tensor) => Ort.Tensor {
  const known = new WeakMap<Tensor, Ort.Tensor>();
  return (tensor) => {
    const before = known.get(tensor);
    if (before) return before;
    const made = new ort.Tensor(tensor.type, tensor.data as Float32Array, tensor.dims);
    known.set(tensor, made);
    return made;
  };
}

/** `fetch`, holding what was found. */
function copiedTo(fetch: Tensor | null | undefined, found: Tensor): Tensor {
  if (!fetch) return found;
  (fetch.data as Float32Array).set(found.data as Float32Array);
  return fetch;
}

function mapValues<A, B>(
  from: Readonly<Record<string, A>>,
  to: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value, key)]));
}
