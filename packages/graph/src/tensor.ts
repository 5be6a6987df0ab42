/**
 * Numbers with a shape, in float64: what the reference interpreter computes with. A text stands as its place among all
 * texts that it has met (`textTensor`, `textsOf`), so what moves numbers moves texts.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
