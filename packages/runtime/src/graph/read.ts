import { BundleTooNew, GraphRefused } from '../errors.ts';
import {
  fieldsOf,
  integerIn,
  integersIn,
  type Message,
  MOST_FIELDS,
  messageIn,
  only,
  textIn,
  textOf,
} from './wire.ts';

/** ONNX's numbers for the element types that our files have (TensorProto.DataType), and the bytes of an element. */
export const elementTypes = {
  1: { name: 'float32', bytes: 4 },
  2: { name: 'uint8', bytes: 1 },
  7: { name: 'int64', bytes: 8 },
  8: { name: 'string', bytes: 32 },
  9: { name: 'bool', bytes: 1 },
  11: { name: 'float64', bytes: 8 },
} as const;
export type ElementType = (typeof elementTypes)[keyof typeof elementTypes]['name'];

/** A value with every dimension known, the free one taken as so many rows. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export interface Weight extends Port {
  /** Little-endian elements; none of texts. */
  readonly data: Uint8Array;
}

export interface GraphNode {
  readonly place: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly integers: ReadonlyMap<string, readonly number[]>;
  /** Names of attributes that are texts or numbers with a point. */
  readonly others: ReadonlySet<string>;
}

/** What an ONNX file computes, and with what. */
export interface GraphFile {
  readonly inputs: readonly Port[];
  readonly outputs: readonly string[];
  readonly weights: readonly Weight[];
  readonly nodes: readonly GraphNode[];
}

/** Opening as many takes ONNX Runtime a second; a table of 1500 columns needs no more. */
export const MOST_NODES = 32_768;
/** What is written; newer ones may mean something else by the same names. */
export const newest = { ir: 8, opset: 17, 'ai.onnx.ml': 2 } as const;

/** Takes an ONNX file apart, as far as it is one of ours. Throws GRAPH_REFUSED, GRAPH_TOO_LARGE, BUNDLE_TOO_NEW. */
export function readGraph(bytes: Uint8Array, place: string, rows: number): GraphFile {
  const file: Message = { bytes, place: `${place}, model`, budget: { fields: MOST_FIELDS } };
  const model = fieldsOf(file, modelFields);
  requireKnown(place, 'ONNX file version', integerIn(file, 'version', model.ir), newest.ir);
  for (const each of model.opset) readOpset(place, messageIn(file, each, 'opset'));
  const graph = only(file, 'graph', model.graph);
  if (graph === undefined) throw new GraphRefused(place, 'the bytes are not an ONNX model with a graph');
  return graphOf({ ...messageIn(file, graph, 'graph'), place: `${place}, graph` }, place, rows);
}

const modelFields = {
  1: 'ir',
  2: 'text',
  3: 'text',
  4: 'text',
  5: 'text',
  6: 'text',
  7: 'graph',
  8: 'opset',
  14: 'text',
} as const;

function readOpset(place: string, message: Message): void {
  const found = fieldsOf(message, { 1: 'domain', 2: 'version' } as const);
  const domain = textIn(message, 'domain', found.domain);
  const version = integerIn(message, 'version', found.version);
  if (domain === '') requireKnown(place, 'opset', version, newest.opset);
  else if (domain === 'ai.onnx.ml') requireKnown(place, `opset of ${domain}`, version, newest[domain]);
  else throw new GraphRefused(place, `it uses operators of '${domain}'`);
}

function requireKnown(place: string, what: string, found: number, known: number): void {
  if (found > known) throw new BundleTooNew(place, found, known, what);
}

const graphFields = {
  1: 'node',
  2: 'text',
  5: 'weight',
  10: 'text',
  11: 'input',
  12: 'output',
  13: 'text',
} as const;

function graphOf(message: Message, file: string, rows: number): GraphFile {
  const found = fieldsOf(message, graphFields, MOST_NODES);
  const within = { ...message, place: file };
  return {
    nodes: found.node.map((each, i) => nodeOf(messageIn(within, each, `node ${i}`))),
    weights: found.weight.map((each, i) => weightOf(messageIn(within, each, `tensor ${i}`))),
    inputs: found.input.map((each) => portOf(messageIn(within, each, 'input'), rows)),
    outputs: found.output.map((each) => portOf(messageIn(within, each, 'output'), rows).name),
  };
}

const nodeFields = {
  1: 'input',
  2: 'output',
  3: 'text',
  4: 'op',
  5: 'attribute',
  6: 'text',
  7: 'domain',
} as const;

