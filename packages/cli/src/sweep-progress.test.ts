import { expect, test } from 'vitest';
import { timeLeft } from './sweep-progress.ts';

test('the time left is that of the jobs left, at the pace of this sitting', () => {
  expect(timeLeft({ done: 3, before: 1, all: 4, seconds: 60 })).toBe('0:30 left');
  expect(timeLeft({ done: 1.5, before: 1, all: 4, seconds: 3600 })).toBe('5:00:00 left');
  expect(timeLeft({ done: 1, before: 1, all: 4, seconds: 60 })).toBe('… left');
});
