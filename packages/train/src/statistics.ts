import { add, div, input, type LeafValue, min, mul, observationsOf, sub, type Value } from '@semivae/graph';
import { type State, stepCount } from './optimizers.ts';

/** What a step finds of a parameter that is kept as a running mean. */
export interface Finding {
  readonly kept: LeafValue<'parameter'>;
  readonly found: Value;
}

/** What a loss finds of each parameter that it observes: the mean of all that is found in one step. */
export function findingsOf(loss: Value): Finding[] {
  const observations = observationsOf([loss]);
  const parameters = new Set(observations.map(({ observes }) => observes));
  return [...parameters].map((kept) => {
    const all: readonly Value[] = observations.filter(({ observes }) => observes === kept);
    const total = all.reduce((left, right) => add(left, right));
    return { kept, found: all.length === 1 ? total : div(total, all.length) };
  });
}

export const foundName = (parameter: string): string => `found/${parameter}`;

/** The same findings, to be given from outside. */
export const givenFindings = (findings: readonly Finding[]): Finding[] =>
  findings.map(({ kept }) => ({ kept, found: input(foundName(kept.leaf.name), kept.shape) }));

const LONGEST = 0.99;

/** Running means: the mean of all findings at first, then one that forgets a hundredth at each step. */
export function runningMeans(findings: readonly Finding[]): State[] {
  const share = min(div(stepCount, add(stepCount, 1)), LONGEST);
  return findings.map(({ kept, found }) => ({
    name: kept.leaf.name,
    leaf: kept,
    next: add(mul(kept, share), mul(found, sub(1, share))),
    initial: kept.leaf.initial,
  }));
}
