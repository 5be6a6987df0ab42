/** Just enough of ONNX's protobuf to write the graphs of these tests: onnx.proto3, opset 17, ir_version 8. */

const typeNumbers = { float32: 1, uint8: 2, int64: 7 } as const;

export interface Port {
  readonly name: string;
  readonly type: keyof typeof typeNumbers;
  readonly shape: readonly (number | string)[];
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** A serialized ModelProto. */
export function modelProto(
  nodes: readonly Node[],
  weights: readonly Weight[],
  inputs: readonly Port[],
  outputs: readonly Port[],
): Uint8Array {
  const graph = [
    ...nodes.map((node) => bytes(1, nodeProto(node))),
    bytes(2, utf8('graph')),
    ...weights.map((weight) => bytes(5, tensorProto(weight))),
    ...inputs.map((port) => bytes(11, valueInfo(port))),
    ...outputs.map((port) => bytes(12, valueInfo(port))),
  ];
  const opset = [...bytes(1, []), ...integer(2, 17)];
  return Uint8Array.from([...integer(1, 8), ...bytes(7, graph.flat()), ...bytes(8, opset)]);
}

function nodeProto({ op, inputs, output, attributes = {} }: Node): number[] {
  const attribute = ([name, value]: [string, number]) =>
    bytes(5, [...bytes(1, utf8(name)), ...integer(3, value), ...integer(20, 2)]);
  return [
    ...inputs.flatMap((input) => bytes(1, utf8(input))),
    ...bytes(2, utf8(output)),
    ...bytes(4, utf8(op)),
    ...Object.entries(attributes).flatMap(attribute),
  ];
}

function tensorProto({ name, dims, data }: Weight): number[] {
  const type = data instanceof Float32Array ? typeNumbers.float32 : typeNumbers.int64;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [
    ...dims.flatMap((dim) => integer(1, dim)),
    ...integer(2, type),
    ...bytes(8, utf8(name)),
    ...bytes(9, [...raw]),
  ];
}

function valueInfo({ name, type, shape }: Port): number[] {
  const dimension = (dim: number | string) =>
    bytes(1, typeof dim === 'number' ? integer(1, dim) : bytes(2, utf8(dim)));
  const tensorType = [...integer(1, typeNumbers[type]), ...bytes(2, shape.flatMap(dimension))];
  return [...bytes(1, utf8(name)), ...bytes(2, bytes(1, tensorType))];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function integer(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function bytes(field: number, content: readonly number[]): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
