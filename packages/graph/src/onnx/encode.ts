import { onnx } from '#schema';
import { GraphError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { fixed, type Shape, sameShape, showShape } from '../shape.ts';
import type { Tensors } from '../tensors.ts';
import { type ElementType, type LeafValue, reached, type TypedData, type Value } from '../value.ts';
import { elementTypeCodes, IR_VERSION, OPSET } from './types.ts';

export interface EncodeOptions {
  /** Leaves that become part of the file instead of inputs of it, by name. */
  readonly frozen?: Tensors;
  /** Text kept in the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly version?: string;
}

const rawBytes = (data: Exclude<TypedData, readonly string[]>): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function tensorProto(
  name: string,
  type: ElementType,
  shape: readonly number[],
  data: TypedData,
): onnx.TensorProto.$Properties {
  const body =
    type === 'string'
      ? { string_data: Array.from(data as readonly string[], (each) => new TextEncoder().encode(each)) }
      : { raw_data: rawBytes(data as Exclude<TypedData, readonly string[]>) };
  return { name, data_type: elementTypeCodes[type], dims: [...shape], ...body };
}

const shapeProto = (shape: Shape): onnx.TensorShapeProto.$Properties => ({
  dim: shape.map((each) => (typeof each === 'number' ? { dim_value: each } : { dim_param: each })),
});

const valueInfo = (
  name: string,
  { type, shape }: Pick<Value, 'type' | 'shape'>,
): onnx.ValueInfoProto.$Properties => ({
  name,
  type: { tensor_type: { elem_type: elementTypeCodes[type], shape: shapeProto(shape) } },
});

const attributeProto = ([name, setting]: [
  string,
  number | readonly number[],
]): onnx.AttributeProto.$Properties =>
  typeof setting === 'number'
    ? { name, type: onnx.AttributeProto.AttributeType.INT, i: setting }
    : { name, type: onnx.AttributeProto.AttributeType.INTS, ints: [...setting] };

function frozenTensor(leaf: LeafValue, frozen: Tensors): onnx.TensorProto.$Properties {
  const { name } = leaf.leaf;
  const { shape, data } = frozen[name]!;
  if (!sameShape(shape, leaf.shape)) {
    const problem = `${showShape(shape)} cannot stand for ${showShape(leaf.shape)}`;
    throw new GraphError(
      'FROZEN_SHAPE',
      problem,
      `tensor '${name}'`,
      'Freeze the tensors of this very model.',
    );
  }
  return tensorProto(name, leaf.type, shape, data);
}

const showData = (type: ElementType, data: TypedData): string =>
  type === 'string' ? JSON.stringify(data) : rawBytes(data as Exclude<TypedData, readonly string[]>).join();

/** A constant is written once, whatever number of nodes read it. */
function constantNames(values: readonly Value[]): {
  names: Map<Value, string>;
  initializers: onnx.TensorProto.$Properties[];
} {
  const names = new Map<Value, string>();
  const known = new Map<string, string>();
  const initializers: onnx.TensorProto.$Properties[] = [];
  for (const value of values) {
    if (value.leaf?.kind !== 'constant') continue;
    const { data } = value.leaf;
    const content = data.length > 16 ? `#${names.size}` : showData(value.type, data);
    const key = `${value.type}${showShape(value.shape)}${content}`;
    const name = known.get(key) ?? `constant/${known.size}`;
    if (!known.has(key)) initializers.push(tensorProto(name, value.type, fixed(value.shape), data));
    known.set(key, name);
    names.set(value, name);
  }
  return { names, initializers };
}

function nodeProto(
  value: Value,
  output: string,
  nameOf: (value: Value) => string,
): onnx.NodeProto.$Properties {
  return {
    op_type: value.op.name,
    name: output,
    input: value.inputs.map(nameOf),
    output: [output],
    attribute: Object.entries(value.attributes).map(attributeProto),
  };
}

/** An output that is itself a leaf, or is asked for twice, gets an Identity node of its own. */
const identityNode = (from: string, output: string): onnx.NodeProto.$Properties => ({
  op_type: 'Identity',
  name: output,
  input: [from],
  output: [output],
});

/**
 * The graph as the bytes of an ONNX file. Its inputs, noise and parameters become inputs of the file, except those
 * frozen into it. Throws `FROZEN_SHAPE` when a frozen tensor does not fit its leaf.
 */
export function encode(
  graph: Graph,
  { frozen = {}, metadata = {}, description, version = '' }: EncodeOptions = {},
): Uint8Array {
  const values = reached(Object.values(graph.outputs));
  const { names, initializers } = constantNames(values);
  const leaves: LeafValue[] = [...graph.inputs, ...graph.noises, ...graph.parameters];
  for (const leaf of leaves) names.set(leaf, leaf.leaf.name);
  const direct = new Map<Value, string>();
  for (const [output, value] of Object.entries(graph.outputs)) {
    if (!value.leaf && !direct.has(value)) direct.set(value, output);
  }
  const computed = values.filter((value) => !value.leaf);
  computed.forEach((value, i) => names.set(value, direct.get(value) ?? `${value.op.name}_${i}`));
  const nameOf = (value: Value) => names.get(value)!;
  const nodes = computed.map((value) => nodeProto(value, nameOf(value), nameOf));
  const copies = Object.entries(graph.outputs).filter(([output, value]) => direct.get(value) !== output);
  const isFrozen = (leaf: LeafValue) => leaf.leaf.name in frozen;
  const model: onnx.ModelProto.$Properties = {
    ir_version: IR_VERSION,
    producer_name: 'semivae',
    producer_version: version,
    opset_import: [{ domain: '', version: OPSET }],
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    ...(description && { doc_string: description }),
    graph: {
      name: graph.name,
      node: [...nodes, ...copies.map(([output, value]) => identityNode(nameOf(value), output))],
      initializer: [...initializers, ...leaves.filter(isFrozen).map((leaf) => frozenTensor(leaf, frozen))],
      input: leaves.filter((leaf) => !isFrozen(leaf)).map((leaf) => valueInfo(leaf.leaf.name, leaf)),
      output: Object.entries(graph.outputs).map(([output, value]) => valueInfo(output, value)),
    },
  };
  return onnx.ModelProto.encode(model).finish();
}
