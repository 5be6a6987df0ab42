import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Format } from './files.ts';
import { TableError } from './table-error.ts';

/**
 * Checks what DuckDB does not: that a file packed by zstd is whole, since it takes one that is cut off for its beginning,
 * and that JSON is not nested so deeply that it would crash. Throws TABLE_BROKEN, TABLE_NESTED or TABLE_FORMAT.
 */
export async function checkSound(file: string, format: Format): Promise<void> {
  const packed = /\.(gz|zst)$/.exec(file)?.[1];
  if (format === 'json') return packed === 'zst' ? refuseZstdJson(file) : checkDepth(file, packed === 'gz');
  if (format === 'csv' && packed === 'zst') await checkFrames(file);
}

function refuseZstdJson(file: string): never {
  throw new TableError(
    'TABLE_FORMAT',
    file,
    'JSON is not read from zstd',
    'Unpack it, or pack it with gzip.',
  );
}

/** The bytes of a file, unpacked. Throws TABLE_BROKEN. */
export async function* bytesOf(file: string, gzipped: boolean): AsyncGenerator<Uint8Array> {
  const stored = createReadStream(file, { highWaterMark: 2 ** 18 });
  if (!gzipped) return yield* stored;
  const unpacked = createGunzip();
  stored.on('error', (reason) => unpacked.destroy(reason)).pipe(unpacked);
  try {
    yield* unpacked;
  } catch (cause) {
    const short = (cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
    const problem = short
      ? 'its gzip data are cut off'
      : `its gzip data are damaged (${(cause as Error).message})`;
    throw new TableError('TABLE_BROKEN', file, problem, 'Fetch or write the file again.', { cause });
  }
}

/** Lists and records in each other; no table needs more. */
const DEEPEST = 100;

/** Where a reader of JSON stands. */
interface Nesting {
  depth: number;
  line: number;
  quoted: boolean;
  escaped: boolean;
}

async function checkDepth(file: string, gzipped: boolean): Promise<void> {
  const nesting: Nesting = { depth: 0, line: 1, quoted: false, escaped: false };
  for await (const bytes of bytesOf(file, gzipped)) {
    if (goesDeep(bytes, nesting)) throw tooDeep(`${file}, line ${nesting.line}`);
  }
}

const [QUOTE, BACKSLASH, NEWLINE] = [0x22, 0x5c, 0x0a];

/** Follows `bytes`; ends early, with true, where they are nested too deeply. Brackets and braces differ by one bit. */
function goesDeep(bytes: Uint8Array, at: Nesting): boolean {
  for (let i = 0; i < bytes.length && at.depth <= DEEPEST; i++) {
    const byte = bytes[i] as number;
    if (byte === NEWLINE) at.line++;
    if (at.escaped) at.escaped = false;
    else if (byte === BACKSLASH) at.escaped = at.quoted;
    else if (byte === QUOTE) at.quoted = !at.quoted;
    else if (!at.quoted && (byte | 0x20) === 0x7b) at.depth++;
    else if (!at.quoted && (byte | 0x20) === 0x7d) at.depth--;
  }
  return at.depth > DEEPEST;
}

function tooDeep(place: string): TableError {
  const problem = `lists or records are nested more than ${DEEPEST} deep`;
  return new TableError('TABLE_NESTED', place, problem, 'Give one flat record a row.');
}

/** A zstd file is frames of blocks, each of which says its length (RFC 8878, 3.1.1). */
async function checkFrames(file: string): Promise<void> {
  const opened = await open(file);
  try {
    const { size } = await opened.stat();
    let at = 0;
    while (at < size) at = await frameEnd(opened, at, file);
    if (at > size) throw cutOff(file);
  } finally {
    await opened.close();
  }
}

const MAGIC = 0xfd2fb528;

async function frameEnd(opened: FileHandle, start: number, file: string): Promise<number> {
  const magic = await numberAt(opened, start, 4, file);
  if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50)
    return start + 8 + (await numberAt(opened, start + 4, 4, file));
  if (magic !== MAGIC) throw cutOff(file);
  const descriptor = await numberAt(opened, start + 4, 1, file);
  let at = start + 5 + headerLength(descriptor);
  for (let last = false; !last; ) {
    const block = await numberAt(opened, at, 3, file);
    last = (block & 1) === 1;
    at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
  }
  return at + (descriptor & 4);
}

/** Of the window, the dictionary and the content size. */
function headerLength(descriptor: number): number {
  const single = (descriptor >> 5) & 1;
  const content = [single, 2, 4, 8][descriptor >> 6] ?? 0;
  return (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + content;
}

async function numberAt(opened: FileHandle, at: number, bytes: number, file: string): Promise<number> {
  const { buffer, bytesRead } = await opened.read(Buffer.alloc(bytes), 0, bytes, at);
  if (bytesRead < bytes) throw cutOff(file);
  return buffer.readUIntLE(0, bytes);
}

function cutOff(file: string): TableError {
  return new TableError(
    'TABLE_BROKEN',
    file,
    'its zstd data are cut off or damaged',
    'Fetch or write the file again.',
  );
}
