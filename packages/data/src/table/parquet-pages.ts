import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Connection, onlyFile, rowsOf } from './duckdb.ts';
import { type PageHeader, pageHeader } from './page-header.ts';
import { TableError } from './table-error.ts';

/** Where the pages of some rows of a column lie. */
interface ColumnChunk {
  readonly column: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Holds every page of the Parquet `file` against its checksum, which DuckDB does not look at; a column without checksums, which
 * the format allows, is passed over. Throws TABLE_BROKEN, naming the column.
 */
export async function checkPages(connection: Connection, file: string): Promise<void> {
  const chunks = await columnChunks(connection, file);
  const opened = await open(file);
  try {
    for (const chunk of chunks) await checkChunk(opened, chunk, file);
  } finally {
    await opened.close();
  }
}

async function columnChunks(connection: Connection, file: string): Promise<ColumnChunk[]> {
  const starts = `least(coalesce(nullif(dictionary_page_offset, 0), data_page_offset), data_page_offset)`;
  const sql = `SELECT path_in_schema, ${starts}, total_compressed_size FROM parquet_metadata(${onlyFile(file)})`;
  const rows = await rowsOf(connection, sql);
  return rows.map(([column, start, size]) => ({
    column: String(column),
    start: Number(start),
    end: Number(start) + Number(size),
  }));
}

async function checkChunk(
  opened: FileHandle,
  { column, start, end }: ColumnChunk,
  file: string,
): Promise<void> {
  for (let at = start; at < end; ) {
    const header = await headerAt(opened, at);
    if (!header) throw damaged(file, column, `the page at byte ${at} has no header`);
    if (header.crc === undefined) return;
    const from = at + header.length;
    at = from + header.stored;
    if ((await checksum(opened, from, at)) === header.crc) continue;
    throw damaged(file, column, `the page at byte ${from} is not what its checksum says`);
  }
}

/** A header holds the least and the largest cell of its page, which may be long texts. */
const HEADER_SIZES = [2 ** 12, 2 ** 18, 2 ** 24];

async function headerAt(opened: FileHandle, at: number): Promise<PageHeader | undefined> {
  for (const size of HEADER_SIZES) {
    const bytes = await bytesAt(opened, at, size);
    try {
      return pageHeader(bytes);
    } catch {
      if (bytes.length < size) return undefined;
    }
  }
  return undefined;
}

const AT_ONCE = 2 ** 20;

async function checksum(opened: FileHandle, from: number, to: number): Promise<number> {
  let sum = 0;
  for (let at = from; at < to; at += AT_ONCE) {
    const bytes = await bytesAt(opened, at, Math.min(AT_ONCE, to - at));
    if (bytes.length === 0) return -1;
    sum = crc32(bytes, sum);
  }
  return sum;
}

async function bytesAt(opened: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await opened.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

function damaged(file: string, column: string, problem: string): TableError {
  const place = `${file}, column '${column}'`;
  return new TableError('TABLE_BROKEN', place, problem, 'Fetch or write the file again.');
}
