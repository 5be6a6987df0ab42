import type { Cells, StoredSample } from '@semivae/data';
import type { ColumnSample } from '@semivae/statistics';

/** What a bundle keeps of a column's distribution, as it is compared. */
export const keptSample = ({
  name,
  kind,
  rows,
  missing,
  numbers,
  levels,
  cycle,
}: StoredSample): ColumnSample => ({
  name,
  kind,
  rows,
  missing,
  ...(numbers && { numbers: Float64Array.from(numbers, (each) => inCycle(each, cycle)) }),
  ...(levels && { levels }),
});

const HOUR = 3_600_000;
/** The first day of 1970 was a Thursday. */
const MONDAY = 72;

/** A moment as its hour since Monday or since midnight; any other number as it is. */
function inCycle(number: number, cycle: StoredSample['cycle']): number {
  if (!cycle) return number;
  const hours = number / HOUR + MONDAY;
  const length = cycle === 'week' ? 168 : 24;
  return hours - length * Math.floor(hours / length);
}

/** Cells of a column as they come, to be compared with what is kept of it. */
export interface Gathering {
  add(cells: Cells): void;
  sample(): ColumnSample;
}

/** What is kept has nine digits: new numbers must have no more, or equal ones would differ. */
const rounded = (number: number): number => Number(number.toPrecision(9));

/** Gathers a column that is kept as numbers or as levels. */
export const gather = ({ name, kind, cycle }: StoredSample): Gathering =>
  kind === 'number' ? gatherNumbers(name, cycle) : gatherLevels(name);

function gatherNumbers(name: string, cycle: StoredSample['cycle']): Gathering {
  const numbers: number[] = [];
  return {
    add(cells) {
      for (const cell of cells as Float64Array) numbers.push(inCycle(rounded(cell), cycle));
    },
    sample: () => ({
      name,
      kind: 'number',
      numbers: Float64Array.from(numbers),
      missing: numbers.filter(Number.isNaN).length,
      rows: numbers.length,
    }),
  };
}

function gatherLevels(name: string): Gathering {
  const counts = new Map<string, number>();
  let [rows, missing] = [0, 0];
  return {
    add(cells) {
      for (const cell of cells) {
        rows++;
        if (cell === '' || Number.isNaN(cell)) missing++;
        else counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
      }
    },
    sample: () => ({ name, kind: 'level', levels: Object.fromEntries(counts), missing, rows }),
  };
}

/** Scores as a column of numbers. */
export const scoreSample = (scores: readonly number[]): ColumnSample => ({
  name: 'score',
  kind: 'number',
  numbers: Float64Array.from(scores),
  missing: scores.filter(Number.isNaN).length,
  rows: scores.length,
});
