import { SemivaeError } from '@semivae/runtime/core';
import { type TableCode, TableError } from './table-error.ts';

/** What DuckDB says that it may use. */
const limitIn = (message: string): string => /\/([\d.]+ \wi?B) used/.exec(message)?.[1] ?? 'bytes';

interface Translation {
  readonly code: TableCode;
  readonly sign: RegExp;
  readonly problem: (found: RegExpMatchArray) => string;
  readonly remedy: string;
}

const TRANSLATIONS: readonly Translation[] = [
  {
    code: 'TABLE_RAGGED',
    sign: /Expected Number of Columns: (\d+) Found: (\d+)/,
    problem: ([, expected, found]) => `the line has ${found} cells where the first has ${expected}`,
    remedy: 'Correct the line, or quote the cell that holds a delimiter.',
  },
  {
    code: 'TABLE_QUOTES',
    sign: /unterminated quote/,
    problem: () => 'a quote is opened and never closed, or is followed by more text',
    remedy:
      'Close the quote, write a quote inside quotes twice, or say that quotes mean nothing (--quote none).',
  },
  {
    code: 'TABLE_ENCODING',
    sign: /unicode|utf-?8/i,
    problem: () => 'the bytes are not UTF-8',
    remedy: 'Convert the file, for example with iconv -f LATIN1 -t UTF-8.',
  },
  {
    code: 'TABLE_LINE',
    sign: /Maximum line size of (\d+)|maximum_object_size[^\d]*(\d+)/,
    problem: ([, line, object]) => `a line or record is longer than ${line ?? object} bytes`,
    remedy: 'Write one row a line; if it is meant to be so long, split it.',
  },
  {
    code: 'TABLE_BROKEN',
    sign: /state machine reached an invalid state/,
    problem: () => 'its lines end in different ways, or a quote stands where none may',
    remedy: 'Write it with one kind of line end throughout, and cells with quotes in quotes.',
  },
  {
    code: 'TABLE_MEMORY',
    sign: /Out of Memory|could not allocate|failed to (allocate|offload)/i,
    problem: ({ input = '' }) => `it takes more memory than the ${limitIn(input)} that are allowed`,
    remedy: 'Allow more (--memory 2GB), or write it with smaller row groups.',
  },
];

/** Whether DuckDB says that it lacks memory. */
export const lacksMemory = ({ message }: Error): boolean =>
  TRANSLATIONS.some(({ code, sign }) => code === 'TABLE_MEMORY' && sign.test(message));

/** A typed error for what DuckDB said about `place`; errors of our own pass unchanged. */
export function translated(reason: unknown, place: string, otherwise: TableCode = 'TABLE_BROKEN'): Error {
  if (reason instanceof SemivaeError) return reason;
  const { message } = reason as Error;
  const line = message.match(/on Line: (\d+)/i)?.[1] ?? message.match(/in line (\d+)/)?.[1];
  const where = line ? `${place}, line ${line}` : place;
  for (const { code, sign, problem, remedy } of TRANSLATIONS) {
    const found = message.match(sign);
    if (found) return new TableError(code, where, problem(found), remedy, { cause: reason });
  }
  const remedy = otherwise === 'TABLE_SQL' ? 'Correct the query.' : 'Fetch or write the file again.';
  return new TableError(otherwise, where, `it cannot be read: ${told(message)}`, remedy, { cause: reason });
}

/** What DuckDB says, without its kind of error, its advice and its list of settings. */
function told(message: string): string {
  const start = message.slice(0, 2000);
  const [first = start] = start
    .replace(/^[\w ]+ Error: /, '')
    .split(/\n\s*\n|\nPossible|\n\s+file = |\s+Try setting/);
  return first
    .replace(/\s+/g, ' ')
    .slice(0, 300)
    .replace(/[.\s]+$/, '');
}
