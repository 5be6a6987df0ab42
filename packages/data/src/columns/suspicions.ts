import type { TableColumns } from '@semivae/model';
import type { RawRows } from '../rows/raw-rows.ts';
import { profileNumbers } from './profile.ts';

/** Why a column of texts is ignored that may well be of use. */
export const IDENTIFIER = 'an identifier, or free text';

/** Warnings of columns that were taken for identifiers: a person may know better. */
export const identifiers = ({ columns }: TableColumns): readonly string[] =>
  columns.flatMap((column) =>
    column.kind === 'ignored' && column.reason.endsWith(IDENTIFIER)
      ? [
          `column '${column.name}' is left out: ${column.reason}; if it is neither, say what it is: --column '${column.name}=categorical', or numeric`,
        ]
      : [],
  );

/** Numbers that stand for a missing value in many files. */
const CODES = [-9999, -999, -99, -1, 99, 999, 9999, 99_999, 999_999];
/** How often such a number occurs, and how far it lies from all others, in their span. */
const LEAST_ROWS = 5;
const FAR = 1;

/** The number at an end of the values that is probably a code; undefined where there is none. */
function codeIn(cells: Float64Array): number | undefined {
  const { values, counts } = profileNumbers(cells);
  if (values.length < 10) return undefined;
  const last = values.length - 1;
  const isCode = (at: number, next: number, span: number) =>
    CODES.includes(values[at]!) &&
    counts[at]! >= LEAST_ROWS &&
    Math.abs(values[at]! - values[next]!) > FAR * span;
  if (isCode(0, 1, values[last]! - values[1]!)) return values[0];
  return isCode(last, last - 1, values[last - 1]! - values[0]!) ? values[last] : undefined;
}

/** Warnings of numbers far from all others of their column that probably mean that a value is missing. */
export const codesForMissing = ({ columns }: TableColumns, rows: RawRows): readonly string[] =>
  columns.flatMap(({ name, kind }) => {
    if (kind !== 'numeric' && kind !== 'count') return [];
    const cells = rows.columns[name];
    const code = cells instanceof Float64Array ? codeIn(cells) : undefined;
    if (code === undefined) return [];
    return [
      `column '${name}' has ${code} far from all other numbers: if it means that a value is missing, say so (--missing ${code})`,
    ];
  });
