import { type Cells, memoryTable, type Table, type TableColumn } from '@semivae/data';
import type { Row } from '@semivae/runtime';
import { normals, uniforms } from './numbers.ts';

/** Raw cells by column. */
export type People = Readonly<Record<string, Cells>>;

const types: Readonly<Record<string, TableColumn['type']>> = {
  wealth: 'number',
  income: 'number',
  spent: 'number',
  visits: 'number',
  age: 'number',
  city: 'text',
  member: 'boolean',
  since: 'timestamp',
  id: 'text',
  class: 'text',
};

/** The columns that numbers are pushed in. */
export const NUMERIC = ['wealth', 'income', 'spent', 'age'] as const;

/** Which of three a number is, if they lie one behind the other. */
const third = (number: number, names: readonly string[]) => names[number < -0.5 ? 0 : number < 0.5 ? 1 : 2]!;

/**
 * Made-up people whose columns hang on one hidden number, and so on each other; each twelfth cell or so is missing. `class`
 * hangs on it too.
 */
export function people(rows: number, name: string): People {
  const noise = (column: string) => normals([rows], `${name} ${column}`).data;
  const hidden = noise('hidden');
  const own = (column: string, cell: (hidden: number, own: number, row: number) => number) => {
    const drawn = noise(column);
    const gone = uniforms([rows], `${name} ${column}`).data;
    return hidden.map((each, row) => (gone[row]! < 0.08 ? Number.NaN : cell(each, drawn[row]!, row)));
  };
  const textual = (column: string, text: (hidden: number, own: number) => string) => {
    const drawn = noise(column);
    const gone = uniforms([rows], `${name} ${column}`).data;
    return Array.from(hidden, (each, row) => (gone[row]! < 0.08 ? '' : text(each, drawn[row]!)));
  };
  const town = (number: number) => (number > 2.2 ? 'Visby' : third(number, ['Lund', 'Malmö', 'Ystad']));
  return {
    wealth: own('wealth', (h, e) => 50 + 10 * h + 2 * e),
    income: own('income', (h, e) => 3 * Math.exp(1.2 * h + 0.3 * e)),
    spent: own('spent', (h, e) => -4 * h + e),
    visits: own('visits', (h, e) => Math.floor(Math.exp(0.8 * h + 0.5 * e))),
    age: own('age', (_, e) => 40 + 8 * e),
    city: textual('city', (h, e) => town(h + 0.3 * e)),
    member: own('member', (h, e) => Number(h + 0.5 * e > 0)),
    since: own('since', (h, e) => 1.6e12 + 1e10 * (h + e)),
    id: Array.from({ length: rows }, (_, row) => `${name} ${row}`),
    class: Array.from(hidden, (each) => (each > 0 ? 'high' : 'low')),
  };
}

/** Some of the columns as a table. */
export const tableOf = (cells: People): Table =>
  memoryTable(
    'people.csv',
    Object.keys(cells).map((name) => ({ name, type: types[name]! })),
    cells,
  );

/** As an app has them: an object for each. */
export function rowsOf(cells: People): Row[] {
  const names = Object.keys(cells);
  const cell = (each: number | string) => (each === '' || Number.isNaN(each) ? null : each);
  return Array.from({ length: cells[names[0]!]!.length }, (_, row) =>
    Object.fromEntries(names.map((name) => [name, cell(cells[name]![row]!)])),
  );
}
