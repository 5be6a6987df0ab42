import { type Graph, gradients, graph, input, type LeafValue, leavesOf } from '@semivae/graph';
import type { Objective } from './objectives.ts';
import type { Optimizer, State } from './optimizers.ts';

/** One training step: the forward graph of the loss, and the whole step as a graph of its own. */
export interface TrainingStep {
  readonly objective: Objective;
  /** Loss and metrics as outputs: what an engine with its own gradients differentiates. */
  readonly forward: Graph;
  /** Everything that the step reads and renews: parameters, moments, step count. */
  readonly state: readonly State[];
  /** The optimizer alone: from the state and `gradient/<name>` of each parameter to `next/<name>` of each state. */
  readonly update: Graph;
  /** Loss, gradients and update in one: outputs are the loss, the metrics and `next/<name>` of each state. */
  readonly graph: Graph;
}

export const nextName = (state: string): string => `next/${state}`;
export const gradientName = (leaf: string): string => `gradient/${leaf}`;

const renewed = (state: readonly State[]) =>
  Object.fromEntries(state.map(({ name, next }) => [nextName(name), next]));

/** State that every step leaves as it is. */
const held = (leaf: LeafValue<'parameter'>): State => ({
  name: leaf.leaf.name,
  leaf,
  initial: leaf.leaf.initial,
  next: leaf,
});

export interface StepOptions {
  /** Whether a parameter, by its name, stays as it begins: what an earlier training has found. */
  readonly fixed?: (name: string) => boolean;
}

/** The step that makes an objective smaller: loss, gradients and the optimizer's update in one graph. */
export function trainingStep(
  name: string,
  objective: Objective,
  optimizer: Optimizer,
  { fixed = () => false }: StepOptions = {},
): TrainingStep {
  const reached = leavesOf([objective.loss, ...Object.values(objective.metrics)], 'parameter');
  const kept = reached.filter(({ leaf }) => fixed(leaf.name)).map(held);
  const parameters = leavesOf([objective.loss], 'parameter').filter(({ leaf }) => !fixed(leaf.name));
  const state = [...optimizer(parameters, gradients(objective.loss, parameters)), ...kept];
  const given = parameters.map(({ leaf, shape }) => input(gradientName(leaf.name), shape));
  const reported = { loss: objective.loss, ...objective.metrics };
  return {
    objective,
    forward: graph(name, reported),
    state,
    update: graph(`${name} update`, renewed([...optimizer(parameters, given), ...kept])),
    graph: graph(`${name} step`, { ...reported, ...renewed(state) }),
  };
}
