import { expect, test } from 'vitest';
import { harmless, styleFor } from './style.ts';

test('colour on terminals only, and never against NO_COLOR', () => {
  const red = (isTTY: boolean, env: NodeJS.ProcessEnv) => styleFor({ isTTY }, env)('red', 'word') !== 'word';
  expect(red(true, {})).toBe(true);
  expect(red(false, {})).toBe(false);
  expect(red(true, { NO_COLOR: '1' })).toBe(false);
  expect(red(true, { TERM: 'dumb' })).toBe(false);
});

test('on a terminal colours of ours stay, and nothing else that it would obey (fault 89)', () => {
  const terminal = { isTTY: true };
  const red = styleFor(terminal, {})('red', 'word');
  expect(harmless(`${red} \u001b[2J\u001b[8m\r`, terminal)).toContain('\\u001b[2J\\u001b[8m\\r');
  expect(harmless('\u001b[31mword', {})).toBe('\\u001b[31mword');
});
