import { type Graph, gradients, graph, input, leavesOf, type Value } from '@semivae/graph';
import type { Objective } from './objectives/objective.ts';
import type { Optimizer, State } from './optimizers.ts';
import { type Finding, findingsOf, foundName, givenFindings, runningMeans } from './statistics.ts';

/** One training step: the forward graph of the loss, and the whole step as a graph of its own. */
export interface TrainingStep {
  readonly objective: Objective;
  /** The loss and the metrics. */
  readonly reported: Readonly<Record<string, Value>>;
  /** What is reported, and `found/<name>` of each running mean: what an engine with its own gradients differentiates. */
  readonly forward: Graph;
  /** Everything that the step reads and renews: parameters, moments, running means, step count. */
  readonly state: readonly State[];
  /**
   * The update alone: from the state, `gradient/<name>` of each parameter and `found/<name>` of each running mean to
   * `next/<name>` of each state.
   */
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
  const findings = findingsOf(objective.loss);
  const after = (slopes: readonly Value[], found: readonly Finding[]) => [
    ...optimizer(parameters, slopes),
    ...runningMeans(found),
  ];
  const state = after(gradients(objective.loss, parameters), findings);
  const given = parameters.map(({ leaf, shape }) => input(gradientName(leaf.name), shape));
  const reported = { loss: objective.loss, ...objective.metrics };
  const found = Object.fromEntries(findings.map(({ kept, found }) => [foundName(kept.leaf.name), found]));
  return {
    objective,
    reported,
    forward: graph(name, { ...reported, ...found }),
    state,
    update: graph(`${name} update`, renewed(after(given, givenFindings(findings)))),
    graph: graph(`${name} step`, { ...reported, ...renewed(state) }),
  };
}
