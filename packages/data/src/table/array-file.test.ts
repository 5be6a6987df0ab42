import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTable, type TableOptions } from './open-table.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arrays-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An npy file as numpy writes it. */
function npy(descr: string, shape: string, data: Uint8Array, fortran = 'False'): Buffer {
  const header = `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': (${shape}), }`.padEnd(117);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
    Buffer.from(`${header}\n`),
    data,
  ]);
}

interface Member {
  readonly name: string;
  readonly content: Uint8Array;
  readonly stored?: boolean;
  readonly claims?: number;
}

/** A zip archive as numpy writes it, packed unless `stored`; `claims` is a lie about its size. */
function zip(members: readonly Member[]): Buffer {
  const [local, central]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const { name, content, stored, claims } of members) {
    const packed = stored ? content : deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    const before = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name)]);
    local.push(before, Buffer.from(packed));
    central.push(Buffer.from('PK\x01\x02\x00\x00'), common, place, Buffer.from(name));
    at += before.length + packed.length;
  }
  const contents = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(contents.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, contents, end]);
}

const bytesOf = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);

async function read(name: string, content: Uint8Array, options?: TableOptions) {
  const path = join(folder, name);
  await writeFile(path, content);
  const table = await openTable(path, options);
  const columns: Record<string, (number | string)[]> = {};
  for await (const chunk of table.chunks(undefined, 2)) {
    for (const [name, cells] of Object.entries(chunk.columns))
      columns[name] = [...(columns[name] ?? []), ...cells];
  }
  return { columns, types: table.columns.map(({ type }) => type), rows: table.rows };
}

describe('an npy array', () => {
  test.each([
    ['|b1', Uint8Array.of(1, 0, 1), [1, 0, 1]],
    ['|i1', Int8Array.of(-1, 0, 127), [-1, 0, 127]],
    ['|u1', Uint8Array.of(1, 0, 255), [1, 0, 255]],
    ['<i2', Int16Array.of(-300, 0, 300), [-300, 0, 300]],
    ['<u4', Uint32Array.of(1, 2, 4e9), [1, 2, 4e9]],
    ['<i8', BigInt64Array.of(-1n, 0n, 9007199254740991n), [-1, 0, 9007199254740991]],
    ['<f2', Uint16Array.of(0x3c00, 0xc500, 0x0001), [1, -5, 2 ** -24]],
    ['<f4', Float32Array.of(0.5, Number.NaN, -2), [0.5, Number.NaN, -2]],
    ['<f8', Float64Array.of(0.1, 0.2, 0.3), [0.1, 0.2, 0.3]],
    ['<U2', Uint32Array.of(0x61, 0, 0x1f600, 0x62, 0, 0), ['a', '\u{1f600}b', '']],
    ['|S3', Buffer.from('abcx\0\0\0\0\0'), ['abc', 'x', '']],
  ])('of type %s', async (descr, data, expected) => {
    const bytes = data instanceof Buffer ? data : bytesOf(data);
    const { columns } = await read(`${descr.slice(1)}.npy`, npy(`'${descr}'`, '3,', bytes));
    expect(columns).toEqual({ x: expected });
  });

  test('pads its texts by zeros, and only at their end', async () => {
    const cell = Buffer.from(`${'\0'.repeat(1e5)}x`);
    expect((await read('zeros.npy', npy(`'|S100001'`, '1,', cell))).columns).toEqual({ x: [`${cell}`] });
    expect((await read('padded.npy', npy(`'|S9'`, '1,', Buffer.from('\0x'.padEnd(9, '\0'))))).columns).toEqual({ x: ['\0x'] }); // biome-ignore format: pair
  });

  test('of two dimensions has a column for each of the second, in rows or in columns (fault 57)', async () => {
    const expected = { x1: [1, 3, 5], x2: [2, 4, 6] };
    const rows = npy(`'<f8'`, '3, 2', bytesOf(Float64Array.of(1, 2, 3, 4, 5, 6)));
    const columns = npy(`'<f8'`, '3, 2', bytesOf(Float64Array.of(1, 3, 5, 2, 4, 6)), 'True');
    expect((await read('rows.npy', rows)).columns).toEqual(expected);
    expect((await read('columns.npy', columns)).columns).toEqual(expected);
  });

  test.each([
    ['objects', npy(`'|O'`, '1,', Buffer.alloc(8)), 'TABLE_ARRAY', /Python objects/],
    ['records', npy(`[('a', '<f8')]`, '1,', Buffer.alloc(8)), 'TABLE_ARRAY', /a record/],
    ['big-endian numbers', npy(`'>f8'`, '1,', Buffer.alloc(8)), 'TABLE_ARRAY', />f8.*little-endian/],
    ['three dimensions', npy(`'<f8'`, '1, 1, 1', Buffer.alloc(8)), 'TABLE_ARRAY', /\(1, 1, 1\)/],
    ['too few data', npy(`'<f8'`, '2,', Buffer.alloc(8)), 'TABLE_ARRAY', /16 bytes .* 8 follow/],
    ['a size beyond all', npy(`'<f8'`, '99999999999999999999,', Buffer.alloc(8)), 'TABLE_ARRAY', /promises/],
    ['no header', Buffer.from('\x93NUMPY\x01\x00', 'latin1'), 'TABLE_ARRAY', /cut off/],
    ['no columns', npy(`'<f8'`, '1000000000000, 0', Buffer.alloc(0)), 'TABLE_ARRAY', /no columns/],
    ['texts of no characters', npy(`'<U0'`, '1000000000000,', Buffer.alloc(0)), 'TABLE_ARRAY', /<U0/],
    ['texts of no bytes', npy(`'|S0'`, '10, 200000000', Buffer.alloc(0)), 'TABLE_ARRAY', /columns/],
    ['bytes that are none', npy(`'|S0'`, '10,', Buffer.alloc(0)), 'TABLE_ARRAY', /holds nothing/],
    ['a text beyond all', npy(`'|S2000000'`, '1,', Buffer.alloc(2e6)), 'TABLE_ARRAY', /S2000000/],
    ['a column for each cell', npy(`'|u1'`, '1, 200000', Buffer.alloc(2e5)), 'TABLE_ARRAY', /at most/],
    ['no rows', npy(`'<f8'`, '0,', Buffer.alloc(0)), 'TABLE_EMPTY', /no rows/],
    [
      'an infinity',
      npy(`'<f8'`, '2,', bytesOf(Float64Array.of(1, Number.POSITIVE_INFINITY))),
      'TABLE_CELL',
      /row 2, column 'x'/,
    ],
    [
      'a long integer',
      npy(`'<i8'`, '1,', bytesOf(BigInt64Array.of(2n ** 60n))),
      'TABLE_CELL',
      /row 1, column 'x'/,
    ],
  ])('with %s is refused (fault 56) (fault 58)', async (name, content, code, message) => {
    const refusal = { code, message: expect.stringMatching(message) };
    await expect(read(`${name}.npy`, content)).rejects.toMatchObject(refusal);
  });
});

