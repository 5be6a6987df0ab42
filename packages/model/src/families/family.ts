import type { Value } from '@semivae/graph';

/** Named values: what is known of a row, or what a network puts out. */
export type Values = Readonly<Record<string, Value>>;

/** The same names with every value changed. */
export const mapValues = (values: Values, change: (value: Value) => Value): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/**
 * A conditional density, its parameters filled in. Features are the last axis; log-densities are summed over it,
 * in nats, so they have one axis less.
 */
export interface Distribution {
  readonly logDensity: (value: Value) => Value;
  /** A draw that slopes pass through, made of standard normal noise of the given shape. Absent: cannot be drawn so. */
  readonly sample?: (noise: Value) => Value;
  /** What is shipped of it, by name: `mean`, `logVariance`, `probabilities`, `logits`. */
  readonly answers: Values;
}

/** A likelihood: what a network must put out for a variable of a size, and the density that this makes. */
export interface Family {
  readonly name: string;
  readonly parameters: (size: number) => Readonly<Record<string, number>>;
  readonly at: (parameters: Values, size: number) => Distribution;
}
