import type { Cells, RawRows } from '@semivae/data';
import { TrainingError } from './errors.ts';
import { openRecord, sealRecord } from './sealed.ts';

/** A column of raw cells in a file: texts, or the bytes of float64 numbers in base64, which lose no digit. */
type KeptColumn =
  | { readonly name: string; readonly numbers: string }
  | { readonly name: string; readonly texts: readonly string[] };

interface KeptFile {
  readonly format: 'semivae-cells';
  readonly rows: number;
  readonly columns: readonly KeptColumn[];
}

const keptColumn = ([name, cells]: readonly [string, Cells]): KeptColumn =>
  cells instanceof Float64Array
    ? {
        name,
        numbers: Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('base64'),
      }
    : { name, texts: cells };

/** Raw rows as JSON with a checksum, column by column. */
export function encodeRows({ rows, columns }: RawRows): string {
  const kept: KeptFile = { format: 'semivae-cells', rows, columns: Object.entries(columns).map(keptColumn) };
  return `${JSON.stringify(sealRecord(kept))}\n`;
}

function cellsOf(column: KeptColumn): Cells {
  if ('texts' in column) return column.texts;
  // a copy, for alignment
  const bytes = Uint8Array.from(Buffer.from(column.numbers, 'base64'));
  return new Float64Array(bytes.buffer);
}

/** The rows again, of what was parsed. Throws `CHECKSUM`, `RUN_FILE` where it is something else. */
export function decodeRows(parsed: unknown, place: string): RawRows {
  if (typeof parsed !== 'object' || parsed === null) throw misread(place);
  const { format, rows, columns } = openRecord(parsed as KeptFile, place, 'none is older');
  if (format !== 'semivae-cells') throw misread(place);
  return { rows, columns: Object.fromEntries(columns.map((column) => [column.name, cellsOf(column)])) };
}

function misread(place: string): TrainingError {
  return new TrainingError('RUN_FILE', place, 'it does not hold the rows of a run', 'Train the run again.');
}
