import {
  type ElementType,
  fixed,
  type Graph,
  type LeafValue,
  reached,
  type Tensors as StoredTensors,
  type Value,
} from '@semivae/graph';
import type { Tensor as HostTensor, TensorData, Tensors } from '@semivae/runtime/core';
import type * as tfjs from '@tensorflow/tfjs';
import { TrainingError } from '../errors.ts';
import { gradientName, nextName, type TrainingStep } from '../step.ts';
import type { Engine, Evaluator, Stepper } from './engine.ts';
import { dtypes, tensorflowOps } from './tensorflow-ops.ts';
import type { TensorFlow } from './tensorflow-rule.ts';

export type { TensorFlow } from './tensorflow-rule.ts';

export interface TensorflowOptions {
  /** A backend that the module has registered and that is initialised; by default the one that is active. */
  readonly backend?: string;
  /** What it runs on, for people. */
  readonly description?: string;
}

type Tensor = tfjs.Tensor;
type Named = Readonly<Record<string, Tensor>>;

const mapEntries = <A, B>(from: Readonly<Record<string, A>>, change: (value: A, name: string) => B) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value, name)]));

/** Numbers as a tensor of TensorFlow.js, which may keep `data` itself. */
function tensorOf(tf: TensorFlow, { type, dims, data }: Pick<HostTensor, 'type' | 'dims' | 'data'>): Tensor {
  const dtype = dtypes[type as keyof typeof dtypes];
  const values =
    type === 'int64'
      ? Int32Array.from(data as BigInt64Array, Number)
      : type === 'float64'
        ? Float32Array.from(data as Float64Array)
        : data;
  return tf.tensor(values as Float32Array, [...dims], dtype);
}

const hostData: Readonly<Record<ElementType, (found: ArrayLike<number>) => TensorData>> = {
  float32: (found) => Float32Array.from(found),
  float64: (found) => Float64Array.from(found),
  uint8: (found) => Uint8Array.from(found),
  int64: (found) => BigInt64Array.from(found, BigInt),
  bool: (found) => Uint8Array.from(found),
  string: (found) => Array.from(found as unknown as readonly string[]),
};

/** A tensor's elements, in the type that the graph gives them. */
async function hostTensor({ type }: Value, tensor: Tensor): Promise<HostTensor> {
  const found = await tensor.data();
  return { type, dims: tensor.shape, data: hostData[type](found) };
}

/** A graph in TensorFlow.js's hands: its constants are there already. */
interface Prepared {
  readonly outputs: Graph['outputs'];
  /** The outputs of these leaves, as tensors of their own. Throws `FEED_MISSING`. */
  run(leaves: Named): Record<string, Tensor>;
  dispose(): void;
}

function leafTensor(
  value: Value,
  leaves: Named,
  constants: ReadonlyMap<Value, Tensor>,
  place: string,
): Tensor {
  const { leaf } = value;
  const found = leaf!.kind === 'constant' ? constants.get(value) : leaves[leaf!.name];
  if (found) return found;
  const name = leaf && 'name' in leaf ? leaf.name : 'constant';
  throw new TrainingError('FEED_MISSING', place, `nothing was fed for '${name}'`, 'Feed every leaf.');
}

function applied(tf: TensorFlow, value: Value, inputs: readonly Tensor[], place: string): Tensor {
  const rule = tensorflowOps[value.op.name];
  if (rule) return rule(tf, inputs, value);
  const remedy = 'Add it to tensorflow-ops.ts, or train with ONNX Runtime.';
  throw new TrainingError('OP_UNKNOWN', place, `TensorFlow.js is not told what ${value.op.name} is`, remedy);
}

const constantTensor = (tf: TensorFlow, { leaf, shape, type }: Value): Tensor =>
  tensorOf(tf, { type, dims: fixed(shape), data: (leaf as { data: TensorData }).data });

function prepare(tf: TensorFlow, { name, outputs }: Graph): Prepared {
  const place = `graph ${name}`;
  const order = reached(Object.values(outputs));
  const fixedValues = order.filter(({ leaf }) => leaf?.kind === 'constant');
  const constants = new Map(fixedValues.map((value) => [value, constantTensor(tf, value)]));
  return {
    outputs,
    run(leaves) {
      const known = new Map<Value, Tensor>();
      for (const value of order) {
        const inputs = value.inputs.map((input) => known.get(input)!);
        const found = value.leaf
          ? leafTensor(value, leaves, constants, place)
          : applied(tf, value, inputs, place);
        known.set(value, found);
      }
      return mapEntries(outputs, (value) => tf.clone(known.get(value)!));
    },
    dispose: () => tf.dispose([...constants.values()]),
  };
}

