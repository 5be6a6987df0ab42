import { GraphError } from './errors.ts';
import { scalar } from './leaves.ts';
import { add, mul } from './ops/elementwise.ts';
import { expand, reshape } from './ops/layout.ts';
import { sum } from './ops/reduce.ts';
import { broadcast, fixed, padded, type Shape } from './shape.ts';
import { reached, type Value } from './value.ts';

const slopeInputs = (value: Value): readonly Value[] => value.slope?.inputs ?? value.inputs;

/** The one shape for which a rule is written as if all inputs had it; undefined where each slope has its input's own. */
function ruleShape({ op, shape, slope }: Value): Shape | undefined {
  if (!slope) return op.kind === 'elementwise' ? shape : undefined;
  return slope.inputs.map((each) => each.shape).reduce((a, b) => broadcast(`slope of ${op.name}`, a, b));
}

/**
 * A slope on what was broadcast from shape `from`, summed back to it. An axis on which the slope is still 1 is
 * constant along it, so its sum is a multiple: slopes stay small until something needs them in full.
 */
function undoBroadcast(dy: Value, from: Shape, to: Shape): Value {
  const [own, slope] = [padded(from, to.length), padded(dy.shape, to.length)];
  const spread = own.flatMap((size, axis) => (size === 1 && to[axis] !== 1 ? [axis] : []));
  const constantAlong = spread.filter((axis) => slope[axis] === 1);
  const times = fixed(constantAlong.map((axis) => to[axis]!)).reduce((product, size) => product * size, 1);
  const summed = sum(
    reshape(dy, slope),
    spread.filter((axis) => slope[axis] !== 1),
    { keep: from.length === to.length },
  );
  const kept = slope.map((size, axis) => (spread.includes(axis) ? 1 : size));
  const result = reshape(summed, kept.slice(to.length - from.length));
  return times === 1 ? result : mul(result, times);
}

/**
 * d loss / d w for every `w`, as new values of the same graph: reverse mode. `loss` has one element.
 * Throws `NO_SLOPE` for a `w` that the loss does not depend on through differentiable ops.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  const slopes = new Map<Value, Value>([[loss, scalar(1)]]);
  for (const y of reached([loss], slopeInputs).reverse()) {
    const dy = slopes.get(y);
    const rule = y.slope?.gradient ?? y.op.gradient;
    if (!dy || !rule) continue;
    const shape = ruleShape(y);
    const parts = rule(shape || y.op.kind === 'reduction' ? dy : expand(dy, y.shape), y);
    slopeInputs(y).forEach((from, i) => {
      const part = parts[i];
      if (!part || from.type !== 'float32') return;
      const slope = undoBroadcast(part, from.shape, shape ?? part.shape);
      const so = slopes.get(from);
      slopes.set(from, so ? add(so, slope) : slope);
    });
  }
  return wrt.map((w) => {
    const slope = slopes.get(w);
    if (slope) return expand(slope, w.shape);
    const name = w.leaf && 'name' in w.leaf ? w.leaf.name : w.op.name;
    throw new GraphError(
      'NO_SLOPE',
      'the loss does not depend on it',
      name,
      'Leave it out, or let the loss use it.',
    );
  });
}
