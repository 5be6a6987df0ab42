import { expect, test } from 'vitest';
import { imagesOf, toImageData } from './image.ts';

test('a grey image becomes opaque grey pixels', () => {
  const values = Float32Array.of(0, 0.5, 1, 0.2);
  const pixels = toImageData({ width: 2, height: 2, channels: 1, values });
  expect(pixels).toMatchObject({ width: 2, height: 2 });
  expect([...pixels.data]).toEqual([0, 128, 255, 51].flatMap((value) => [value, value, value, 255]));
  const typed: ImageData = pixels;
  expect(typed.colorSpace).toBe('srgb');
});

test('a colour image keeps its colours', () => {
  const pixels = toImageData({ width: 1, height: 1, channels: 3, values: Float32Array.of(1, 0, 0.6) });
  expect([...pixels.data]).toEqual([255, 0, 153, 255]);
});

test('images own their values', () => {
  const input = { kind: 'image', width: 2, height: 1, channels: 1, type: 'uint8', encoding: 'x' } as const;
  const [one, two] = imagesOf(Float32Array.of(1, 2, 3, 4), input, ['a', undefined]);
  expect(one).toEqual({ label: 'a', width: 2, height: 1, channels: 1, values: Float32Array.of(1, 2) });
  expect(two).not.toHaveProperty('label');
  expect(two!.values.buffer.byteLength).toBe(8);
});
