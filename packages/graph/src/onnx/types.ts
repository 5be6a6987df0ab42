import type { ElementType } from '../value.ts';

/** ONNX's numbers for element types (TensorProto.DataType). */
export const elementTypeCodes = {
  float32: 1,
  uint8: 2,
  int64: 7,
  string: 8,
  bool: 9,
} as const satisfies Record<ElementType, number>;

/** The opset and file version written: old enough for runtimes in the field. */
export const OPSET = 17;
export const IR_VERSION = 8;
