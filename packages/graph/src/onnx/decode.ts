import { onnx } from '#schema';
import { GraphError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import type { Attribute, ElementType } from '../value.ts';
import { elementTypeCodes } from './types.ts';

export interface OnnxPort {
  readonly name: string;
  readonly type: ElementType | 'other';
  readonly shape: Shape;
}
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}
export interface OnnxTensor extends OnnxPort {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What an ONNX file says, as plain data. */
export interface OnnxFile {
  readonly name: string;
  readonly description: string;
  readonly opset: number;
  readonly irVersion: number;
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
}

const typeOfCode = (code: number): OnnxPort['type'] =>
  (Object.keys(elementTypeCodes) as ElementType[]).find((type) => elementTypeCodes[type] === code) ?? 'other';

function port({ name, type }: onnx.ValueInfoProto.$Properties): OnnxPort {
  const tensor = type?.tensor_type;
  const shape = (tensor?.shape?.dim ?? []).map((each) => each.dim_param || Number(each.dim_value ?? 0));
  return { name: name ?? '', type: typeOfCode(tensor?.elem_type ?? 0), shape };
}

const text = (bytes?: Uint8Array | null): string => new TextDecoder().decode(bytes ?? new Uint8Array());

function setting(attribute: onnx.AttributeProto.$Properties): Attribute {
  const { INT, FLOAT, INTS, FLOATS, STRING, STRINGS } = onnx.AttributeProto.AttributeType;
  if (attribute.type === INT) return Number(attribute.i);
  if (attribute.type === FLOAT) return attribute.f ?? 0;
  if (attribute.type === INTS) return (attribute.ints ?? []).map(Number);
  if (attribute.type === FLOATS) return attribute.floats ?? [];
  if (attribute.type === STRINGS) return (attribute.strings ?? []).map(text);
  return attribute.type === STRING ? text(attribute.s) : '…';
}

const node = (each: onnx.NodeProto.$Properties): OnnxNode => ({
  op: each.op_type ?? '',
  inputs: each.input ?? [],
  outputs: each.output ?? [],
  attributes: Object.fromEntries(
    (each.attribute ?? []).map((attribute) => [attribute.name ?? '', setting(attribute)]),
  ),
});

/** The bytes without Node's Buffer around them, whose slices are no copies. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const tensor = (each: onnx.TensorProto.$Properties): OnnxTensor => ({
  name: each.name ?? '',
  type: typeOfCode(each.data_type ?? 0),
  shape: (each.dims ?? []).map(Number),
  bytes: plain(each.raw_data ?? new Uint8Array()),
});

function parse(
  bytes: Uint8Array,
  place: string,
): onnx.ModelProto.$Properties & { graph: onnx.GraphProto.$Properties } {
  try {
    const { graph, ...model } = onnx.ModelProto.decode(bytes);
    if (graph?.node?.length) return { ...model, graph };
  } catch {}
  throw new GraphError(
    'ONNX_MALFORMED',
    'the bytes are not an ONNX model with a graph',
    place,
    'Use the file as it was exported.',
  );
}

/** Reads an ONNX file. Throws `ONNX_MALFORMED` where the bytes are none; `place` names the file. */
export function decode(bytes: Uint8Array, place = 'ONNX'): OnnxFile {
  const { graph, ...model } = parse(bytes, place);
  return {
    name: graph.name ?? '',
    description: model.doc_string ?? '',
    opset: Number(model.opset_import?.find((each) => !each.domain)?.version ?? 0),
    irVersion: Number(model.ir_version ?? 0),
    producer: `${model.producer_name ?? ''} ${model.producer_version ?? ''}`.trim(),
    metadata: Object.fromEntries(
      (model.metadata_props ?? []).map(({ key, value }) => [key ?? '', value ?? '']),
    ),
    inputs: (graph.input ?? []).map(port),
    outputs: (graph.output ?? []).map(port),
    nodes: (graph.node ?? []).map(node),
    tensors: (graph.initializer ?? []).map(tensor),
  };
}
