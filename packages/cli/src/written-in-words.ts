import type { Written } from '@semivae/runtime/core';

const DATES: Readonly<Record<NonNullable<Written['date']>, string>> = {
  dmy: 'written as day, month, year',
  mdy: 'written as month, day, year',
  excel: 'written as the days of a spreadsheet',
  seconds: 'written as seconds since 1970',
  milliseconds: 'written as milliseconds since 1970',
  microseconds: 'written as microseconds since 1970',
  yyyymmdd: 'written as yyyymmdd',
};

const DECIMALS = {
  '.': 'written with signs, or with commas between thousands',
  ',': 'written with a decimal comma',
} as const;

/** How the cells of a column are written, where that is not plain; none or one sentence. */
export function writtenInWords({ written = {} }: { readonly written?: Written }): readonly string[] {
  const { decimal, date } = written;
  return [...(decimal ? [DECIMALS[decimal]] : []), ...(date ? [DATES[date]] : [])];
}
