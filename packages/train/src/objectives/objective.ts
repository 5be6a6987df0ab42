import { add, mul, type Value } from '@semivae/graph';

/** What a step makes smaller, and what it reports (scalars, in nats per row unless named otherwise). */
export interface Objective {
  readonly loss: Value;
  readonly metrics: Readonly<Record<string, Value>>;
}

/** A part of an objective, and what it counts for. */
export type Weighted = readonly [weight: number, part: () => Objective];

/** Σ weight · part, with the metrics of all; a part that counts 0 is not built. One of them must count. */
export function weighted(...parts: readonly Weighted[]): Objective {
  return parts
    .filter(([weight]) => weight !== 0)
    .map(([weight, part]) => {
      const { loss, metrics } = part();
      return { loss: weight === 1 ? loss : mul(loss, weight), metrics };
    })
    .reduce((left, right) => ({
      loss: add(left.loss, right.loss),
      metrics: { ...left.metrics, ...right.metrics },
    }));
}
