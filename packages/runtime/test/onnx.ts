/** Just enough of ONNX's protobuf to write the graphs of these tests: onnx.proto3, opset 17, ir_version 8. */

const typeNumbers = { float32: 1, uint8: 2, int64: 7, string: 8, float64: 11 } as const;
export const double = typeNumbers.float64;

export interface Port {
  readonly name: string;
  readonly type: keyof typeof typeNumbers;
  readonly shape: readonly (number | string)[];
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly string[] | Float32Array>>;
  /** Operators of ai.onnx by default. */
  readonly domain?: string;
}

export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | readonly string[];
}

/** A serialized ModelProto. */
export function modelProto(
  nodes: readonly Node[],
  weights: readonly Weight[],
  inputs: readonly Port[],
  outputs: readonly Port[],
): Uint8Array {
  return Uint8Array.from([...modelHeader(), ...bytes(7, graphProto(nodes, weights, inputs, outputs))]);
}

/** All of a model but its graph. */
export function modelHeader({ ir = 8, opset = 17, learning = 2 } = {}): number[] {
  const opsets = [
    [...bytes(1, []), ...integer(2, opset)],
    [...bytes(1, utf8('ai.onnx.ml')), ...integer(2, learning)],
  ];
  return [...integer(1, ir), ...opsets.flatMap((each) => bytes(8, each))];
}

export function graphProto(
  nodes: readonly Node[],
  weights: readonly Weight[],
  inputs: readonly Port[],
  outputs: readonly Port[],
): number[] {
  return [
    ...nodes.map((node) => bytes(1, nodeProto(node))),
    bytes(2, utf8('graph')),
    ...weights.map((weight) => bytes(5, tensorProto(weight))),
    ...inputs.map((port) => bytes(11, valueInfo(port))),
    ...outputs.map((port) => bytes(12, valueInfo(port))),
  ].flat();
}

export function nodeProto({ op, inputs, output, attributes = {}, domain }: Node): number[] {
  return [
    ...inputs.flatMap((input) => bytes(1, utf8(input))),
    ...bytes(2, utf8(output)),
    ...bytes(4, utf8(op)),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      bytes(5, [...bytes(1, utf8(name)), ...attribute(value)]),
    ),
    ...(domain ? bytes(7, utf8(domain)) : []),
  ];
}

function attribute(value: number | readonly string[] | Float32Array): number[] {
  if (typeof value === 'number') return [...integer(3, value), ...integer(20, 2)];
  if (value instanceof Float32Array) return [...bytes(7, raw(value)), ...integer(20, 6)];
  return [...value.flatMap((text) => bytes(9, utf8(text))), ...integer(20, 8)];
}

export function tensorProto({ name, dims, data }: Weight): number[] {
  const content = Array.isArray(data)
    ? (data as readonly string[]).flatMap((text) => bytes(6, utf8(text)))
    : bytes(9, raw(data as Float32Array));
  return [
    ...dims.flatMap((dim) => integer(1, dim)),
    ...integer(2, typeNumbers[typeOf(data)]),
    ...bytes(8, utf8(name)),
    ...content,
  ];
}

function typeOf(data: Weight['data']): keyof typeof typeNumbers {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  return data instanceof BigInt64Array ? 'int64' : 'string';
}

function raw(data: ArrayBufferView): number[] {
  return [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

function valueInfo({ name, type, shape }: Port): number[] {
  const dimension = (dim: number | string) =>
    bytes(1, typeof dim === 'number' ? integer(1, dim) : bytes(2, utf8(dim)));
  const tensorType = [...integer(1, typeNumbers[type]), ...bytes(2, shape.flatMap(dimension))];
  return [...bytes(1, utf8(name)), ...bytes(2, bytes(1, tensorType))];
}

/** Numbers below 0 as they are in 64 bits. */
function varint(value: number): number[] {
  if (value < 0) return long(BigInt.asUintN(64, BigInt(value)));
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function long(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value % 128n) + 128, ...long(value / 128n)];
}

export function integer(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

export function bytes(field: number, content: readonly number[]): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

export function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
