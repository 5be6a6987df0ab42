import { expect, test } from 'vitest';
import { visibleLine, visibleText } from './visible.ts';

test('nothing that a terminal obeys is left of any text, and letters of every script stay (fault 89)', () => {
  for (let code = 0; code < 0x3000; code++) {
    const shown = visibleLine(String.fromCharCode(code));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be left
    expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  }
  expect(visibleLine('é 日本 🙂 👩‍💻 \\u')).toBe('é 日本 🙂 👩‍💻 \\u');
});

test('a JSON text stays the same value', () => {
  const value = { 'a\u009b': ['\u001b[2J', '\n', '\u202e', '\u007f'] };
  expect(JSON.parse(visibleLine(JSON.stringify(value)))).toEqual(value);
});

test('lines stay lines only where several are shown', () => {
  expect(visibleText('a\n\tb\r\u001b')).toBe('a\n\tb\\r\\u001b');
  expect(visibleLine('a\nb')).toBe('a\\nb');
});
