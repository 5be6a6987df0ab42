import {
  type DateOrder,
  type DateUnit,
  type DecimalSign,
  dateOrders,
  dateUnits,
} from '@semivae/runtime/core';
import { type Command, InvalidArgumentError } from 'commander';

/** How the cells of a table are written, where a person says so. */
export interface ReadingFlags {
  readonly missing?: string;
  readonly header?: boolean;
  readonly delimiter?: string;
  /** Empty: quotes mean nothing. */
  readonly quote?: string;
  readonly encoding?: string;
  readonly decimal?: DecimalSign;
  readonly dateFormat?: DateOrder | DateUnit;
}

function delimiter(text: string): string {
  const named = new Map([
    ['tab', '\t'],
    ['\\t', '\t'],
    ['comma', ','],
    ['semicolon', ';'],
  ]).get(text.toLowerCase());
  if (named !== undefined || [...text].length === 1) return named ?? text;
  throw new InvalidArgumentError('Give one character, or tab.');
}

function quote(text: string): string {
  if (text === 'none') return '';
  if (text.length === 1) return text;
  throw new InvalidArgumentError('Give one character, or none.');
}

function decimal(text: string): DecimalSign {
  const sign = { point: '.', comma: ',' }[text] ?? text;
  if (sign === '.' || sign === ',') return sign;
  throw new InvalidArgumentError('Give . or , (point or comma).');
}

/** `dmy` of `dmy`, `dd/mm/yyyy` and `DD.MM.YYYY`. */
const shortened = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/(.)\1+/g, '$1');

function dateFormat(text: string): DateOrder | DateUnit {
  const all = [...dateOrders, ...dateUnits];
  const found = all.find((each) => each === text.toLowerCase() || each === shortened(text));
  if (found) return found;
  throw new InvalidArgumentError(`Give ${all.join(', ')}.`);
}

/** Adds the options that say how cells are written; `otherwise` is what holds without them. */
export const withReadingFlags = (command: Command, otherwise: string): Command =>
  command
    .option('--missing <texts>', 'texts that mean a missing cell, such as ?,NA')
    .option('--header', `the first line of a CSV file names its columns (default: ${otherwise})`)
    .option('--no-header', 'it does not')
    .option(
      '--delimiter <character>',
      `what stands between cells of a CSV file (default: ${otherwise})`,
      delimiter,
    )
    .option(
      '--quote <character>',
      'what stands around cells that hold a delimiter, or none (default: ")',
      quote,
    )
    .option('--encoding <name>', `of CSV and JSON files: windows-1252, utf-16le, … (default: ${otherwise})`)
    .option(
      '--decimal <sign>',
      `the decimal sign of numbers in texts, . or , (default: ${otherwise})`,
      decimal,
    )
    .option(
      '--date-format <format>',
      `dmy, mdy, or what numbers count: excel, seconds, milliseconds, microseconds, yyyymmdd (default: ${otherwise})`,
      dateFormat,
    );
