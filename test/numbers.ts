import { type Feeds, type Graph, sizeOf, type Tensor, type Tensors } from '@semivae/graph';
import { type Tensors as Fed, fillNormal, fillUniform } from '@semivae/runtime/core';

/** A number for a text, so that every example has numbers of its own which no other example moves. */
const seedOf = (text: string): number =>
  [...text].reduce((hash, letter) => (Math.imul(hash, 31) + letter.codePointAt(0)!) >>> 0, 7);

function drawn(
  shape: readonly number[],
  name: string,
  fill: typeof fillNormal,
  shaping: (number: number) => number,
) {
  const draws = new Float32Array(sizeOf(shape));
  fill(draws, { seed: seedOf(name), stream: 0, step: 0 });
  return { shape, data: Float64Array.from(draws, (each) => Math.fround(shaping(each))) };
}

/** Standard normal numbers, the same at every run for the same name; all are float32 numbers. */
export const normals = (
  shape: readonly number[],
  name: string,
  shaping: (number: number) => number = (number) => number,
): Tensor => drawn(shape, name, fillNormal, shaping);

/** Uniform numbers in [0, 1), likewise. */
export const uniforms = (shape: readonly number[], name: string): Tensor =>
  drawn(shape, name, fillUniform, (number) => number);

/** Normal numbers for all noise and all parameters of a graph; weights are made small enough for hidden layers to vary. */
export const drawnLeaves = ({ noises, parameters }: Graph, seed = ''): Feeds =>
  Object.fromEntries([
    ...noises.map((each) => [each.leaf.name, normals(each.shape as number[], `${seed}${each.leaf.name}`)]),
    ...parameters.map((each) => [
      each.leaf.name,
      normals(each.shape as number[], `${seed}${each.leaf.name}`, (number) => number / 2),
    ]),
  ]);

/** One-hot rows. */
export const oneHotRows = (classes: readonly number[], size: number): Tensor => ({
  shape: [classes.length, size],
  data: Float64Array.from({ length: classes.length * size }, (_, i) =>
    classes[Math.floor(i / size)] === i % size ? 1 : 0,
  ),
});

/** The same numbers in float32, as a session takes them. */
export const fedTensors = (feeds: Feeds): Fed =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { type: 'float32', dims: shape, data: Float32Array.from(data) },
    ]),
  );

/** The same numbers in float32, as they are stored. */
export const storedTensors = (feeds: Feeds): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