function nodeOf(message: Message): GraphNode {
  const found = fieldsOf(message, nodeFields);
  const op = textIn(message, 'operator', found.op);
  const place = `${message.place} (${op})`;
  const attributes = found.attribute.map((each) =>
    attributeOf(messageIn({ ...message, place }, each, 'attribute')),
  );
  const names = attributes.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new GraphRefused(place, 'it has an attribute twice');
  return {
    place,
    op,
    domain: textIn(message, 'domain', found.domain),
    inputs: found.input.map((each) => textOf(message, each)),
    outputs: found.output.map((each) => textOf(message, each)),
    integers: new Map(attributes.flatMap(({ name, integers }) => (integers ? [[name, integers]] : []))),
    others: new Set(attributes.flatMap(({ name, integers }) => (integers ? [] : [name]))),
  };
}

const attributeFields = {
  1: 'name',
  2: 'float',
  3: 'integer',
  4: 'text',
  7: 'floats',
  8: 'integers',
  9: 'texts',
  13: 'note',
  20: 'type',
} as const;

/** ONNX's numbers for kinds of attributes (AttributeProto.AttributeType) that hold integers. */
const [oneInteger, manyIntegers] = [2, 7];

function attributeOf(message: Message): { readonly name: string; readonly integers?: readonly number[] } {
  const found = fieldsOf(message, attributeFields);
  const name = textIn(message, 'name', found.name);
  const type = integerIn(message, 'type', found.type);
  if (type === oneInteger) return { name, integers: [integerIn(message, name, found.integer)] };
  if (type === manyIntegers) return { name, integers: integersIn(message, found.integers) };
  return { name };
}

const tensorFields = { 1: 'dims', 2: 'type', 6: 'texts', 8: 'name', 9: 'raw', 12: 'note' } as const;

function weightOf(message: Message): Weight {
  const found = fieldsOf(message, tensorFields);
  const name = textIn(message, 'name', found.name);
  const place = `${message.place} ('${name}')`;
  const type = typeOf(message, integerIn(message, 'type', found.type));
  const shape = integersIn(message, found.dims);
  const size = sizeOf(shape, place);
  const raw = only(message, 'data', found.raw) ?? new Uint8Array();
  if (typeof raw === 'number') throw new GraphRefused(place, 'its data are no bytes');
  const held = type.name === 'string' ? found.texts.length : raw.length / type.bytes;
  if (held === size && (type.name === 'string' || found.texts.length === 0))
    return { name, type: type.name, shape, data: raw };
  throw new GraphRefused(place, `it holds ${held} elements, but its shape is [${shape.join(', ')}]`);
}

function typeOf(message: Message, code: number): (typeof elementTypes)[keyof typeof elementTypes] {
  if (code in elementTypes) return elementTypes[code as keyof typeof elementTypes];
  throw new GraphRefused(message.place, `elements of type ${code}, which no export writes`);
}

/** Ours have seven at most; a long shape at every node would take long to go through. */
export const MOST_AXES = 32;

/** The number of elements. Throws GRAPH_REFUSED for a dimension that is no natural number, or more than there can be. */
export function sizeOf(shape: readonly number[], place: string): number {
  if (shape.length > MOST_AXES) throw new GraphRefused(place, `a shape of ${shape.length} axes`);
  const size = shape.reduce((product, each) => product * each, 1);
  if (shape.every((each) => Number.isSafeInteger(each) && each >= 0) && Number.isSafeInteger(size))
    return size;
  throw new GraphRefused(place, `no shape is [${shape.join(', ')}]`);
}

function portOf(message: Message, rows: number): Port {
  const found = fieldsOf(message, { 1: 'name', 2: 'type', 3: 'note' } as const);
  const name = textIn(message, 'name', found.name);
  const place = `'${name}'`;
  const kind = messageIn(message, only(message, 'type', found.type) ?? 0, place);
  const tensor = messageIn(
    kind,
    only(kind, 'tensor', fieldsOf(kind, { 1: 'tensor' } as const).tensor) ?? 0,
    'tensor',
  );
  const { type, shape } = fieldsOf(tensor, { 1: 'type', 2: 'shape' } as const);
  const dims = messageIn(tensor, only(tensor, 'shape', shape) ?? new Uint8Array(), 'shape');
  const dim = fieldsOf(dims, { 1: 'dim' } as const).dim;
  return {
    name,
    type: typeOf(tensor, integerIn(tensor, 'type', type)).name,
    shape: dim.map((each) => dimensionOf(messageIn(dims, each, 'dimension'), rows)),
  };
}

/** A dimension; a free one, such as `batch` or `10batch`, is so many rows. */
function dimensionOf(message: Message, rows: number): number {
  const { value, name } = fieldsOf(message, { 1: 'value', 2: 'name' } as const);
  if (name.length === 0) return integerIn(message, 'value', value);
  const [multiple] = /^\d*/.exec(textIn(message, 'name', name))!;
  return rows * Number(multiple || 1);
}
