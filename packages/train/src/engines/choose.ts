import { TrainingError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { type Loaded, loadNative, loadPortable } from './load-tensorflow.ts';
import { onnxRuntimeEngine } from './onnxruntime.ts';
import type { Problem, SearchOptions } from './packages.ts';
import { tensorflowEngine } from './tensorflow.ts';

export const ENGINES = ['auto', 'onnxruntime', 'tensorflow'] as const;

/** `auto` takes TensorFlow where its native library is installed and loads, else ONNX Runtime. */
export type EngineChoice = (typeof ENGINES)[number];

/** An engine, why it is this one, and what did not load. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly why: string;
  readonly problems: readonly Problem[];
  /** Versions of what the engine brings with it. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface ChooseOptions extends SearchOptions {
  /** Threads of ONNX Runtime; by default it chooses. */
  readonly threads?: number;
}

const NODE = '@tensorflow/tfjs-node';

/** Why the native library is not what trains. */
const withoutNative = (problems: readonly Problem[]): string =>
  problems.length > 0 ? `${problems.at(-1)!.package} does not load` : `${NODE} is not installed`;

function onnxRuntime(
  why: string,
  { threads }: ChooseOptions,
  problems: readonly Problem[] = [],
): ChosenEngine {
  const engine = onnxRuntimeEngine(threads === undefined ? {} : { threads });
  return { engine, why, problems, versions: {} };
}

function tensorflow({ tf, options }: Loaded, why: string, problems: readonly Problem[]): ChosenEngine {
  return {
    engine: tensorflowEngine(tf, options),
    why,
    problems,
    versions: { tensorflow: `${tf.version_core} on ${options.backend}` },
  };
}

async function portable(options: ChooseOptions, before: readonly Problem[]): Promise<ChosenEngine> {
  const { loaded, problems } = await loadPortable(options);
  const all = [...before, ...problems];
  if (loaded) return tensorflow(loaded, `asked for, and ${withoutNative(before)}`, all);
  const problem = all.map((each) => `${each.package}: ${each.problem}`).join('; ');
  const remedy = `Install ${NODE}, or @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm; or choose --engine onnxruntime.`;
  throw new TrainingError(
    'TENSORFLOW_MISSING',
    'engine tensorflow',
    problem || 'it is not installed',
    remedy,
  );
}

/**
 * The engine that is asked for, with the reason, and with what stood in the way of a better one. For `onnxruntime`
 * nothing of TensorFlow.js is imported. Throws `TENSORFLOW_MISSING` where `tensorflow` is asked for and none loads.
 */
export async function chooseEngine(asked: EngineChoice, options: ChooseOptions = {}): Promise<ChosenEngine> {
  if (asked === 'onnxruntime') return onnxRuntime('asked for', options);
  const { loaded, problems } = await loadNative(options);
  const reason = asked === 'auto' ? '' : 'asked for, and ';
  if (loaded) return tensorflow(loaded, `${reason}${loaded.package} is installed`, problems);
  return asked === 'auto'
    ? onnxRuntime(withoutNative(problems), options, problems)
    : portable(options, problems);
}
