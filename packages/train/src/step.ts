import { type Graph, gradients, graph, leavesOf } from '@semivae/graph';
import type { Objective } from './objectives.ts';
import type { Optimizer, State } from './optimizers.ts';

/** One training step: the forward graph of the loss, and the whole step as a graph of its own. */
export interface TrainingStep {
  readonly objective: Objective;
  /** Loss and metrics as outputs: what an engine with its own gradients differentiates. */
  readonly forward: Graph;
  /** Everything that the step reads and renews: parameters, moments, step count. */
  readonly state: readonly State[];
  /** Loss, gradients and update in one: outputs are the loss, the metrics and `next/<name>` of each state. */
  readonly graph: Graph;
}

export const nextName = (state: string): string => `next/${state}`;

/** The step that makes an objective smaller: loss, gradients and the optimizer's update in one graph. */
export function trainingStep(name: string, objective: Objective, optimizer: Optimizer): TrainingStep {
  const parameters = leavesOf([objective.loss], 'parameter');
  const state = optimizer(parameters, gradients(objective.loss, parameters));
  const reported = { loss: objective.loss, ...objective.metrics };
  const renewed = Object.fromEntries(state.map((each) => [nextName(each.name), each.next]));
  return {
    objective,
    forward: graph(name, reported),
    state,
    graph: graph(`${name} step`, { ...reported, ...renewed }),
  };
}
