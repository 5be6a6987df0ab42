import { type Graph, gradients, graph, input, leavesOf } from '@semivae/graph';
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

/** The step that makes an objective smaller: loss, gradients and the optimizer's update in one graph. */
export function trainingStep(name: string, objective: Objective, optimizer: Optimizer): TrainingStep {
  const parameters = leavesOf([objective.loss], 'parameter');
  const state = optimizer(parameters, gradients(objective.loss, parameters));
  const given = parameters.map(({ leaf, shape }) => input(gradientName(leaf.name), shape));
  const reported = { loss: objective.loss, ...objective.metrics };
  return {
    objective,
    forward: graph(name, reported),
    state,
    update: graph(`${name} update`, renewed(optimizer(parameters, given))),
    graph: graph(`${name} step`, { ...reported, ...renewed(state) }),
  };
}
