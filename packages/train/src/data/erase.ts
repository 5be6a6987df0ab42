import type { Sides } from './moves.ts';

/** Uniform draws that an image's box takes: its sides, its place and its grey. */
export const BOX_DRAWS = 5;

/** A box of pixels, [left, right) by [top, bottom), and the grey that it is painted with. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly grey: number;
}

/** A box within an image, whose sides are at most this share of the image's, from five uniform draws. */
export function boxOf(draws: ArrayLike<number>, at: number, { width, height }: Sides, most: number): Box {
  const [wide, high] = [Math.round(draws[at]! * most * width), Math.round(draws[at + 1]! * most * height)];
  const left = Math.floor(draws[at + 2]! * (width - wide + 1));
  const top = Math.floor(draws[at + 3]! * (height - high + 1));
  return { left, right: left + wide, top, bottom: top + high, grey: Math.floor(draws[at + 4]! * 256) };
}

/** Paints a box of one image over, all channels alike (Zhong et al. 2020, algorithm 1, with one grey for the whole box). */
export function erase(images: Uint8Array, image: number, { width, height, channels }: Sides, box: Box): void {
  for (let row = box.top; row < box.bottom; row++) {
    const start = (image * height + row) * width;
    images.fill(box.grey, (start + box.left) * channels, (start + box.right) * channels);
  }
}
