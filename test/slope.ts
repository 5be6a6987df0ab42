import {
  type Feeds,
  gradients,
  interpret,
  reached,
  stopGradient,
  type Tensor,
  type Value,
} from '@semivae/graph';
import { expect } from 'vitest';
import { normals } from './numbers.ts';

const dot = (a: Tensor, b: Tensor): number => a.data.reduce((total, each, i) => total + each * b.data[i]!, 0);

const moved = (from: Tensor, by: number, along: Tensor): Tensor => ({
  shape: from.shape,
  data: from.data.map((each, i) => each + by * along.data[i]!),
});

/** f′(0) by central differences of fourth order. */
function differences(f: (at: number) => number, step: number): number {
  return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step);
}

/** Values through which no slope passes, as they are at one point: differences must not see them move either. */
function stoppedAt(loss: Value, feeds: Feeds): ReadonlyMap<Value, Tensor> {
  const { op } = stopGradient(loss);
  const stopped = reached([loss]).filter((value) => value.op === op);
  const found = interpret(stopped, feeds);
  return new Map(stopped.map((value, i) => [value, found[i]!]));
}

/** The derivative of a loss (one element) along one direction for all of `wrt`, by its gradients and by differences. */
export function slopesAlong(
  loss: Value,
  wrt: Readonly<Record<string, Value>>,
  feeds: Feeds,
  direction: Feeds,
) {
  const names = Object.keys(wrt);
  const held = stoppedAt(loss, feeds);
  const lossAt = (by: number): number => {
    const changed = names.map((name) => [name, moved(feeds[name]!, by, direction[name]!)] as const);
    return interpret([loss], { ...feeds, ...Object.fromEntries(changed) }, held)[0]!.data[0]!;
  };
  const slopes = interpret(gradients(loss, Object.values(wrt)), feeds);
  return {
    derived: slopes.reduce((total, slope, i) => total + dot(slope, direction[names[i]!]!), 0),
    measured: differences(lossAt, 1e-4),
    shapes: slopes.map((slope) => slope.shape),
  };
}

/** Expects the gradients of a loss to agree with float64 differences in a random direction, to one millionth. */
export function expectSlope(loss: Value, wrt: Readonly<Record<string, Value>>, feeds: Feeds): void {
  const direction = Object.fromEntries(
    Object.entries(wrt).map(([name, each]) => [
      name,
      normals(each.shape as number[], `direction of ${name}`),
    ]),
  );
  const { derived, measured, shapes } = slopesAlong(loss, wrt, feeds, direction);
  expect(shapes).toEqual(Object.values(wrt).map((each) => each.shape));
  expect(Math.abs(derived - measured), `${derived} derived, ${measured} measured`).toBeLessThanOrEqual(
    1e-6 * Math.max(Math.abs(measured), 1e-3),
  );
}
