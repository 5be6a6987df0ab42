import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, rowsOf, text } from './duckdb.ts';
import { TableError } from './table-error.ts';

export type Format = 'csv' | 'parquet' | 'json' | 'npz' | 'npy';

/** What tells whether a file is still the one that was opened. */
export interface Fingerprint {
  readonly size: number;
  readonly modified: number;
  readonly inode: number;
}

/** The files that `paths` name, patterns (* ? [ab] **) filled in and sorted; throws TABLE_MISSING. */
export async function filesOf(connection: Connection, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) found.push(...(await filesAt(connection, path)));
  if (found.length > 0) return found;
  throw new TableError('TABLE_MISSING', 'table', 'no file is named', 'Name a file, or give a query (--sql).');
}

async function filesAt(connection: Connection, path: string): Promise<string[]> {
  if (!/[*?[]/.test(path) || (await stat(path).catch(() => undefined))) return [path];
  const files = await rowsOf(connection, `SELECT file FROM glob(${text(path)}) ORDER BY file`);
  if (files.length > 0) return files.map(([file]) => String(file));
  throw new TableError(
    'TABLE_MISSING',
    path,
    'no file fits this pattern',
    'Correct it, or quote it in the shell.',
  );
}

/** Size, time and identity of `file`; throws TABLE_MISSING where it is none, TABLE_EMPTY where it has no bytes. */
export async function fingerprint(file: string): Promise<Fingerprint> {
  const found = await stat(file).catch((reason: NodeJS.ErrnoException) => missing(file, reason.code));
  if (!found.isFile()) throw notFile(file);
  if (found.size === 0)
    throw new TableError('TABLE_EMPTY', file, 'it has no bytes', 'Give a file with rows.');
  return { size: found.size, modified: found.mtimeMs, inode: found.ino };
}

function missing(file: string, code = ''): never {
  const gone = code === 'ENOENT' || code === 'ENOTDIR';
  const problem = gone ? 'there is no such file' : `it cannot be read (${code})`;
  const remedy = gone ? 'Check its name, and the folder you are in.' : 'Check its permissions.';
  throw new TableError('TABLE_MISSING', file, problem, remedy);
}

function notFile(file: string): TableError {
  const remedy = `Name the files in it, such as '${join(file, '*.parquet')}'.`;
  return new TableError('TABLE_MISSING', file, 'it is not a file', remedy);
}

/** Throws TABLE_CHANGED unless `file` is as it was. */
export async function checkUnchanged(file: string, then: Fingerprint): Promise<void> {
  const now = await fingerprint(file).catch(() => undefined);
  const same = now?.size === then.size && now.modified === then.modified && now.inode === then.inode;
  if (!same) throw changed(file);
}

/** The error of a file that is not what it was when its table was opened. */
export function changed(file: string): TableError {
  const remedy = 'Start again, on a copy that nothing writes to.';
  return new TableError('TABLE_CHANGED', file, 'it has changed since it was opened', remedy);
}

const FORMATS: Record<string, Format> = {
  parquet: 'parquet',
  pq: 'parquet',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  npz: 'npz',
  npy: 'npy',
};

/** The format of `file` by its first bytes, else by its name; what neither tells is a CSV. Throws TABLE_FORMAT. */
export async function formatOf(file: string): Promise<Format> {
  const start = await firstBytes(file);
  if (start.startsWith('PAR1')) return 'parquet';
  if (start.startsWith('\x93NUMPY')) return 'npy';
  const named = FORMATS[(/\.(\w+)(\.gz|\.zst)?$/.exec(file)?.[1] ?? '').toLowerCase()];
  const isArchive = start.startsWith('PK') || start.startsWith('\xd0\xcf\x11\xe0');
  if (!isArchive) return named ?? 'csv';
  if (named === 'npz') return 'npz';
  const remedy = 'Unpack it, or save the sheet as CSV (UTF-8) or Parquet.';
  throw new TableError('TABLE_FORMAT', file, 'it is a zip archive or a spreadsheet', remedy);
}

async function firstBytes(file: string): Promise<string> {
  const opened = await open(file).catch((reason: NodeJS.ErrnoException) => missing(file, reason.code));
  try {
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await opened.close();
  }
}
