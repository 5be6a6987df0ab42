import {
  encode,
  type Graph,
  gradients,
  graph,
  type LeafValue,
  type StoredTensor,
  type Tensors as StoredTensors,
} from '@semivae/graph';
import { openSession } from '@semivae/runtime';
import type { Session, Tensor, Tensors } from '@semivae/runtime/core';
import { gradientName, nextName, type TrainingStep } from '../step.ts';
import type { Engine, Evaluator, Stepper } from './engine.ts';

export interface OnnxRuntimeOptions {
  /** Threads within an operation; by default ONNX Runtime chooses. */
  readonly threads?: number;
}

const float32 = (dims: readonly number[], data: Float32Array): Tensor => ({ type: 'float32', dims, data });

/** A stored tensor as ONNX Runtime takes it. */
export const fed = ({ shape, data }: StoredTensor): Tensor => float32(shape, data);

const blank = (tensor: Tensor): Tensor => float32(tensor.dims, new Float32Array(tensor.data.length));

const mapEntries = <A, B>(
  from: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value, name)]));

/** Two sets of state: a step reads one and is written, in place, into the other. */
function openStepper(session: Session, step: TrainingStep, initial: StoredTensors): Stepper {
  let current = mapEntries(initial, ({ shape, data }) => float32(shape, data.slice()));
  let next = mapEntries(current, blank);
  const reported = mapEntries(step.reported, () => float32([], new Float32Array(1)));
  return {
    async step(feeds) {
      const renewed = Object.fromEntries(step.state.map(({ name }) => [nextName(name), next[name]!]));
      await session.run({ ...current, ...feeds }, { ...reported, ...renewed });
      [current, next] = [next, current];
      return mapEntries(reported, ({ data }) => data[0] as number);
    },
    async state() {
      return mapEntries(current, ({ dims, data }) => ({ shape: dims, data: (data as Float32Array).slice() }));
    },
    close: () => session.release(),
  };
}

function withGradients({ name, outputs }: Graph, wrt: readonly LeafValue[]): Graph {
  const slopes = gradients(outputs.loss!, wrt);
  const named = Object.fromEntries(wrt.map(({ leaf }, i) => [gradientName(leaf.name), slopes[i]!]));
  return graph(`${name} gradients`, { ...outputs, ...named });
}

/** Trains through ONNX Runtime: the whole step, gradients and update included, is one ONNX model. */
export const onnxRuntimeEngine = ({ threads }: OnnxRuntimeOptions = {}): Engine => {
  const open = (graph: Graph) =>
    openSession(encode(graph), { place: `graph ${graph.name}`, ...(threads && { threads }) });
  const openGraph = async (graph: Graph): Promise<Evaluator> => {
    const session = await open(graph);
    return { run: (feeds: Tensors) => session.run(feeds), close: () => session.release() };
  };
  return {
    name: 'onnxruntime',
    backend: threads ? `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : 'CPU',
    async openStep(step, state) {
      return openStepper(await open(step.graph), step, state);
    },
    openGraph,
    openGradients: (graph, wrt) => openGraph(withGradients(graph, wrt)),
  };
};
