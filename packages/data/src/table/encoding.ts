import { isUtf8 } from 'node:buffer';
import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Engine } from './duckdb.ts';
import { bytesOf } from './soundness.ts';
import { TableError } from './table-error.ts';

/** A file of texts as UTF-8. */
export interface Utf8File {
  /** The file itself, or a copy. */
  readonly file: string;
  /** Whether its lines end as in Windows; absent where that was not looked at. */
  readonly windows?: boolean;
  readonly note?: string;
}

/**
 * A file of texts as UTF-8: where it is in another encoding, the one asked for or the one that its bytes tell, a copy of it
 * in the engine's folder. Throws TABLE_ENCODING.
 */
export async function asUtf8(engine: Engine, file: string, asked?: string): Promise<Utf8File> {
  const told = asked === undefined ? undefined : labelOf(asked);
  if (file.endsWith('.zst')) return told === undefined ? { file } : refusePacked(file);
  const { encoding, windows } = await examined(file, told);
  if (encoding === 'utf-8') return { file, windows };
  const note =
    told === undefined ? `${file} is read as ${encoding} (say otherwise by --encoding)` : undefined;
  return { file: await converted(engine, file, encoding), windows, ...(note && { note }) };
}

/** The name that a decoder has for an encoding. */
function labelOf(asked: string): string {
  try {
    return new TextDecoder(asked).encoding;
  } catch (cause) {
    const remedy =
      'Say --encoding utf-8, windows-1252, utf-16le, utf-16be, shift_jis or another that browsers know.';
    throw new TableError('TABLE_ENCODING', `--encoding ${asked}`, 'there is no such encoding', remedy, {
      cause,
    });
  }
}

function refusePacked(file: string): never {
  const remedy = 'Unpack it, or pack it with gzip.';
  throw new TableError('TABLE_ENCODING', file, 'only UTF-8 is read from zstd', remedy);
}

interface Examined {
  readonly encoding: string;
  readonly windows: boolean;
}

/** Reads all of a file once: what holds no UTF-8 in its last line is not in UTF-8. */
async function examined(file: string, told: string | undefined): Promise<Examined> {
  let first: Examined | undefined;
  let rest = Buffer.alloc(0);
  for await (const bytes of bytesOf(file, file.endsWith('.gz'))) {
    const chunk =
      rest.length > 0
        ? Buffer.concat([rest, bytes])
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    first ??= { encoding: told ?? wideOf(chunk) ?? 'utf-8', windows: chunk.includes('\r\n') };
    if (first.encoding !== 'utf-8' && !file.endsWith('.gz')) return first;
    if (told !== undefined || first.encoding !== 'utf-8') continue;
    const whole = wholeCharacters(chunk);
    if (!isUtf8(chunk.subarray(0, whole))) first = { ...first, encoding: narrowOf(chunk, file) };
    rest = Buffer.from(chunk.subarray(whole));
  }
  if (first?.encoding === 'utf-8' && told === undefined && !isUtf8(rest))
    return { ...first, encoding: narrowOf(rest, file) };
  return first ?? { encoding: 'utf-8', windows: false };
}

/** UTF-16, by its mark or by the zeros of half of its bytes. */
function wideOf(start: Buffer): string | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  const head = start.subarray(0, 4096);
  const zeros = [0, 1].map((parity) => head.filter((byte, i) => i % 2 === parity && byte === 0).length);
  const [even, odd] = zeros.map((count) => (2 * count) / Math.max(1, head.length)) as [number, number];
  if (odd > 0.3 && even < 0.05) return 'utf-16le';
  return even > 0.3 && odd < 0.05 ? 'utf-16be' : undefined;
}

/** Bytes up to the last character that is whole. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Windows-1252, of which Latin-1 is a part, unless there are bytes that no text in it has. Throws TABLE_ENCODING. */
function narrowOf(bytes: Buffer, file: string): string {
  const strange = bytes.find(
    (byte) =>
      (byte < 0x20 && ![9, 10, 12, 13].includes(byte)) || [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte),
  );
  if (strange === undefined) return 'windows-1252';
  const remedy = 'Say which encoding it is (--encoding), or convert it to UTF-8 (iconv).';
  throw new TableError('TABLE_ENCODING', file, 'the bytes are not UTF-8', remedy);
}

let copies = 0;

async function converted(engine: Engine, file: string, encoding: string): Promise<string> {
  const copy = join(await engine.folder(), `utf8-${++copies}-${basename(file).replace(/\.gz$/, '')}`);
  await pipeline(decoded(file, encoding), createWriteStream(copy));
  return copy;
}

async function* decoded(file: string, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const bytes of bytesOf(file, file.endsWith('.gz')))
      yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const remedy = 'Say another one (--encoding), or fetch the file again.';
    throw new TableError('TABLE_ENCODING', file, `the bytes are not ${encoding}`, remedy, { cause });
  }
}
