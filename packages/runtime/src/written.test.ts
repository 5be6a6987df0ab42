import { describe, expect, test } from 'vitest';
import { columnsOfRows, rowsOfColumns } from './columns.ts';
import type { InputColumn } from './manifest.ts';
import { meaning, wordsAmong } from './written.ts';

const column = (written: InputColumn['written'], kind: InputColumn['kind'] = 'numeric'): InputColumn[] => [
  {
    name: 'x',
    kind,
    tensor: 'numbers',
    ...(kind === 'binary' && { levels: [0, 1] }),
    ...(written && { written }),
  },
];
const day = Date.UTC(2024, 9, 5);

describe('a cell that an app gives is read as the column was written', () => {
  test.each<[unknown, number, InputColumn[]]>([
    ['12.5', 12.5, column(undefined)],
    ['1.072,55 €', 1072.55, column({ decimal: ',' })],
    [12.5, 12.5, column({ decimal: ',' })],
    ['$1,072.55', 1072.55, column({ decimal: '.' })],
    ['5%', 0.05, column({ decimal: '.' })],
    ['Yes', 1, column({ words: ['no', 'yes'] }, 'binary')],
    ['n', 0, column({ words: ['no', 'yes'] }, 'binary')],
    [true, 1, column({ words: ['no', 'yes'] }, 'binary')],
    [0, 0, column({ words: ['no', 'yes'] }, 'binary')],
    ['05/10/2024', day, column({ date: 'dmy' }, 'timestamp')],
    ['10/05/2024', day, column({ date: 'mdy' }, 'timestamp')],
    ['2024-10-05', day, column({ date: 'mdy' }, 'timestamp')],
    [day, day, column({ date: 'dmy' }, 'timestamp')],
    [day / 1000, day, column({ date: 'seconds' }, 'timestamp')],
    ['45570', day, column({ date: 'excel' }, 'timestamp')],
    [45570.5, day + 43_200_000, column({ date: 'excel' }, 'timestamp')],
    [20241005, day, column({ date: 'yyyymmdd' }, 'timestamp')],
    [new Date(day), day, column({ date: 'excel' }, 'timestamp')],
  ])('%o is %o', (cell, value, columns) => {
    expect([...(columnsOfRows([{ x: cell }], columns).x as Float64Array)]).toEqual([value]);
  });

  test.each<[unknown, InputColumn[]]>([
    ['12,5', column(undefined)],
    ['$5', column(undefined)],
    ['1.5', column({ decimal: ',' })],
    ['maybe', column({ words: ['no', 'yes'] }, 'binary')],
    ['05/10/2024', column(undefined, 'timestamp')],
    ['31/02/2024', column({ date: 'dmy' }, 'timestamp')],
    [20241305, column({ date: 'yyyymmdd' }, 'timestamp')],
  ])('or refused: %o', (cell, columns) => {
    expect(() => columnsOfRows([{ x: cell }], columns)).toThrow(
      expect.objectContaining({ code: 'INPUT_TYPE', place: 'row 0, column "x"' }),
    );
  });

  test('and words come back as they were', () => {
    const columns = column({ words: ['N', 'Y'] }, 'binary');
    expect(rowsOfColumns({ x: Float64Array.of(0, 1) }, columns, 2)).toEqual([{ x: 'N' }, { x: 'Y' }]);
  });
});

test('words for 0 and 1 are of one language', () => {
  expect(wordsAmong(['Yes', 'no', 'y'])).toEqual(['no', 'Yes']);
  expect(wordsAmong(['nein', 'Ja'])).toEqual(['nein', 'Ja']);
  for (const texts of [['yes'], ['yes', 'nein'], ['yes', 'no', 'maybe'], ['m', 'f'], []])
    expect(wordsAmong(texts)).toBeUndefined();
  expect(meaning(['no', 'sí'])?.[1]).toContain('si');
});
