import type { LeafValue } from '@semivae/graph';
import { type Draw, fillNormal, fillUniform, type Tensor } from '@semivae/runtime/core';

/** Noise for the rows from `start` on, each a function of the draw and of its own place alone; leaf i has a stream of its own. */
export function rowNoise(
  noises: readonly LeafValue<'noise'>[],
  rows: number,
  start: number,
  draw: (leaf: LeafValue<'noise'>, index: number) => Draw,
): Record<string, Tensor> {
  return Object.fromEntries(
    noises.map((value, index) => {
      const { leaf, shape } = value;
      const dims = shape.map((size) => (typeof size === 'number' ? size : rows));
      const width = dims.slice(1).reduce((product, each) => product * each, 1);
      const data = new Float32Array(rows * width);
      const fill = leaf.distribution === 'uniform' ? fillUniform : fillNormal;
      fill(data, draw(value, index), start * width);
      return [leaf.name, { type: 'float32', dims, data }];
    }),
  );
}
