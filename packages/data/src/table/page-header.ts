/** What the header of a Parquet page tells; `crc` is of the bytes that follow the header, as they are stored. */
export interface PageHeader {
  /** Bytes of the header itself. */
  readonly length: number;
  /** Bytes of the page that follow it. */
  readonly stored: number;
  readonly crc?: number;
}

interface Reader {
  readonly view: DataView;
  at: number;
}

const COMPRESSED_SIZE = 3;
const CRC = 4;

/** Parquet.jl writes a zero where it has computed no checksum. */
const NONE = 0;

/**
 * The header that `bytes` begin with (parquet.thrift, PageHeader, in Thrift's compact protocol). Throws a RangeError
 * where they end before it does or hold something else.
 */
export function pageHeader(bytes: Uint8Array): PageHeader {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 };
  const numbers = fields(reader, DEEPEST);
  const stored = numbers.get(COMPRESSED_SIZE);
  if (stored === undefined || stored < 0) throw new RangeError('no page header');
  const crc = numbers.get(CRC) ?? NONE;
  return { length: reader.at, stored, ...(crc !== NONE && { crc: crc >>> 0 }) };
}

/** A page header holds its kind's header, and that holds statistics. */
const DEEPEST = 8;

/** The fields of a struct that are whole numbers, by their ids; goes to its end. */
function fields(reader: Reader, deepest: number): Map<number, number> {
  if (deepest === 0) throw new RangeError('nested too deeply');
  const numbers = new Map<number, number>();
  let id = 0;
  for (let head = byte(reader); head !== 0; head = byte(reader)) {
    const type = head & 15;
    id = head >> 4 ? id + (head >> 4) : signed(reader);
    const value = element(reader, type, deepest);
    if (value !== undefined) numbers.set(id, value);
  }
  return numbers;
}

const [TRUE, FALSE, BYTE, INT16, INT32, INT64, DOUBLE, BINARY, LIST, SET, , STRUCT] = Array.from(
  { length: 12 },
  (_, i) => i + 1,
);

/** Called with the length once the reader has gone past it. */
function skip(reader: Reader, length: number): void {
  reader.at += length;
}

/** A value that is a whole number; any other is passed over. */
function element(reader: Reader, type: number, deepest: number): number | undefined {
  if (type === INT16 || type === INT32 || type === INT64) return signed(reader);
  if (type === TRUE || type === FALSE) return undefined;
  if (type === BYTE) reader.at += 1;
  else if (type === DOUBLE) reader.at += 8;
  else if (type === BINARY) skip(reader, unsigned(reader));
  else if (type === LIST || type === SET) elements(reader, deepest);
  else if (type === STRUCT) fields(reader, deepest - 1);
  else throw new RangeError(`no such type: ${type}`);
  return undefined;
}

function elements(reader: Reader, deepest: number): void {
  const head = byte(reader);
  const count = head >> 4 === 15 ? unsigned(reader) : head >> 4;
  const type = head & 15;
  for (let i = 0; i < count; i++) {
    if (type === TRUE || type === FALSE) byte(reader);
    else element(reader, type, deepest);
  }
}

const byte = (reader: Reader): number => reader.view.getUint8(reader.at++);

/** A number of seven bits a byte, the lowest first. */
function unsigned(reader: Reader): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 56; scale *= 128) {
    const next = byte(reader);
    value += (next & 127) * scale;
    if (next < 128) return value;
  }
  throw new RangeError('a number is too long');
}

/** 0, −1, 1, −2, … */
function signed(reader: Reader): number {
  const value = unsigned(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
