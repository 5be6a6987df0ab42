import { ShapeError } from './errors.ts';

/** A size, or the name of a size that is only known when the graph runs (`batch`). */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dimension, i) => dimension === b[i]);

/** The axis counted from the front. Throws `AXIS` where the shape has no such axis. */
export function axisOf(shape: Shape, axis: number): number {
  const counted = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(counted) && counted >= 0 && counted < shape.length) return counted;
  throw new ShapeError(
    'AXIS',
    `no axis ${axis}`,
    showShape(shape),
    `Use ${-shape.length} to ${shape.length - 1}.`,
  );
}

/** The shape with ones put in front until it has `rank` axes. */
export const padded = (shape: Shape, rank: number): Shape => [
  ...Array<number>(Math.max(0, rank - shape.length)).fill(1),
  ...shape,
];

/** The shape that both broadcast to, by ONNX's (NumPy's) rule. Throws `SHAPES` where there is none. */
export function broadcast(place: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [padded(a, rank), padded(b, rank)];
  return left.map((dimension, i) => {
    const other = right[i]!;
    if (dimension === other || other === 1) return dimension;
    if (dimension === 1) return other;
    const remedy = `Axis ${i - rank} must be equal or 1.`;
    throw new ShapeError(
      'SHAPES',
      `shapes ${showShape(a)} and ${showShape(b)} do not broadcast`,
      place,
      remedy,
    );
  });
}

/** Number of elements. Throws `SYMBOLIC` where a dimension is only known at run time. */
export function sizeOf(shape: Shape): number {
  return fixed(shape).reduce((product, dimension) => product * dimension, 1);
}

/** The shape as numbers. Throws `SYMBOLIC` where a dimension is only known at run time. */
export function fixed(shape: Shape): readonly number[] {
  const free = shape.find((dimension) => typeof dimension === 'string');
  if (free === undefined) return shape as readonly number[];
  const remedy = 'Training shapes are fixed: build this graph with numbers.';
  throw new ShapeError('SYMBOLIC', `dimension '${free}' has no size yet`, showShape(shape), remedy);
}

/** A free dimension may be a multiple of another: `10batch` is ten times `batch`. */
const multipleOf = (dimension: Dimension): number =>
  typeof dimension === 'number' ? dimension : Number(/^\d*/.exec(dimension)![0] || 1);

/** The product of all that is known: of the numbers, and of the multiples in free dimensions. */
export const fixedSize = (shape: Shape): number =>
  shape.reduce<number>((product, each) => product * multipleOf(each), 1);

/** The product of dimensions, of which one may be free. */
export function productOf(shape: Shape): Dimension {
  const free = shape.find((dimension) => typeof dimension === 'string');
  if (free === undefined) return fixedSize(shape);
  const multiple = fixedSize(shape);
  return `${multiple === 1 ? '' : multiple}${String(free).replace(/^\d*/, '')}`;
}
