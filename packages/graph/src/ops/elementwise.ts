import { GraphError } from '../errors.ts';
import { scalar } from '../leaves.ts';
import { elementTypeCodes } from '../onnx/types.ts';
import { broadcastAt, broadcastShape, coordinates, tensor } from '../reference.ts';
import { broadcast, showShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { ElementType, Op, Value } from '../value.ts';

export type Unary = (a: Value) => Value;
export type Binary = (a: Value | number, b: Value | number) => Value;

/** A number stands for a rank-0 constant wherever a value is asked for, in the other operand's element type. */
const lift = (operand: Value | number, other: Value | number): Value =>
  typeof operand === 'number' ? scalar(operand, typeof other === 'number' ? 'float32' : other.type) : operand;

const elementwise =
  (compute: (...elements: number[]) => number): Op['reference'] =>
  (_, inputs) => {
    const shape = broadcastShape(inputs);
    return tensor(shape, (index) => {
      const at = coordinates(index, shape);
      return compute(...inputs.map((each: Tensor) => broadcastAt(each, at)));
    });
  };

function unary(
  name: string,
  compute: (a: number) => number,
  slope?: (dy: Value, a: Value, y: Value) => Value,
): Unary {
  const op: Op = {
    name,
    kind: 'elementwise',
    reference: elementwise(compute),
    ...(slope && { gradient: (dy, y) => [slope(dy, y.inputs[0]!, y)] }),
  };
  return (a) => ({ op, inputs: [a], shape: a.shape, type: a.type, attributes: {} });
}

/** A question about every number; the answers are bool. */
function predicate(name: string, compute: (a: number) => number): Unary {
  const op: Op = { name, kind: 'elementwise', reference: elementwise(compute) };
  return (a) => ({ op, inputs: [a], shape: a.shape, type: 'bool', attributes: {} });
}

function expectEqualTypes(place: string, a: Value, b: Value): void {
  if (a.type === b.type) return;
  const problem = `a ${a.type} and a ${b.type} meet (${showShape(a.shape)}, ${showShape(b.shape)})`;
  throw new GraphError('TYPES', problem, place, 'Cast one of them.');
}

function expectNumbers(place: string, { type, shape }: Value): void {
  if (type !== 'string') return;
  throw new GraphError('TYPES', `texts ${showShape(shape)}`, place, 'Number them by labelEncoder first.');
}

type BinarySlopes = (dy: Value, a: Value, b: Value, y: Value) => readonly [Value, Value];

function binary(
  name: string,
  compute: (a: number, b: number) => number,
  slopes?: BinarySlopes,
  type?: ElementType,
): Binary {
  const op: Op = {
    name,
    kind: 'elementwise',
    reference: elementwise(compute),
    ...(slopes && { gradient: (dy, y) => slopes(dy, y.inputs[0]!, y.inputs[1]!, y) }),
  };
  return (left, right) => {
    const inputs = [lift(left, right), lift(right, left)] as const;
    const [a, b] = inputs;
    expectEqualTypes(name, a, b);
    expectNumbers(name, a);
    return { op, inputs, shape: broadcast(name, a.shape, b.shape), type: type ?? a.type, attributes: {} };
  };
}

export const add = binary(
  'Add',
  (a, b) => a + b,
  (dy) => [dy, dy],
);
export const sub = binary(
  'Sub',
  (a, b) => a - b,
  (dy) => [dy, neg(dy)],
);
export const mul = binary(
  'Mul',
  (a, b) => a * b,
  (dy, a, b) => [mul(dy, b), mul(dy, a)],
);
export const div = binary(
  'Div',
  (a, b) => a / b,
  (dy, _, b, y) => [div(dy, b), neg(mul(dy, div(y, b)))],
);
/** aᵇ, for a > 0. */
export const pow = binary(
  'Pow',
  (a, b) => a ** b,
  (dy, a, b, y) => [mul(dy, mul(b, pow(a, sub(b, 1)))), mul(dy, mul(y, log(a)))],
);
/** The larger one; at a tie the slope goes to the first. */
export const max = binary('Max', Math.max, (dy, a, b) => [
  where(less(a, b), 0, dy),
  where(less(a, b), dy, 0),
]);
/** The smaller one; at a tie the slope goes to the first. */
export const min = binary('Min', Math.min, (dy, a, b) => [
  where(less(b, a), 0, dy),
  where(less(b, a), dy, 0),
]);

export const equal = binary('Equal', (a, b) => Number(a === b), undefined, 'bool');
export const less = binary('Less', (a, b) => Number(a < b), undefined, 'bool');
export const greater = binary('Greater', (a, b) => Number(a > b), undefined, 'bool');
export const and = binary('And', (a, b) => a && b, undefined, 'bool');
export const or = binary('Or', (a, b) => a || b, undefined, 'bool');
export const not: Unary = unary('Not', (a) => 1 - a);

export const neg: Unary = unary(
  'Neg',
  (a) => -a,
  (dy) => neg(dy),
);
export const exp: Unary = unary('Exp', Math.exp, (dy, _, y) => mul(dy, y));
export const log: Unary = unary('Log', Math.log, (dy, a) => div(dy, a));
export const sqrt: Unary = unary('Sqrt', Math.sqrt, (dy, _, y) => div(mul(dy, 0.5), y));
export const reciprocal: Unary = unary(
  'Reciprocal',
  (a) => 1 / a,
  (dy, _, y) => neg(mul(dy, mul(y, y))),
);
export const abs: Unary = unary('Abs', Math.abs, (dy, a) => mul(dy, sign(a)));
export const sign: Unary = unary('Sign', Math.sign);
export const floor: Unary = unary('Floor', Math.floor);
/** Whether each number is not a number; bool. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the name of the same question in JavaScript and in ONNX
export const isNaN: Unary = predicate('IsNaN', (a) => Number(Number.isNaN(a)));
export const sin: Unary = unary('Sin', Math.sin, (dy, a) => mul(dy, cos(a)));
export const cos: Unary = unary('Cos', Math.cos, (dy, a) => neg(mul(dy, sin(a))));
export const tanh: Unary = unary('Tanh', Math.tanh, (dy, _, y) => mul(dy, sub(1, mul(y, y))));
export const sigmoid: Unary = unary(
  'Sigmoid',
  (a) => 1 / (1 + Math.exp(-a)),
  (dy, _, y) => mul(dy, mul(y, sub(1, y))),
);
export const relu: Unary = unary(
  'Relu',
  (a) => Math.max(a, 0),
  // not `where`, whose kernel takes twice as long
  (dy, _, y) => mul(dy, cast(greater(y, 0), 'float32')),
);
/** The value, through which no slope passes. */
export const stopGradient: Unary = unary('Identity', (a) => a);

const whereOp: Op = {
  name: 'Where',
  kind: 'elementwise',
  reference: elementwise((condition, a, b) => (condition ? a : b)),
  gradient: (dy, y) => [null, where(y.inputs[0]!, dy, 0), where(y.inputs[0]!, 0, dy)],
};

/** `a` where the condition holds, else `b`; all three broadcast. */
export function where(condition: Value, left: Value | number, right: Value | number): Value {
  const [a, b] = [lift(left, right), lift(right, left)];
  expectEqualTypes('Where', a, b);
  if (condition.type !== 'bool') {
    const problem = `a ${condition.type} condition ${showShape(condition.shape)}`;
    throw new GraphError('TYPES', problem, 'Where', 'Compare it, or cast it to bool.');
  }
  const shape = broadcast('Where', condition.shape, broadcast('Where', a.shape, b.shape));
  return { op: whereOp, inputs: [condition, a, b], shape, type: a.type, attributes: {} };
}

const castTo: Partial<Record<ElementType, (a: number) => number>> = {
  bool: (a) => Number(a !== 0),
  int64: Math.trunc,
  uint8: Math.trunc,
};
const castOp: Op = {
  name: 'Cast',
  kind: 'elementwise',
  reference: (y, [a]) => ({ shape: a!.shape, data: a!.data.map(castTo[y.type] ?? ((each) => each)) }),
};

/** The same numbers as another element type. Throws `TYPES` for texts, which `labelEncoder` turns into numbers. */
export function cast(a: Value, type: ElementType): Value {
  if (a.type === type) return a;
  if (a.type === 'string' || type === 'string') {
    const problem = `${a.type} ${showShape(a.shape)} to ${type}`;
    throw new GraphError('TYPES', problem, 'Cast', 'Use labelEncoder, or gather from a constant of texts.');
  }
  return { op: castOp, inputs: [a], shape: a.shape, type, attributes: { to: elementTypeCodes[type] } };
}

/**
 * The value, with its slopes stated instead of derived: for what is composed of many ops but has a short derivative.
 * `gradient` gives d loss / d input for each of `inputs`, in the shape that they broadcast to together, or 1 along axes on
 * which it is constant; the value itself may have another shape, as a sum has.
 */
export const withGradient = (
  value: Value,
  inputs: readonly Value[],
  gradient: Op['gradient'] & {},
): Value => ({
  ...value,
  slope: { inputs, gradient },
});