/** Outputs, and d loss / d leaf for leaves by name, by TensorFlow.js's own reverse mode; call it in a tidy. */
function differentiated(tf: TensorFlow, prepared: Prepared, wrt: readonly string[], leaves: Named) {
  let outputs: Record<string, Tensor> = {};
  const loss = (...at: Tensor[]) => {
    const moved = Object.fromEntries(wrt.map((name, i) => [name, at[i]!]));
    outputs = mapEntries(prepared.run({ ...leaves, ...moved }), (each) => tf.keep(each));
    return outputs.loss as tfjs.Scalar;
  };
  const { grads } = tf.valueAndGrads(loss)(wrt.map((name) => leaves[name]!));
  const gradients = Object.fromEntries(wrt.map((name, i) => [gradientName(name), grads[i]!]));
  return { outputs, gradients };
}

/** Reads tensors and frees them. */
async function drained<T>(named: Named, read: (tensor: Tensor, name: string) => Promise<T>) {
  const entries = Object.entries(named);
  const found = await Promise.all(entries.map(([name, tensor]) => read(tensor, name)));
  for (const [, tensor] of entries) tensor.dispose();
  return Object.fromEntries(entries.map(([name], i) => [name, found[i]!]));
}

const fed = (tf: TensorFlow, feeds: Tensors): Named => mapEntries(feeds, (each) => tensorOf(tf, each));

const numberOf = async (tensor: Tensor): Promise<number> => (await tensor.data())[0]!;

/** The module, and how to make its backend the active one: engines on several backends live side by side. */
interface Host {
  readonly tf: TensorFlow;
  activate(): Promise<void>;
}

/** The forward graph and the optimizer's update, both interpreted; between them TensorFlow.js's own gradients. */
function openStepper({ tf, activate }: Host, step: TrainingStep, initial: StoredTensors): Stepper {
  const [forward, update] = [prepare(tf, step.forward), prepare(tf, step.update)];
  const wrt = step.forward.parameters.map(({ leaf }) => leaf.name);
  let state: Named = mapEntries(initial, ({ shape, data }) =>
    tensorOf(tf, { type: 'float32', dims: shape, data: data.slice() }),
  );
  return {
    async step(feeds) {
      await activate();
      const { outputs, next } = tf.tidy(() => {
        const { outputs, gradients } = differentiated(tf, forward, wrt, { ...state, ...fed(tf, feeds) });
        return { outputs, next: update.run({ ...state, ...outputs, ...gradients }) };
      });
      tf.dispose(Object.values(state));
      state = Object.fromEntries(step.state.map(({ name }) => [name, next[nextName(name)]!]));
      const numbers = await drained(outputs, numberOf);
      return mapEntries(step.reported, (_, name) => numbers[name]!);
    },
    async state() {
      const names = Object.keys(state);
      const data = await Promise.all(names.map((name) => state[name]!.data()));
      return Object.fromEntries(
        names.map((name, i) => [name, { shape: state[name]!.shape, data: Float32Array.from(data[i]!) }]),
      );
    },
    async close() {
      forward.dispose();
      update.dispose();
      tf.dispose(Object.values(state));
    },
  };
}

/** A graph whose `values` are computed, named as they are, by `compute`. */
function openEvaluator(
  { tf, activate }: Host,
  graph: Graph,
  values: Graph['outputs'],
  compute: (prepared: Prepared, leaves: Named) => Named,
): Evaluator {
  const prepared = prepare(tf, graph);
  return {
    async run(feeds) {
      await activate();
      const computed = tf.tidy(() => compute(prepared, fed(tf, feeds)) as Record<string, Tensor>);
      return drained(computed, (tensor, name) => hostTensor(values[name]!, tensor));
    },
    close: async () => prepared.dispose(),
  };
}

function openGradients(host: Host, graph: Graph, wrt: readonly LeafValue[]): Evaluator {
  const names = wrt.map(({ leaf }) => leaf.name);
  const slopes = Object.fromEntries(wrt.map((each) => [gradientName(each.leaf.name), each]));
  return openEvaluator(host, graph, { ...graph.outputs, ...slopes }, (prepared, leaves) => {
    const { outputs, gradients } = differentiated(host.tf, prepared, names, leaves);
    return { ...outputs, ...gradients };
  });
}

/**
 * Trains through TensorFlow.js: it interprets the forward graph op by op, takes gradients by its own autodiff, and
 * interprets the optimizer's update. `tf` is the module `@tensorflow/tfjs` or `@tensorflow/tfjs-node`.
 */
export function tensorflowEngine(tf: TensorFlow, options: TensorflowOptions = {}): Engine {
  const { backend = tf.getBackend(), description = backend } = options;
  const activate = async () => {
    if (tf.getBackend() !== backend) await tf.setBackend(backend);
  };
  const host = { tf, activate };
  return {
    name: 'tensorflow',
    backend: description,
    async openStep(step, state) {
      await activate();
      return openStepper(host, step, state);
    },
    async openGraph(graph) {
      await activate();
      return openEvaluator(host, graph, graph.outputs, (prepared, leaves) => prepared.run(leaves));
    },
    async openGradients(graph, wrt) {
      await activate();
      return openGradients(host, graph, wrt);
    },
  };
}
