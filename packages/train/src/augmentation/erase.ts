import type { Sides } from '@semivae/data';

/** Uniform draws that an image's box takes: its sides, its place and its grey. */
export const BOX_DRAWS = 5;

/**
 * Paints a box within an image over, its sides at most this share of the image's, from the five uniform draws from `at` on;
 * all channels alike (Zhong et al. 2020, algorithm 1, with one grey for the whole box). Allocates nothing.
 */
export function erase(
  images: Uint8Array,
  image: number,
  { width, height, channels }: Sides,
  most: number,
  draws: Float32Array,
  at: number,
): void {
  const wide = Math.round(draws[at]! * most * width);
  const high = Math.round(draws[at + 1]! * most * height);
  const left = Math.floor(draws[at + 2]! * (width - wide + 1));
  const top = Math.floor(draws[at + 3]! * (height - high + 1));
  const grey = Math.floor(draws[at + 4]! * 256);
  for (let row = top; row < top + high; row++) {
    const start = ((image * height + row) * width + left) * channels;
    images.fill(grey, start, start + wide * channels);
  }
}
