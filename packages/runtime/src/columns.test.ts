import { describe, expect, test } from 'vitest';
import { columns } from '../test/table.ts';
import type { Row } from './cells.ts';
import {
  type Columns,
  columnsOfCells,
  columnsOfRows,
  rawTensors,
  rowsOfColumns,
  unseenCells,
} from './columns.ts';

const row: Row = { age: 30, colour: 'green', member: true, shape: 'round', when: 0 };
const read = (cells: Readonly<Record<string, unknown>>) =>
  columnsOfRows([row, { ...row, ...cells }], columns);
const cell = (name: string, value: unknown) => read({ [name]: value })[name]![1];

describe('a cell', () => {
  test.each([
    ['age', 1.5, 1.5],
    ['age', -0, -0],
    ['age', 12n, 12],
    ['age', -(2n ** 53n) + 1n, -(2 ** 53) + 1],
    ['age', true, 1],
    ['member', false, 0],
    ['when', new Date(5), 5],
    ['when', 5, 5],
    ['when', 5n, 5],
    ['when', '1970-01-01', 0],
    ['when', '1970-01-02T00:00', 86_400_000],
    ['when', '1970-01-01 00:00:01', 1000],
    ['when', '1970-01-01T00:00:00.25Z', 250],
    ['when', '1970-01-01T00:00:00.123456+00', 123],
    ['when', '1970-01-01T02:00:00+02:00', 0],
    ['when', '1970-01-01 00:00:00-0130', 5_400_000],
    ['when', '+275760-09-13', 8.64e15],
    ['when', '2024-02-29', Date.UTC(2024, 1, 29)],
    ['age', '30.5', 30.5],
    ['age', ' -1e3 ', -1000],
    ['age', ' ', Number.NaN],
    ['colour', 'red', 'red'],
    ['colour', 1.5, '1.5'],
    ['colour', 7n, '7'],
    ['colour', true, 'true'],
    ['colour', ' ', ' '],
  ])('of %s given as %o is %o', (name, given, raw) => {
    expect(cell(name, given)).toBe(raw);
  });

  test.each([null, undefined, '', Number.NaN])('given as %o is missing (fault 47)', (given) => {
    expect(cell('age', given)).toBeNaN();
    expect(cell('when', given)).toBeNaN();
    expect(cell('colour', given)).toBe('');
  });

  test.each([
    ['INPUT_TYPE', 'age', 'a'],
    ['INPUT_TYPE', 'age', '30,5'],
    ['INPUT_TYPE', 'age', '0x10'],
    ['INPUT_TYPE', 'age', '9007199254740993'],
    ['INPUT_TYPE', 'age', '1e999'],
    ['INPUT_TYPE', 'age', new Date(0)],
    ['INPUT_TYPE', 'age', [1]],
    ['INPUT_TYPE', 'age', {}],
    ['INPUT_TYPE', 'age', 2n ** 53n],
    ['INPUT_NOT_FINITE', 'age', Infinity],
    ['INPUT_NOT_FINITE', 'when', -Infinity],
    ['INPUT_NOT_FINITE', 'colour', Infinity],
    ['INPUT_TYPE', 'when', true],
    ['INPUT_TYPE', 'when', new Date(Number.NaN)],
    ['INPUT_TYPE', 'when', '5'],
    ['INPUT_TYPE', 'when', 'March 7'],
    ['INPUT_TYPE', 'when', '2024-02-30'],
    ['INPUT_TYPE', 'when', '2023-02-29T10:00:00Z'],
    ['INPUT_TYPE', 'when', '2024-01-01T25:00'],
    ['INPUT_TYPE', 'when', '2024-01-01T10'],
    ['INPUT_TYPE', 'colour', new Date(0)],
    ['INPUT_TYPE', 'colour', Symbol('a')],
    ['INPUT_TYPE', 'colour', () => 'red'],
  ])('is refused by %s where %s is %o (fault 67, fault 70)', (code, name, given) => {
    const error = { code, place: `row 1, column "${name}"` };
    expect(() => read({ [name]: given })).toThrow(expect.objectContaining(error));
  });

  test('that is not given is asked for (fault 51)', () => {
    const { age: _, ...rest } = row;
    expect(() => columnsOfRows([row, rest], columns)).toThrow(
      expect.objectContaining({
        code: 'COLUMN_MISSING',
        place: 'row 1, column "age"',
        remedy: 'Give null for a missing cell.',
      }),
    );
  });
});

const given: Columns = {
  when: Float64Array.of(1, 2),
  member: Float64Array.of(0, 1),
  age: Float64Array.of(3, Number.NaN),
  shape: ['red', ''],
  colour: ['blue', 'x'],
};

describe('columns', () => {
  test('lie side by side in the tensors, in the order of the manifest', () => {
    expect(rawTensors(given, columns)).toEqual({
      rows: 2,
      data: {
        numbers: Float64Array.of(3, 0, 1, Number.NaN, 1, 2),
        texts: ['blue', 'red', 'x', ''],
      },
    });
  });

  test('of one type alone have one tensor', () => {
    const numbers = columns.filter(({ tensor }) => tensor === 'numbers');
    expect(Object.keys(rawTensors(given, numbers).data)).toEqual(['numbers']);
    const texts = columns.filter(({ tensor }) => tensor === 'texts');
    expect(Object.keys(rawTensors(given, texts).data)).toEqual(['texts']);
  });

  test('come back from the tensors as they were', () => {
    const { numbers, texts } = rawTensors(given, columns).data;
    const cells = { 'cells/numbers': numbers!, 'cells/texts': [...texts!] };
    expect(columnsOfCells(cells, columns, 2)).toEqual(given);
  });

  test('and rows say the same', () => {
    expect(columnsOfRows(rowsOfColumns(given, columns, 2), columns)).toEqual(given);
    expect(rowsOfColumns(given, columns, 2)).toEqual([
      { age: 3, colour: 'blue', member: false, shape: 'red', when: new Date(1) },
      { age: null, colour: 'x', member: true, shape: null, when: new Date(2) },
    ]);
  });

  test('tell what was never seen, which a missing cell is not', () => {
    const odd = { ...given, member: Float64Array.of(2, Number.NaN), shape: ['', 'Red'] };
    expect([...unseenCells(odd, columns, 2)]).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 1, 0]);
  });

  test.each([
    ['COLUMN_MISSING', 'column "age"', { age: undefined }],
    ['INPUT_TYPE', 'column "age"', { age: [1, 2] }],
    ['INPUT_TYPE', 'column "age"', { age: Float32Array.of(1, 2) }],
    ['INPUT_TYPE', 'column "colour"', { colour: Float64Array.of(1, 2) }],
    ['INPUT_SHAPE', 'column "when"', { when: Float64Array.of(1) }],
    ['INPUT_NOT_FINITE', 'row 1, column "when"', { when: Float64Array.of(1, -Infinity) }],
    ['INPUT_TYPE', 'row 1, column "shape"', { shape: ['red', null] }],
    ['INPUT_TYPE', 'row 0, column "shape"', { shape: ['red\0', ''] }],
  ])('are refused by %s at %s', (code, place, spoilt) => {
    const entries = Object.entries({ ...given, ...spoilt }).filter(([, each]) => each !== undefined);
    expect(() => rawTensors(Object.fromEntries(entries) as Columns, columns)).toThrow(
      expect.objectContaining({ code, place }),
    );
  });
});
