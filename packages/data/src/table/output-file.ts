import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { visibleText } from '@semivae/runtime/core';
import { putInPlace, removePartials, temporaryFor } from '../files/atomic-files.ts';
import { TableError } from './table-error.ts';

export type OutputFormat = 'parquet' | 'csv' | 'tsv' | 'ndjson';

/** Where rows are written before they take the place of `path`. */
export interface OutputFile {
  readonly path: string;
  readonly temporary: string;
  readonly format: OutputFormat;
  /** Options of COPY. */
  readonly how: string;
}

const FORMATS: Record<string, OutputFormat> = {
  parquet: 'parquet',
  pq: 'parquet',
  csv: 'csv',
  tsv: 'tsv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
};

const HOW: Record<OutputFormat, string> = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: `FORMAT csv, HEADER, DELIMITER ','`,
  tsv: `FORMAT csv, HEADER, DELIMITER '\t'`,
  ndjson: 'FORMAT json, ARRAY false',
};

const isStandardOutput = (path: string) => path === '-' || path === '/dev/stdout';

/**
 * A temporary file beside `path`, in the format of its name, or in `folder` for the standard output ('-'), which gets CSV
 * unless `format` says otherwise. Throws TABLE_FORMAT, or TABLE_WRITE where nothing can be written.
 */
export async function outputFile(
  path: string,
  folder: string,
  format: OutputFormat | undefined,
): Promise<OutputFile> {
  const standard = isStandardOutput(path);
  const [, ending = '', packed] = /\.(\w+?)(?:\.(gz|zst))?$/.exec(path) ?? [];
  const found = format ?? (standard ? 'csv' : FORMATS[ending.toLowerCase()]);
  if (!found) throw unknownFormat(path, 'the name does not tell a format that can be written');
  if (found === 'parquet' && (packed || standard))
    throw unknownFormat(path, 'Parquet goes to a file of its own');
  if (!standard) await removePartials(dirname(path));
  const temporary = temporaryFor(standard ? 'rows' : path, standard ? folder : undefined);
  await writable(path, temporary);
  return { path, temporary, format: found, how: `${HOW[found]}${packed ? COMPRESSION[packed] : ''}` };
}

const COMPRESSION: Record<string, string> = { gz: ', COMPRESSION gzip', zst: ', COMPRESSION zstd' };

function unknownFormat(path: string, problem: string): TableError {
  const remedy =
    'Name a file that ends in .parquet, .csv, .tsv, .ndjson or .jsonl; all but the first also with .gz.';
  return new TableError('TABLE_FORMAT', path, problem, remedy);
}

async function writable(path: string, temporary: string): Promise<void> {
  try {
    await (await open(temporary, 'wx')).close();
  } catch (reason) {
    throw notWritten(path, reason);
  }
}

/** The error of a file that could not be written. */
export function notWritten(path: string, reason: unknown): TableError {
  const problem = `it could not be written: ${(reason as Error).message.split('\n')[0]?.replace(/\.$/, '')}`;
  const remedy = 'Name a folder that exists, may be written to and has room; so must the one in TMPDIR.';
  return new TableError('TABLE_WRITE', path, problem, remedy, { cause: reason });
}

/** Puts the temporary file, now complete, in its place, or copies it to the standard output. */
export async function delivered({ path, temporary }: OutputFile): Promise<void> {
  if (!isStandardOutput(path)) return putInPlace(temporary, path);
  const rows = process.stdout.isTTY ? Readable.from(visibleRows(temporary)) : createReadStream(temporary);
  await pipeline(rows, process.stdout, { end: false }).catch(unlessClosed);
  await rm(temporary, { force: true });
}

/** Rows for people to look at, in which no cell can command their terminal. */
async function* visibleRows(file: string): AsyncGenerator<string> {
  for await (const text of createReadStream(file, 'utf8')) yield visibleText(text);
}

/** Who reads the standard output may have had enough of it. */
function unlessClosed(reason: NodeJS.ErrnoException): void {
  if (reason.code !== 'EPIPE') throw reason;
}
