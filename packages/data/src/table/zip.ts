import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { TableError } from './table-error.ts';

const inflate = promisify(inflateRaw);

/** A file in a zip archive; `size` is what it says that it unpacks to. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly method: number;
  readonly check: number;
  readonly packed: Uint8Array;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/** What the zip archive `bytes` says that it holds; throws TABLE_BROKEN where it is cut off or damaged. */
export function zipEntries(bytes: Uint8Array, place: string): ZipEntry[] {
  try {
    return entriesOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (cause) {
    throw damaged(place, 'its list of contents is cut off or damaged', cause);
  }
}

function entriesOf(view: DataView): ZipEntry[] {
  const end = endOf(view);
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    if (view.getUint32(at, true) !== ENTRY) throw new RangeError('no entry');
    entries.push(entryAt(view, at));
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65557); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new RangeError('no end');
}

function entryAt(view: DataView, at: number): ZipEntry {
  const local = view.getUint32(at + 42, true);
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = view.getUint32(at + 20, true);
  if (start + packed > view.byteLength) throw new RangeError('cut off');
  return {
    name: new TextDecoder().decode(bytesAt(view, at + 46, view.getUint16(at + 28, true))),
    size: view.getUint32(at + 24, true),
    method: view.getUint16(at + 10, true),
    check: view.getUint32(at + 16, true),
    packed: bytesAt(view, start, packed),
  };
}

const bytesAt = (view: DataView, start: number, length: number) =>
  new Uint8Array(view.buffer, view.byteOffset + start, length);

/** The contents of `entry`, never more than it says; throws TABLE_BROKEN unless they are whole. */
export async function unzipped(
  { size, method, check, packed }: ZipEntry,
  place: string,
): Promise<Uint8Array> {
  if (method !== 0 && method !== 8) throw damaged(place, `it is packed by method ${method}`);
  const bytes = method === 0 ? packed : await inflated(packed, size, place);
  if (bytes.length !== size || crc32(bytes) !== check) throw damaged(place, 'its checksum is wrong');
  return bytes;
}

async function inflated(packed: Uint8Array, size: number, place: string): Promise<Uint8Array> {
  try {
    return await inflate(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw damaged(place, 'it does not unpack to what it says', cause);
  }
}

function damaged(place: string, problem: string, cause?: unknown): TableError {
  return new TableError('TABLE_BROKEN', place, problem, 'Fetch or write the file again.', { cause });
}
