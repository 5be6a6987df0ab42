import {
  DAY_NAMED_MONTH,
  type DateOrder,
  type DateUnit,
  type DecimalSign,
  datePattern,
  EXCEL_1970,
  MONTHS,
  meaning,
  NAMED_MONTH_DAY,
  NEGATIVE,
  numberPattern,
} from '@semivae/runtime/core';
import { text } from './duckdb.ts';

/** SQL of whether a text spells a number with this decimal sign. */
export const isNumber = (cell: string, decimal: DecimalSign): string =>
  `regexp_matches(${cell}, ${text(numberPattern(decimal))})`;

/** SQL of the double that a text spells, as `writtenNumber` reads it; null where it spells none. */
export function numberIn(cell: string, decimal: DecimalSign): string {
  const digits = `regexp_extract(${cell}, ${text(numberPattern(decimal))}, 1)`;
  const kept = decimal === '.' ? '[^0-9.eE+-]' : '[^0-9,eE+-]';
  const plain = `replace(regexp_replace(${digits}, ${text(kept)}, '', 'g'), ',', '.')`;
  const sign = `if(regexp_matches(${cell}, ${text(NEGATIVE)}), -1, 1)`;
  return `(TRY_CAST(${plain} AS DOUBLE) * ${sign} / if(contains(${cell}, '%'), 100, 1))`;
}

const NAMES = MONTHS.flatMap((month, i) => [
  [month, i + 1] as const,
  ...(month.length > 3 ? [[month.slice(0, 3), i + 1] as const] : []),
]);

const monthOf = (name: string) =>
  `(CASE lower(${name}) ${[...NAMES, ['sept', 9] as const].map(([each, i]) => `WHEN '${each}' THEN '${i}'`).join(' ')} END)`;

const GROUPS = {
  dmy: ['day', 'month'],
  mdy: ['month', 'day'],
} as const;

/** SQL of microseconds since 1970 that a match of a pattern of dates stands for. */
function microseconds(cell: string, pattern: string, first: readonly string[], month: string): string {
  const names = [...first, 'year', 'hour', 'minute', 'second', 'half'];
  const found = `regexp_extract(${cell}, ${text(pattern)}, [${names.map(text).join(', ')}])`;
  const year = `if(length(p.year) = 2, if(p.year < '69', '20', '19') || p.year, p.year)`;
  const hours = `if(p.half = '', p.hour, (p.hour::INTEGER % 12 + if(lower(p.half) = 'p', 12, 0))::VARCHAR)`;
  const seconds = `if(p.second = '', '0', p.second)`;
  const time = `if(p.hour = '', '', ' ' || ${hours} || ':' || p.minute || ':' || ${seconds})`;
  const fits = `p.half = '' OR p.hour = '' OR p.hour::INTEGER <= 12`;
  const moment = `TRY_CAST(${year} || '-' || ${month} || '-' || p.day || ${time} AS TIMESTAMP)`;
  return `list_transform([${found}], lambda p: if(${fits}, epoch_us(${moment}), NULL))[1]`;
}

/** SQL of the milliseconds of a text that is a date in this order, as `writtenTime` reads it; null where it is none. */
export function timeIn(cell: string, order: DateOrder): string {
  const readings = [
    microseconds(cell, datePattern(order), GROUPS[order], 'p.month'),
    microseconds(cell, DAY_NAMED_MONTH, ['day', 'month'], monthOf('p.month')),
    microseconds(cell, NAMED_MONTH_DAY, ['month', 'day'], monthOf('p.month')),
  ];
  return `floor(coalesce(${readings.join(', ')}) / 1000)`;
}

const DAY = 86_400_000;

/** SQL of the milliseconds that a number counts, as `countedTime` does; null where it is no date. */
export function timeOf(number: string, unit: DateUnit): string {
  if (unit === 'excel') return `round((${number} - ${EXCEL_1970}) * ${DAY})`;
  if (unit === 'seconds') return `(${number} * 1000)`;
  if (unit === 'milliseconds') return number;
  if (unit === 'microseconds') return `(${number} / 1000)`;
  const digits = `if(${number} BETWEEN 10000101 AND 99991231 AND ${number} = trunc(${number}), ${number}::BIGINT::VARCHAR, '')`;
  return `(epoch_us(TRY_CAST(regexp_replace(${digits}, '^(....)(..)(..)$', '\\1-\\2-\\3') AS TIMESTAMP)) / 1000)`;
}

/** SQL of 0 or 1, as `writtenTruth` reads it; null where the text is no such word. */
export function truthIn(cell: string, words: readonly [string, string]): string {
  const [zeros, ones] = meaning(words) ?? [[words[0].toLowerCase()], [words[1].toLowerCase()]];
  const among = (texts: readonly string[]) => `lower(trim(${cell})) IN (${texts.map(text).join(', ')})`;
  return `(CASE WHEN ${among(ones)} THEN 1 WHEN ${among(zeros)} THEN 0 END)::DOUBLE`;
}
