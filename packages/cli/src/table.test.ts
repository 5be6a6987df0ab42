import { describe, expect, test } from 'vitest';
import { showBytes, showMinutes, sparkline, table } from './table.ts';

describe('table', () => {
  test('aligns words left and numbers right', () => {
    const rows = [
      ['class', 'error'],
      ['one', '7.50 %'],
      ['eleven', '12.00 %'],
    ];
    expect(table(rows)).toBe('class     error\none      7.50 %\neleven  12.00 %');
  });

  test('a head alone is a table', () => expect(table([['a', 'b']])).toBe('a  b'));
});

describe('sparkline', () => {
  test('goes from the lowest bar to the highest', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([3, 3])).toBe('▁▁');
  });

  test('is never wider than asked', () => {
    expect(sparkline(Array.from({ length: 1000 }, Math.random), 40)).toHaveLength(40);
  });
});

test('sizes and times as people read them', () => {
  expect([12, 12_345, 1_234_567].map(showBytes)).toEqual(['12 B', '12.3 kB', '1.2 MB']);
  expect([0.5, 1.999, 61].map(showMinutes)).toEqual(['30 s', '2 min 0 s', '61 min 0 s']);
});
