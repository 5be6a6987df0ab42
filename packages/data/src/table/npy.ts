import type { ColumnType } from './table.ts';
import { TableError } from './table-error.ts';

/** An array of numbers or texts in one or two dimensions; `at` gives the cell at an index into its data. */
export interface StoredArray {
  readonly name: string;
  readonly type: ColumnType;
  readonly shape: readonly [rows: number, columns?: number];
  readonly columnMajor: boolean;
  at(index: number): number | string;
}

interface Kind {
  readonly type: ColumnType;
  readonly bytes: number;
  readonly at: (data: DataView, index: number) => number | string;
}

const KINDS: Record<string, Kind> = {
  b1: { type: 'boolean', bytes: 1, at: (data, i) => data.getUint8(i) },
  i1: { type: 'number', bytes: 1, at: (data, i) => data.getInt8(i) },
  u1: { type: 'number', bytes: 1, at: (data, i) => data.getUint8(i) },
  i2: { type: 'number', bytes: 2, at: (data, i) => data.getInt16(i * 2, true) },
  u2: { type: 'number', bytes: 2, at: (data, i) => data.getUint16(i * 2, true) },
  i4: { type: 'number', bytes: 4, at: (data, i) => data.getInt32(i * 4, true) },
  u4: { type: 'number', bytes: 4, at: (data, i) => data.getUint32(i * 4, true) },
  i8: { type: 'number', bytes: 8, at: (data, i) => exact(data.getBigInt64(i * 8, true)) },
  u8: { type: 'number', bytes: 8, at: (data, i) => exact(data.getBigUint64(i * 8, true)) },
  f2: { type: 'number', bytes: 2, at: (data, i) => half(data.getUint16(i * 2, true)) },
  f4: { type: 'number', bytes: 4, at: (data, i) => data.getFloat32(i * 4, true) },
  f8: { type: 'number', bytes: 8, at: (data, i) => data.getFloat64(i * 8, true) },
};

/** Infinite where no double is this integer, as for every cell that cannot be read. */
function exact(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.POSITIVE_INFINITY;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** The array in an npy file's `bytes`; throws TABLE_ARRAY, naming `place`, unless it is whole and of a known kind. */
export function arrayFromNpy(name: string, bytes: Uint8Array, place: string): StoredArray {
  const { header, start } = headerOf(bytes, place);
  const shape = shapeOf(header, place);
  const kind = kindOf(header, place);
  const length = shape.reduce((product: number, size = 1) => product * size, 1) * kind.bytes;
  if (bytes.length - start !== length) {
    const problem = `its header promises ${length} bytes of data, and ${bytes.length - start} follow`;
    throw new TableError('TABLE_ARRAY', place, problem, 'Fetch or write the file again.');
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset + start, length);
  const columnMajor = /'fortran_order':\s*True/.test(header);
  return { name, type: kind.type, shape, columnMajor, at: (index) => kind.at(data, index) };
}

/** Numpy itself reads no longer one unless told to. */
const LONGEST_HEADER = 10_000;

function headerOf(bytes: Uint8Array, place: string): { header: string; start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[6] !== 1;
  const first = wide ? 12 : 10;
  const magic = String.fromCharCode(...bytes.subarray(0, 6)) === '\x93NUMPY';
  const length =
    !magic || bytes.length < first ? 0 : wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = first + length;
  if (length > 0 && length <= LONGEST_HEADER && start <= bytes.length) {
    return { header: new TextDecoder().decode(bytes.subarray(first, start)), start };
  }
  throw new TableError(
    'TABLE_ARRAY',
    place,
    'it is not an npy array, is cut off, or its header is too long',
    'Write it again with numpy.save.',
  );
}

/** A column costs memory of its own, whatever its rows. */
const MOST_COLUMNS = 2 ** 17;

function shapeOf(header: string, place: string): StoredArray['shape'] {
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1]?.match(/\d+/g)?.map(Number) ?? [];
  const [rows, columns] = sizes;
  const remedy = 'Give rows in one or two dimensions, such as x.reshape(len(x), -1).';
  if (columns === 0) throw new TableError('TABLE_ARRAY', place, 'it has no columns', remedy);
  if (columns !== undefined && columns > MOST_COLUMNS) {
    const problem = `it has ${columns} columns, and at most ${MOST_COLUMNS} are read`;
    throw new TableError('TABLE_ARRAY', place, problem, 'Give one row a line, or fewer columns.');
  }
  if (rows !== undefined && sizes.length < 3) return columns === undefined ? [rows] : [rows, columns];
  throw new TableError('TABLE_ARRAY', place, `its shape is (${sizes.join(', ')})`, remedy);
}

/** Characters of a text. */
const LONGEST_TEXT = 2 ** 20;

function kindOf(header: string, place: string): Kind {
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? 'a record';
  const [, order = '', letter = '', digits = ''] = /^([<|>=]?)([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  const size = Number(digits);
  const kind = KINDS[letter + digits] ?? (size > LONGEST_TEXT ? undefined : TEXTS[letter]?.(size));
  if (kind && kind.bytes > 0 && (order !== '>' || kind.bytes === 1)) return kind;
  const what = descr.includes('O')
    ? 'it holds Python objects, which could be programs'
    : `its cells are of type ${descr.slice(0, 60)}${kind?.bytes === 0 ? ', which holds nothing' : ''}`;
  const remedy = "Write numbers, booleans or texts, little-endian, such as x.astype('<f8') or x.astype('U').";
  throw new TableError('TABLE_ARRAY', place, what, remedy);
}

const wideText = (size: number): Kind => ({
  type: 'text',
  bytes: 4 * size,
  at: (data, i) => {
    const codes = Array.from({ length: size }, (_, j) => data.getUint32(4 * (i * size + j), true));
    return unpadded(codes.map((code) => String.fromCodePoint(Math.min(code, 0x10ffff))).join(''));
  },
});

const byteText = (size: number): Kind => ({
  type: 'text',
  bytes: size,
  at: (data, i) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset + i * size, size);
    return unpadded(new TextDecoder().decode(bytes));
  },
});

const TEXTS: Record<string, (size: number) => Kind> = { U: wideText, S: byteText };

function unpadded(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}
