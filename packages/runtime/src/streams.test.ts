import { expect, test } from 'vitest';
import { reservedStreams, streamOf, streamUses } from './streams.ts';

const all = streamUses.flatMap(([use, count]) =>
  Array.from({ length: count }, (_, index) => streamOf(use, index)),
);

test('no two uses of noise share a stream, nor one with a caller', () => {
  expect(new Set(all).size).toBe(all.length);
  expect(Math.min(...all)).toBeGreaterThanOrEqual(reservedStreams);
  expect(Math.max(...all)).toBeLessThan(2 ** 32);
});

test('a use never reaches into the next', () => {
  for (const [use, count] of streamUses) expect(() => streamOf(use, count)).toThrow(RangeError);
});
