import type { Column, TableColumns } from '@semivae/model';
import { profileTexts } from '../columns/profile.ts';
import type { Cells } from '../table/table.ts';
import type { PreparedTable } from './prepare.ts';
import type { RawRows } from './raw-rows.ts';
import type { TrainedRows } from './trained-rows.ts';

/** How a column is distributed: its numbers in ascending order, or how often each level occurs. */
export interface StoredSample {
  readonly name: string;
  readonly kind: 'number' | 'level';
  readonly rows: number;
  readonly missing: number;
  readonly numbers?: readonly number[];
  /** Of moments whose trend no model sees: they are compared by their hour in the week, or in the day. */
  readonly cycle?: 'week' | 'day';
  readonly levels?: Readonly<Record<string, number>>;
}

/** How the columns of some rows that training did not see are distributed: what later data is compared with. */
export interface StoredSamples {
  readonly format: 'semivae-reference';
  readonly columns: readonly StoredSample[];
  /** By which a row that training saw is recognised. */
  readonly trained?: TrainedRows;
}

const rounded = (number: number): number => Number(number.toPrecision(9));

const levelCounts = (levels: readonly (readonly [string, number])[]) => Object.fromEntries(levels);

function sampleOf(name: string, cells: Cells, asLevels: boolean): StoredSample {
  if (cells instanceof Float64Array && !asLevels) {
    const numbers = cells.filter((each) => !Number.isNaN(each)).sort();
    const missing = cells.length - numbers.length;
    return { name, kind: 'number', rows: cells.length, missing, numbers: Array.from(numbers, rounded) };
  }
  const texts = Array.from(cells as ArrayLike<number | string>, (each) =>
    typeof each === 'number' ? (Number.isNaN(each) ? '' : String(each)) : each,
  );
  const { levels, missing, rows } = profileTexts(texts);
  return { name, kind: 'level', rows, missing, levels: levelCounts(levels) };
}

/** The distribution of every column that a model sees. */
export const samplesOf = ({ columns }: TableColumns, rows: RawRows['columns']): readonly StoredSample[] =>
  columns.flatMap((column) =>
    column.kind === 'ignored'
      ? []
      : [
          {
            ...sampleOf(
              column.name,
              rows[column.name]!,
              column.kind === 'categorical' || column.kind === 'binary',
            ),
            ...cycleOf(column),
          },
        ],
  );

function cycleOf(column: Column): Pick<StoredSample, 'cycle'> {
  if (column.kind !== 'timestamp' || !column.parts || column.parts.includes('trend')) return {};
  return { cycle: column.parts.includes('week') ? 'week' : 'day' };
}

/** The text of reference.json. */
export function encodeSamples({ columns, sample, trainedRows, reference }: PreparedTable): string {
  const stored: StoredSamples = {
    format: 'semivae-reference',
    columns: samplesOf(columns, sample.columns),
    // a bundle without rows to compare with tells of no row
    ...(reference.length > 0 && { trained: trainedRows }),
  };
  return `${JSON.stringify(stored)}\n`;
}
