import type { ImageInput } from './manifest.ts';

/** An image that a model made; `values` from 0 to 1, row by row, channels innermost. */
export interface Image {
  /** The class it was made as, if the model has classes. */
  readonly label?: string;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Float32Array;
}

/** Opaque RGBA pixels of an image, for `context.putImageData`; outside a browser a plain object of the same shape. */
export function toImageData(image: Image): {
  data: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
  colorSpace: 'srgb';
} {
  const { width, height, channels, values } = image;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      data[4 * pixel + colour] = 255 * values[pixel * channels + Math.min(colour, channels - 1)]!;
    }
  }
  if (typeof ImageData === 'undefined') return { data, width, height, colorSpace: 'srgb' };
  return new ImageData(data, width, height) as ReturnType<typeof toImageData>;
}

/** Rows of flat values as images of the model's size. */
export function imagesOf(
  values: Float32Array,
  { width, height, channels }: ImageInput,
  labels: readonly (string | undefined)[],
): Image[] {
  const size = width * height * channels;
  return labels.map((label, row) => ({
    ...(label === undefined ? {} : { label }),
    width,
    height,
    channels,
    values: values.slice(row * size, (row + 1) * size),
  }));
}
