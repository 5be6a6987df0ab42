import type { Graph, LeafValue, Tensors as StoredTensors } from '@semivae/graph';
import type { Tensors } from '@semivae/runtime/core';
import type { TrainingStep } from '../step.ts';

/** Numbers that a step reports, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** A training step that keeps its own state from call to call. */
export interface Stepper {
  /** One step on a batch and noise; gives the loss and the metrics as they were before the update. */
  step(feeds: Tensors): Promise<Metrics>;
  /** A copy of the state: parameters, moments, step count. */
  state(): Promise<StoredTensors>;
  close(): Promise<void>;
}

/** A graph opened for calling, its parameters given as feeds. */
export interface Evaluator {
  run(feeds: Tensors): Promise<Tensors>;
  close(): Promise<void>;
}

/** What executes graphs: one interface, several implementations, one conformance suite. */
export interface Engine {
  readonly name: string;
  /** What it runs on, for people. */
  readonly backend: string;
  openStep(step: TrainingStep, state: StoredTensors): Promise<Stepper>;
  openGraph(graph: Graph): Promise<Evaluator>;
  /** The graph's outputs, and as `gradient/<name>` the slope of its output `loss` with respect to each of these leaves. */
  openGradients(graph: Graph, wrt: readonly LeafValue[]): Promise<Evaluator>;
}
