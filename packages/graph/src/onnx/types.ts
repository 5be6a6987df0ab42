import type { ElementType } from '../value.ts';

/** ONNX's numbers for element types (TensorProto.DataType). */
export const elementTypeCodes = {
  float32: 1,
  uint8: 2,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
} as const satisfies Record<ElementType, number>;

/** The opset and file version written: old enough for runtimes in the field. */
export const OPSET = 17;
/** The opset of domain ai.onnx.ml, imported only by a graph that uses it. */
export const ML_OPSET = 2;
export const IR_VERSION = 8;
