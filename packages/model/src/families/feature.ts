import type { Value } from '@semivae/graph';
import type { Values } from './family.ts';

/** The density of each feature by itself: nothing is summed. */
export interface FeatureDistribution {
  /** log p(x) of every feature, in nats, in the shape of x. */
  readonly logDensity: (x: Value) => Value;
  /** In the units of x. */
  readonly mean: Value;
  readonly deviation: Value;
  /** log p at the most probable x. */
  readonly peak: Value;
  /** A draw, made of as many values uniform in [0, 1) as the family takes, each in the shape of x. */
  readonly draw: (uniforms: readonly Value[]) => Value;
}

/** A likelihood of one feature at a time, and the names of what a network must put out for each. */
export interface FeatureFamily {
  readonly name: string;
  readonly parameters: readonly string[];
  /** How many uniform values a draw of a feature takes. */
  readonly draws: number;
  readonly at: (parameters: Values) => FeatureDistribution;
}
