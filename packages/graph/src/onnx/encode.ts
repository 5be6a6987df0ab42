import { onnx } from '#schema';
import { GraphError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { fixed, type Shape, sameShape, showShape } from '../shape.ts';
import type { Tensors } from '../tensors.ts';
import { isTexts, rawBytes, showData } from '../typed-data.ts';
import {
  type Attribute,
  type ElementType,
  type LeafValue,
  type Op,
  reached,
  type TypedData,
  type Value,
} from '../value.ts';
import { elementTypeCodes, IR_VERSION, ML_OPSET, OPSET } from './types.ts';

export interface EncodeOptions {
  /** Leaves that become part of the file instead of inputs of it, by name. */
  readonly frozen?: Tensors;
  /** Text kept in the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly version?: string;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function tensorProto(
  name: string,
  type: ElementType,
  shape: readonly number[],
  data: TypedData,
): onnx.TensorProto.$Properties {
  const body = isTexts(data) ? { string_data: data.map(utf8) } : { raw_data: rawBytes(data) };
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

const areTexts = (setting: readonly number[] | readonly string[]): setting is readonly string[] =>
  typeof setting[0] === 'string';

function attributeProto([name, setting]: [string, Attribute]): onnx.AttributeProto.$Properties {
  const { INT, INTS, STRING, STRINGS } = onnx.AttributeProto.AttributeType;
  if (typeof setting === 'number') return { name, type: INT, i: setting };
  if (typeof setting === 'string') return { name, type: STRING, s: utf8(setting) };
  if (areTexts(setting)) return { name, type: STRINGS, strings: setting.map(utf8) };
  return { name, type: INTS, ints: [...setting] };
}

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
    const content = data.length > 16 ? `#${names.size}` : showData(data);
    const key = `${value.type}${showShape(value.shape)}${content}`;
    const name = known.get(key) ?? `constant/${known.size}`;
    if (!known.has(key)) initializers.push(tensorProto(name, value.type, fixed(value.shape), data));
    known.set(key, name);
    names.set(value, name);
  }
  return { names, initializers };
}

/** Names for the outputs that an operator has before the one that is read. */
const unread = ({ output = 0 }: Op, name: string): string[] =>
  Array.from({ length: output }, (_, i) => `${name}/unread ${i}`);

function nodeProto(
  value: Value,
  output: string,
  nameOf: (value: Value) => string,
): onnx.NodeProto.$Properties {
  return {
    op_type: value.op.name,
    name: output,
    ...(value.op.domain && { domain: value.op.domain }),
    input: value.inputs.map(nameOf),
    output: [...unread(value.op, output), output],
    attribute: Object.entries(value.attributes).map(attributeProto),
  };
}

function opsets(computed: readonly Value[]): onnx.OperatorSetIdProto.$Properties[] {
  const own = { domain: '', version: OPSET };
  const usesMl = computed.some(({ op }) => op.domain === 'ai.onnx.ml');
  return usesMl ? [own, { domain: 'ai.onnx.ml', version: ML_OPSET }] : [own];
}

/** An output that is itself a leaf, or is asked for twice, gets an Identity node of its own. */
const identityNode = (from: string, output: string): onnx.NodeProto.$Properties => ({
  op_type: 'Identity',
  name: output,
  input: [from],
  output: [output],
});

/** Protobuf ends at 2 GiB; what is left is for nodes and names. */
const LARGEST = 2 ** 31 - 2 ** 24;

function checkSize(name: string, tensors: readonly onnx.TensorProto.$Properties[]): void {
  const bytes = tensors.reduce((sum, { raw_data }) => sum + (raw_data?.length ?? 0), 0);
  if (bytes <= LARGEST) return;
  const problem = `its tensors fill ${bytes} bytes, and an ONNX file holds no more than 2 GiB`;
  throw new GraphError('MODEL_TOO_LARGE', problem, `graph '${name}'`, 'Make its layers smaller.');
}

/**
 * The graph as the bytes of an ONNX file. Its inputs, noise and parameters become inputs of the file, except those
 * frozen into it. Throws `FROZEN_SHAPE` when a frozen tensor does not fit its leaf, `MODEL_TOO_LARGE` beyond 2 GiB.
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
  const isFrozen = (leaf: LeafValue) => Object.hasOwn(frozen, leaf.leaf.name);
  const stored = [...initializers, ...leaves.filter(isFrozen).map((leaf) => frozenTensor(leaf, frozen))];
  checkSize(graph.name, stored);
  const model: onnx.ModelProto.$Properties = {
    ir_version: IR_VERSION,
    producer_name: 'semivae',
    producer_version: version,
    opset_import: opsets(computed),
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    ...(description && { doc_string: description }),
    graph: {
      name: graph.name,
      node: [...nodes, ...copies.map(([output, value]) => identityNode(nameOf(value), output))],
      initializer: stored,
      input: leaves.filter((leaf) => !isFrozen(leaf)).map((leaf) => valueInfo(leaf.leaf.name, leaf)),
      output: Object.entries(graph.outputs).map(([output, value]) => valueInfo(output, value)),
    },
  };
  return onnx.ModelProto.encode(model).finish();
}
