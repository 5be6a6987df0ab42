import { type Graph, gradients, graph, input, type LeafValue, leavesOf, type Value } from '@semivae/graph';
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
  const findings = findingsOf(objective.loss);
  const after = (slopes: readonly Value[], found: readonly Finding[]) => [
    ...optimizer(parameters, slopes),
    ...runningMeans(found),
    ...kept,
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