describe('an npz archive', () => {
  const x = { name: 'X.npy', content: npy(`'<f8'`, '2, 2', bytesOf(Float64Array.of(1, 2, 3, 4))) };
  const y = { name: 'y.npy', content: npy(`'<i4'`, '2,', bytesOf(Int32Array.of(0, 1))), stored: true };

  test('has its arrays side by side, or one of them', async () => {
    const columns = { X1: [1, 3], X2: [2, 4], y: [0, 1] };
    expect((await read('both.npz', zip([x, y]))).columns).toEqual(columns);
    expect((await read('one.npz', zip([x, y]), { array: 'y' })).columns).toEqual({ y: [0, 1] });
  });

  test('gives asked types', async () => {
    const options = { array: 'y', types: { y: 'boolean' } } as const;
    expect((await read('types.npz', zip([x, y]), options)).types).toEqual(['boolean']);
    const texts = await read('texts.npz', zip([x, y]), { array: 'y', types: { y: 'text' } });
    expect(texts.columns).toEqual({ y: ['0', '1'] });
  });

  const long = { name: 'z.npy', content: npy(`'<i4'`, '1,', bytesOf(Int32Array.of(7))) };
  const zeros = { name: 'big.npy', content: npy(`'|u1'`, '10000000,', Buffer.alloc(1e7)) };
  const whole = zip([x, y]);
  const flipped = Buffer.from(whole);
  const last = flipped.readUInt32LE(flipped.length - 6) - 1;
  flipped[last] = 1 - (flipped[last] ?? 0);

  test.each<[string, Buffer, TableOptions, string, RegExp]>([
    ['of different rows', zip([x, long]), {}, 'TABLE_ARRAY', /X \(2, 2\), z \(1\).*--array/],
    ['without the array', zip([x, y]), { array: 'Z' }, 'TABLE_ARRAY', /no array 'Z'.*It holds X, y/],
    ['that unpacks to too much', zip([zeros]), { memory: 1e6 }, 'TABLE_MEMORY', /10000128 bytes/],
    [
      'that lies about its size',
      zip([{ ...zeros, claims: 1000 }]),
      { memory: 1e6 },
      'TABLE_BROKEN',
      /big': it does not unpack/,
    ],
    ['that claims more than it has', zip([{ ...x, claims: 1000 }]), {}, 'TABLE_BROKEN', /checksum/],
    ['cut off', whole.subarray(0, whole.length - 30), {}, 'TABLE_BROKEN', /cut off/],
    ['with a flipped bit', Buffer.from(whole).fill(1, 60, 61), {}, 'TABLE_BROKEN', /array 'X'/],
    ['with a wrong bit in what is stored', flipped, {}, 'TABLE_BROKEN', /array 'y': its checksum/],
    ['with a name twice', zip([x, { ...y, name: 'X1.npy' }]), {}, 'TABLE_HEADER', /same name/],
  ])('%s is refused (fault 15) (fault 59)', async (name, content, options, code, message) => {
    const refusal = { code, message: expect.stringMatching(message) };
    await expect(read(`${name}.npz`, content, options)).rejects.toMatchObject(refusal);
  });

  test('beside other files is refused', async () => {
    await writeFile(join(folder, 'a.csv'), 'y\n1\n');
    await writeFile(join(folder, 'pair.npz'), zip([y]));
    const both = [join(folder, 'a.csv'), join(folder, 'pair.npz')];
    await expect(openTable(both)).rejects.toMatchObject({ code: 'TABLE_FORMAT' });
  });
});
