import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTable } from './open-table.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A value in Thrift's compact protocol, and its type there. */
type Thrift = readonly [type: number, bytes: Uint8Array];

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

const zigzag = (value: number): number[] => varint(value < 0 ? -2 * value - 1 : 2 * value);
const int32 = (value: number): Thrift => [5, Uint8Array.from(zigzag(value))];
const int64 = (value: number): Thrift => [6, Uint8Array.from(zigzag(value))];
const name = (value: string): Thrift => [8, Buffer.from([...varint(value.length), ...Buffer.from(value)])];
const list = (...values: readonly Thrift[]): Thrift => [
  9,
  Buffer.concat([Buffer.of((values.length << 4) | values[0]![0]), ...values.map(([, bytes]) => bytes)]),
];

function struct(fields: Readonly<Record<number, Thrift>>): Thrift {
  let last = 0;
  const parts = Object.entries(fields).map(([id, [type, bytes]]) => {
    const head = ((Number(id) - last) << 4) | type;
    last = Number(id);
    return Buffer.from([head, ...bytes]);
  });
  return [12, Buffer.concat([...parts, Buffer.of(0)])];
}

const ROWS = 100;
const [MAGIC, PLAIN, RLE, INT32] = [Buffer.from('PAR1'), 0, 3, 1];

/** A Parquet file of one column of whole numbers, its one page with `crc`, or with the right one. */
function parquet(page: Uint8Array, crc?: number): Buffer {
  const statistics = struct({ 3: int64(0), 5: name('sweden'), 6: name('apple') });
  const about = struct({ 1: int32(ROWS), 2: int32(PLAIN), 3: int32(RLE), 4: int32(RLE), 5: statistics });
  const sizes = { 1: int32(0), 2: int32(page.length), 3: int32(page.length) };
  const sum: Record<number, Thrift> = crc === undefined ? {} : { 4: int32(crc | 0) };
  const header = struct({ ...sizes, ...sum, 5: about })[1];
  const size = header.length + page.length;
  const schema = list(
    struct({ 4: name('schema'), 5: int32(1) }),
    struct({ 1: int32(INT32), 3: int32(0), 4: name('a') }),
  );
  const kind = { 1: int32(INT32), 2: list(int32(PLAIN)), 3: list(name('a')), 4: int32(0) };
  const sized = { 5: int64(ROWS), 6: int64(size), 7: int64(size), 9: int64(4) };
  const chunk = struct({ 2: int64(4), 3: struct({ ...kind, ...sized }) });
  const rows = struct({ 1: list(chunk), 2: int64(size), 3: int64(ROWS) });
  const [, footer] = struct({ 1: int32(1), 2: schema, 3: int64(ROWS), 4: list(rows) });
  const length = Buffer.alloc(4);
  length.writeInt32LE(footer.length);
  return Buffer.concat([MAGIC, header, page, footer, length, MAGIC]);
}

const page = new Uint8Array(Int32Array.from({ length: ROWS }, (_, i) => i * i).buffer);

async function read(content: Uint8Array): Promise<readonly (number | string)[]> {
  const path = join(folder, 'rows.parquet');
  await writeFile(path, content);
  const table = await openTable(path);
  try {
    const cells = [];
    for await (const { columns } of table.chunks()) cells.push(...columns.a!);
    return cells;
  } finally {
    await table.close();
  }
}

test('a page with its checksum, with none and with a zero for none is read', async () => {
  const expected = Array.from({ length: ROWS }, (_, i) => i * i);
  expect(await read(parquet(page, crc32(page)))).toEqual(expected);
  expect(await read(parquet(page))).toEqual(expected);
  expect(await read(parquet(page, 0))).toEqual(expected);
});

test('a flipped bit in a page with a checksum is refused, naming the column (fault 60)', async () => {
  const whole = parquet(page, crc32(page));
  const first = whole.indexOf(Buffer.from(page));
  for (let at = first; at < first + page.length; at += 23) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    const place = expect.stringContaining(`column 'a'`);
    await expect(read(flipped)).rejects.toMatchObject({ code: 'TABLE_BROKEN', place });
  }
});

test('a flipped bit in the header of a page is refused, or changes nothing (fault 60)', async () => {
  const whole = parquet(page, crc32(page));
  for (let at = 4; at < whole.indexOf(Buffer.from(page)); at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    const cells = await read(flipped).catch((error) => error);
    if (cells instanceof Error) expect(cells).toMatchObject({ code: expect.stringMatching(/^TABLE_/) });
    else expect(cells).toEqual(Array.from({ length: ROWS }, (_, i) => i * i));
  }
});
