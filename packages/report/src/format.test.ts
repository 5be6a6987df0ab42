import { expect, test } from 'vitest';
import { chance, figure, percent, shortened } from './format.ts';

test.each([
  [0, '0'],
  [1987, '1987'],
  [48210, '48,210'],
  [-14.6612, '−14.66'],
  [1234567.8, '1,234,568'],
  [0.30000000000000004, '0.3'],
  [0.00001234, '1.23E−5'],
  [3e12, '3E12'],
  [Number.NEGATIVE_INFINITY, '−∞'],
])('%d reads %s', (value, text) => expect(figure(value)).toBe(text));

test('shares near none and near all are not rounded to them', () => {
  expect([0, 0.0001, 0.0123, 0.9999, 1].map(percent).map((text) => text.replaceAll('\u00a0', ' '))).toEqual([
    '0 %',
    '< 0.1 %',
    '1.2 %',
    '> 99.9 %',
    '100 %',
  ]);
});

test('a p-value is never nought', () => expect(chance(0)).toMatch(/^<.0\.0001$/));

test('long names lose their end, by characters', () => {
  expect(shortened('🦊🦊🦊🦊', 3)).toBe('🦊🦊…');
  expect(shortened('abc', 3)).toBe('abc');
});
