import { InputNotFinite, InputShape, InputType, LabelUnknown } from './errors.ts';
import type { ImageInput } from './manifest.ts';

/** RGBA bytes, as a canvas gives them. */
export interface Pixels {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

export type Numbers = readonly number[] | Uint8Array | Uint8ClampedArray | Float32Array | Float64Array;

/**
 * One image or many, as raw bytes 0–255: flat numbers of whole images; images in a list; images nested by height,
 * width (and channel); or RGBA pixels, taken over black and, for one channel, as their luminance (Rec. 601).
 */
export type Images = Numbers | Pixels | readonly Pixels[] | readonly Numbers[] | Nested;
type Nested = readonly (readonly Numbers[])[] | readonly (readonly (readonly Numbers[])[])[];

/** One latent vector or many: flat, or in a list. */
export type Latents = Numbers | readonly Numbers[];

/** A class, by name or by index. */
export type Label = string | number;

/** `rows` rows of equal length, one after the other. */
export interface Rows<T> {
  readonly rows: number;
  readonly data: T;
}

/** Images as bytes [rows, height · width · channels]. Throws INPUT_SHAPE, INPUT_TYPE, INPUT_NOT_FINITE. */
export function imageRows(x: Images, { width, height, channels }: ImageSize): Rows<Uint8Array> {
  const size = width * height * channels;
  if (isBytes(x) && x.length % size === 0) {
    return { rows: x.length / size, data: new Uint8Array(x) }; // the caller may reuse its own at once
  }
  const nested = channels === 1 ? [height, width] : [height, width, channels];
  const pixels = (each: Pixels, place: string) => channelsOf(each, { width, height, channels }, place);
  return readRows('x', x, [[size], nested], byteAt, (length) => new Uint8Array(length), pixels);
}

/** Latent vectors as float32 [rows, size]. Throws INPUT_SHAPE, INPUT_TYPE, INPUT_NOT_FINITE. */
export function latentRows(z: Latents, size: number): Rows<Float32Array> {
  return readRows('z', z, [[size]], finiteAt, (length) => new Float32Array(length));
}

/** The classes of `rows` rows, by index; one label stands for all. Throws LABEL_UNKNOWN, INPUT_SHAPE. */
export function labelIndices(
  labels: Label | readonly Label[],
  rows: number,
  names: readonly string[],
): readonly number[] {
  const all = typeof labels === 'object' ? labels : Array<Label>(rows).fill(labels);
  if (all.length !== rows) {
    throw new InputShape(
      'labels',
      `${all.length} labels for ${rows} rows`,
      'Give one label, or one for each row.',
    );
  }
  return all.map((label, row) => labelIndex(label, names, `labels, row ${row}`));
}

/** The class index of a name or index. Throws LABEL_UNKNOWN. */
export function labelIndex(label: Label, names: readonly string[], place = 'label'): number {
  const index = typeof label === 'string' ? names.indexOf(label) : label;
  if (Number.isInteger(index) && index >= 0 && index < names.length) return index;
  const given = JSON.stringify(label);
  if (names.length === 0) {
    throw new LabelUnknown(place, `${given} given to a model without classes`, 'Leave labels out.');
  }
  const remedy = `Give a name (${names.join(', ')}) or an index from 0 to ${names.length - 1}.`;
  throw new LabelUnknown(place, `${given} is no class of this model`, remedy);
}

function isBytes(x: unknown): x is Uint8Array | Uint8ClampedArray {
  return x instanceof Uint8Array || x instanceof Uint8ClampedArray;
}

export function isPixels(x: unknown): x is Pixels {
  return typeof x === 'object' && x !== null && 'data' in x && 'width' in x && 'height' in x;
}

type At = (value: unknown, row: number, column: number) => number;

/** Rows of `x`, each of one of `shapes`; a flat list may hold several rows of `shapes[0]`. */
function readRows<T extends Uint8Array | Float32Array>(
  name: string,
  x: unknown,
  shapes: readonly (readonly number[])[],
  at: At,
  allocate: (length: number) => T,
  pixels?: (each: Pixels, place: string) => ArrayLike<number>,
): Rows<T> {
  const size = shapes[0]![0]!;
  const list = rowsOf(name, x, shapes);
  const data = allocate(list.length * size);
  list.forEach((each, row) => {
    const place = `${name}, row ${row}`;
    const values = pixels && isPixels(each) ? pixels(each, place) : flatten(each, shapes, place);
    for (let column = 0; column < size; column++) data[row * size + column] = at(values[column], row, column);
  });
  return { rows: list.length, data };
}

function rowsOf(name: string, x: unknown, shapes: readonly (readonly number[])[]): readonly unknown[] {
  const shape = shapeOf(x);
  if (isPixels(x) || shapes.some((each) => each.join() === shape.join())) return [x];
  if (shape.length === 0) throw unexpectedShape(name, shape, shapes);
  const list = x as readonly unknown[];
  const flat = shape.length === 1 && !isPixels(list[0]);
  return flat ? split(name, x as Numbers, shapes) : list;
}

function split(name: string, x: Numbers, shapes: readonly (readonly number[])[]): readonly unknown[] {
  const size = shapes[0]![0]!;
  if (x.length % size !== 0) throw unexpectedShape(name, [x.length], shapes);
  return Array.from({ length: x.length / size }, (_, row) => x.slice(row * size, (row + 1) * size));
}

/** Lengths by depth, told from first elements; [] for what is no list. */
function shapeOf(x: unknown): readonly number[] {
  if (!Array.isArray(x) && !(ArrayBuffer.isView(x) && 'length' in x)) return [];
  const list = x as ArrayLike<unknown>;
  return [list.length, ...shapeOf(list[0])];
}

function flatten(
  row: unknown,
  shapes: readonly (readonly number[])[],
  place: string,
): readonly unknown[] | Numbers {
  const found = shapeOf(row);
  const shape = shapes.find((each) => each.join() === found.join());
  if (!shape) throw unexpectedShape(place, found, shapes);
  return shape.length === 1 ? (row as Numbers) : leaves(row, shape, place);
}

function leaves(list: unknown, shape: readonly number[], place: string): unknown[] {
  const [length, ...inner] = shape;
  const values = list as ArrayLike<unknown> | null | undefined;
  if (values?.length !== length) throw unexpectedShape(place, [values?.length ?? 0], [shape]);
  if (inner.length === 0) return Array.from(values!);
  return Array.from(values!).flatMap((each) => leaves(each, inner, place));
}

function unexpectedShape(
  place: string,
  found: readonly number[],
  shapes: readonly (readonly number[])[],
): InputShape {
  const expected = shapes.map((shape) => `[${shape.join(', ')}]`).join(' or ');
  const problem = found.length === 0 ? 'no list of numbers' : `shape [${found.join(', ')}]`;
  return new InputShape(place, problem, `Give rows of shape ${expected}.`);
}

function byteAt(value: unknown, row: number, column: number): number {
  const finite = finiteAt(value, row, column, 'x');
  if (Number.isInteger(finite) && finite >= 0 && finite <= 255) return finite;
  const remedy = 'Give raw bytes, integers from 0 to 255; the model scales them itself.';
  throw new InputType(`x, row ${row}, column ${column}`, `${finite} is no byte`, remedy);
}

function finiteAt(value: unknown, row: number, column: number, name = 'z'): number {
  const place = `${name}, row ${row}, column ${column}`;
  if (typeof value !== 'number') {
    throw new InputType(place, `${JSON.stringify(value) ?? typeof value} is no number`, 'Give numbers.');
  }
  if (!Number.isFinite(value)) throw new InputNotFinite(place, value);
  return value;
}

type ImageSize = Pick<ImageInput, 'width' | 'height' | 'channels'>;

/** RGBA over black: its luminance for one channel, red, green and blue for three. */
function channelsOf({ data, width, height }: Pixels, size: ImageSize, place: string): number[] {
  if (width !== size.width || height !== size.height || data.length !== 4 * width * height) {
    const problem = `pixels of ${width} × ${height} with ${data.length} bytes`;
    throw new InputShape(place, problem, `Draw it at ${size.width} × ${size.height}, RGBA.`);
  }
  const values: number[] = [];
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const opacity = data[i + 3]! / 255;
    if (size.channels === 1) values.push(Math.round((0.299 * red + 0.587 * green + 0.114 * blue) * opacity));
    else values.push(...[red, green, blue].map((value) => Math.round(value * opacity)));
  }
  return values;
}
