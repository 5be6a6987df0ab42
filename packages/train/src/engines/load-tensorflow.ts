import { dirname, sep } from 'node:path';
import { type Problem, type Require, requireFor, type SearchOptions } from './packages.ts';
import type { TensorflowOptions } from './tensorflow.ts';
import type { TensorFlow } from './tensorflow-rule.ts';

/** TensorFlow.js as it was found: enough for `tensorflowEngine(tf, options)`. */
export interface Loaded {
  readonly tf: TensorFlow;
  readonly options: TensorflowOptions;
  /** The package that brought the backend. */
  readonly package: string;
}

/** What was found, and what is installed but did not load. */
export interface Search {
  readonly loaded?: Loaded;
  readonly problems: readonly Problem[];
}

const firstLine = (cause: unknown): string =>
  String((cause as Error).message ?? cause)
    .split('\n')[0]!
    .replace(/[.\s]+$/, '');

/** Loads the first of some packages that is installed and loads. */
async function firstOf(
  names: readonly string[],
  options: SearchOptions,
  load: (require: Require, name: string) => Promise<Loaded>,
  remedy: (name: string) => string,
): Promise<Search> {
  const problems: Problem[] = [];
  for (const name of names) {
    const require = requireFor(name, options);
    if (!require) continue;
    try {
      return { loaded: await load(require, name), problems };
    } catch (cause) {
      const problem = `it is installed but does not load (${firstLine(cause)})`;
      problems.push({ package: name, problem, remedy: remedy(name) });
    }
  }
  return { problems };
}

/** Makes a backend that a package has registered the active one. Throws where it does not start. */
async function start(tf: TensorFlow, backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`its backend '${backend}' does not start`);
}

/**
 * Puts back two functions that Node 23 took out of `util` and that @tensorflow/tfjs-node 4.22.0 still calls
 * (tensorflow/tfjs#8609: mended upstream, never released). Where Node has them, nothing is changed.
 */
function restoreUtil(require: Require): void {
  const util: Record<string, unknown> = require('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** What @tensorflow/tfjs-node tells of itself. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

function describeNative(tf: TensorFlow): string {
  const { isUsingGpuDevice, binding } = tf.backend() as NativeBackend;
  return `libtensorflow ${binding?.TF_Version ?? ''} on the ${isUsingGpuDevice ? 'GPU' : 'CPU'}`.replace(
    '  ',
    ' ',
  );
}

async function requireNative(require: Require, name: string): Promise<Loaded> {
  restoreUtil(require);
  const tf: TensorFlow = require(name);
  await start(tf, 'tensorflow');
  return { tf, options: { backend: 'tensorflow', description: describeNative(tf) }, package: name };
}

/** TensorFlow's own library, by @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node. */
export const loadNative = (options: SearchOptions = {}): Promise<Search> =>
  firstOf(['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'], options, requireNative, (name) =>
    [
      `Run npm rebuild ${name} --ignore-scripts=false with network access, for it downloads libtensorflow;`,
      'or uninstall it.',
    ].join(' '),
  );

const PORTABLE = '@tensorflow/tfjs';
const WASM = '@tensorflow/tfjs-backend-wasm';

/** The wasm backend finds its binaries beside its own module. Threads it refuses in Node. */
async function requireWasm(require: Require): Promise<Loaded> {
  const tf: TensorFlow = require(PORTABLE);
  const { setWasmPaths } = require(WASM) as { setWasmPaths(prefix: string): void };
  setWasmPaths(`${dirname(require.resolve(WASM))}${sep}`);
  await start(tf, 'wasm');
  return { tf, options: { backend: 'wasm', description: 'WebAssembly, one thread' }, package: WASM };
}

async function requirePlain(require: Require): Promise<Loaded> {
  const tf: TensorFlow = require(PORTABLE);
  await start(tf, 'cpu');
  return { tf, options: { backend: 'cpu', description: 'plain JavaScript, slowly' }, package: PORTABLE };
}

/** TensorFlow.js without a native library: on WebAssembly where its backend is installed, else in JavaScript. */
export const loadPortable = (options: SearchOptions = {}): Promise<Search> =>
  firstOf(
    [WASM, PORTABLE],
    options,
    (require, name) => (name === WASM ? requireWasm(require) : requirePlain(require)),
    () => `Install ${PORTABLE} and ${WASM} in one version.`,
  );
