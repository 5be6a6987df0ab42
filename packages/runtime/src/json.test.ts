import { describe, expect, test } from 'vitest';
import { printJson } from './json.ts';

const NASTY = [
  '[18, 25]',
  'income [0 1]',
  '[ ]',
  '[1,\n 2]',
  '{"a": [1, 2]}',
  'a"b\\c',
  '\u2028\u2029',
  '🚚 [3, 4]',
  '\ud800',
  '',
  '  ',
  '__proto__',
  'constructor',
  'toString',
];

describe('JSON is printed', () => {
  test('with every text as it is, wherever it stands', () => {
    for (const text of NASTY) {
      const value = Object.fromEntries([
        [text, [text, [text], { deep: text }, [1, text, 2], null, true]],
        ['numbers', [1, -2.5e-7, 3]],
      ]);
      expect(JSON.stringify(JSON.parse(printJson(value)))).toBe(JSON.stringify(value));
    }
  });

  test('as JSON.stringify indents it, but with lists of numbers on one line', () => {
    const plain = { a: { b: ['x', { c: null }], d: [], e: {} }, f: 'g', gone: undefined, h: [[true]] };
    expect(printJson(plain)).toBe(`${JSON.stringify(plain, null, 2)}\n`);
    expect(printJson({ a: [1, 2, 3], b: [[4, 5]] })).toBe(
      '{\n  "a": [1,2,3],\n  "b": [\n    [4,5]\n  ]\n}\n',
    );
  });

  test('with what is no number as JSON has it', () => {
    expect(printJson([Number.NaN, 1])).toBe('[\n  null,\n  1\n]\n');
    expect(printJson(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"\n');
  });
});
