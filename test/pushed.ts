import { type ColumnAnswers, type Columns, integers } from '@semivae/runtime/node';

const mean = (numbers: Float64Array): number =>
  numbers.reduce((total, each) => total + each, 0) / numbers.length;

function deviation(cells: Float64Array): number {
  const there = cells.filter((each) => !Number.isNaN(each));
  const centre = mean(there);
  return Math.sqrt(mean(there.map((each) => (each - centre) ** 2)));
}

/** Rows that each have one number pushed 10 to 50 deviations out, and the column of that number. */
export interface Pushed {
  readonly columns: readonly string[];
  readonly cells: Columns;
}

/** Random rows of some, in each of which a random one of these columns is pushed out. */
export function pushed(cells: Columns, names: readonly string[], trials: number): Pushed {
  const deviations = new Map(names.map((name) => [name, deviation(cells[name] as Float64Array)]));
  const draw = (below: number, stream: number) => integers(trials, below, { seed: 5, stream, step: 0 });
  const rows = cells[names[0]!]!.length;
  const [start, sign, far] = [draw(rows, 0), draw(2, 1), draw(1000, 2)];
  const columns = Array.from(draw(names.length, 3), (at) => names[at]!);
  const chosen = columns.map((name, i) => {
    let row = start[i]!;
    while (Number.isNaN(cells[name]![row])) row = (row + 1) % rows;
    return row;
  });
  const by = columns.map((name, i) => (2 * sign[i]! - 1) * (10 + far[i]! / 25) * deviations.get(name)!);
  const moved = (name: string, of: Columns[string]): Columns[string] =>
    of instanceof Float64Array
      ? Float64Array.from(chosen, (row, i) => of[row]! + (columns[i] === name ? by[i]! : 0))
      : chosen.map((row) => of[row]!);
  return {
    columns,
    cells: Object.fromEntries(Object.entries(cells).map(([name, of]) => [name, moved(name, of)])),
  };
}

/** The column that adds most to the score of each row. */
export const topColumns = ({ rows, columns, contributions }: ColumnAnswers): string[] =>
  Array.from({ length: rows }, (_, row) => {
    const own = contributions.subarray(row * columns.length, (row + 1) * columns.length);
    return columns[own.indexOf(Math.max(...own))]!;
  });
