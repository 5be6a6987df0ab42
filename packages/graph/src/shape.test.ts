import { describe, expect, test } from 'vitest';
import { axisOf, broadcast, fixed, productOf, sizeOf } from './shape.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('broadcasting', () => {
  test.each([
    [[2, 3], [3], [2, 3]],
    [[], [2, 3], [2, 3]],
    [
      [2, 1, 4],
      [3, 1],
      [2, 3, 4],
    ],
    [
      ['batch', 1],
      [1, 3],
      ['batch', 3],
    ],
    [
      ['batch', 3],
      ['batch', 3],
      ['batch', 3],
    ],
  ])('%j and %j make %j', (a, b, both) => {
    expect(broadcast('Add', a, b)).toEqual(both);
    expect(broadcast('Add', b, a)).toEqual(both);
  });

  test.each([
    [[2, 3], [2]],
    [['batch'], [3]],
    [['batch'], ['rows']],
  ])('%j and %j do not fit, and the message names the op and both shapes', (a, b) => {
    const message = new RegExp(`^Add: shapes \\[${a.join(', ')}\\] and \\[${b.join(', ')}\\]`);
    expect(() => broadcast('Add', a, b)).toThrow(message);
    expect(() => broadcast('Add', a, b)).toThrow(code('SHAPES'));
  });
});

test('an axis counts from either end, and stays inside', () => {
  expect(axisOf([4, 5, 6], -1)).toBe(2);
  expect(axisOf([4, 5, 6], 0)).toBe(0);
  for (const axis of [3, -4, 0.5]) expect(() => axisOf([4, 5, 6], axis)).toThrow(code('AXIS'));
});

test('a product may hold one free dimension, as a multiple of it', () => {
  expect(productOf([2, 3])).toBe(6);
  expect(productOf(['batch'])).toBe('batch');
  expect(productOf(['batch', 10])).toBe('10batch');
  expect(productOf(['10batch', 2])).toBe('20batch');
});

test('a free dimension has no number', () => {
  expect(sizeOf([2, 3])).toBe(6);
  expect(() => sizeOf(['batch', 3])).toThrow(code('SYMBOLIC'));
  expect(() => fixed(['batch'])).toThrow(/'batch'/);
});
