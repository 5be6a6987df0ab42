import { fillNormal, fillUniform } from '@semivae/runtime/core';

const drawn =
  (fill: typeof fillNormal) =>
  (count: number, seed: number): Float64Array => {
    const out = new Float32Array(count);
    fill(out, { seed, stream: 0, step: 0 });
    return Float64Array.from(out);
  };

/** Standard normal numbers, the same at every run for the same seed. */
export const normals = drawn(fillNormal);
/** Uniform numbers in [0, 1), likewise. */
export const uniforms = drawn(fillUniform);
