import { interpret } from '@semivae/graph';
import { expect, test } from 'vitest';
import { encodeImages, featuresOf, rawImages } from './columns.ts';

const columns = { kind: 'image', width: 2, height: 2, channels: 1 } as const;

test('bytes 0 to 255 become 0 to 1', () => {
  const raw = rawImages(columns, 1, 'x');
  expect(raw).toMatchObject({ type: 'uint8', shape: [1, 4] });
  expect(featuresOf({ ...columns, channels: 3 })).toBe(12);
  const x = { shape: [1, 4], data: Float64Array.of(0, 51, 102, 255) };
  const [found] = interpret([encodeImages(raw)], { x });
  [0, 0.2, 0.4, 1].forEach((each, i) => expect(found!.data[i]).toBeCloseTo(each, 12));
});
