import { expect, test } from 'vitest';
import { styleFor } from './style.ts';

test('colour on terminals only, and never against NO_COLOR', () => {
  const red = (isTTY: boolean, env: NodeJS.ProcessEnv) => styleFor({ isTTY }, env)('red', 'word') !== 'word';
  expect(red(true, {})).toBe(true);
  expect(red(false, {})).toBe(false);
  expect(red(true, { NO_COLOR: '1' })).toBe(false);
  expect(red(true, { TERM: 'dumb' })).toBe(false);
});
