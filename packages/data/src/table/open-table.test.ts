import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, text, withConnection } from './duckdb.ts';
import { openTable, type TableOptions } from './open-table.ts';
import type { Table } from './table.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tables-'));
});
afterAll(() => rm(folder, { recursive: true }));

const { NaN: missing } = Number;

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A Parquet file of the rows of `sql`. */
async function parquet(name: string, sql: string): Promise<string> {
  const path = join(folder, name);
  const engine = await startEngine();
  await withConnection(engine, (connection) =>
    connection.run(`COPY (${sql}) TO ${text(path)} (FORMAT parquet)`),
  );
  await engine.close();
  return path;
}

type Columns = Record<string, (number | string)[]>;

async function columnsOf(table: Table, asked?: readonly string[], rowsAtOnce?: number): Promise<Columns> {
  const all = new Map<string, (number | string)[]>();
  for await (const { columns } of table.chunks(asked, rowsAtOnce)) {
    for (const [name, cells] of Object.entries(columns)) all.set(name, [...(all.get(name) ?? []), ...cells]);
  }
  return Object.fromEntries(all);
}

async function read(paths: string | readonly string[], options?: TableOptions) {
  const table = await openTable(paths, options);
  try {
    const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));
    return { rows: table.rows, types, columns: await columnsOf(table) };
  } finally {
    await table.close();
  }
}

describe('a CSV', () => {
  test('is read in time that grows with its length, whatever its cells hold', async () => {
    const cells = ['1'.repeat(1e6), `${' '.repeat(1e6)}x`, '.'.repeat(1e6), '1e'.repeat(5e5)];
    for (const [i, cell] of cells.entries()) {
      const { rows } = await read(await file(`long${i}.csv`, `a,b\n"${cell}x",1\ny,2\nz,3\n`));
      expect(rows).toBe(3);
    }
  }, 20_000);

  test('has the types that all of its cells spell; empty cells are missing', async () => {
    const csv = 'n,b,t,s\n1,true,2024-01-02,x\n,,,\n-2.5e1,FALSE,2024-01-02 00:00:01,"a, ""b"""\n';
    expect(await read(await file('types.csv', csv))).toEqual({
      rows: 3,
      types: { n: 'number', b: 'boolean', t: 'timestamp', s: 'text' },
      columns: {
        n: [1, missing, -25],
        b: [1, missing, 0],
        t: [Date.UTC(2024, 0, 2), missing, Date.UTC(2024, 0, 2, 0, 0, 1)],
        s: ['x', '', 'a, "b"'],
      },
    });
  });

  test('times are in UTC, with their own offset where they have one; a time of day is on the first day', async () => {
    const csv = 't,u\n2024-01-02T00:00:00+02:00,00:01\n2024-01-02T00:00:00Z,00:02:03.5\n';
    const { columns } = await read(await file('times.csv', csv));
    expect(columns.t).toEqual([Date.UTC(2024, 0, 1, 22), Date.UTC(2024, 0, 2)]);
    expect(columns.u).toEqual([60_000, 123_500]);
  });

  test.each([
    ['semicolons', 'a;b\n1,5;2\n2,5;3\n', { a: [1.5, 2.5], b: [2, 3] }],
    ['tabs', 'a\tb\n1\tx, y\n2\tz\n', { a: [1, 2], b: ['x, y', 'z'] }],
    ['a byte order mark', '\ufeffa,b\n1,2\n', { a: [1], b: [2] }],
    ['line ends of Windows', 'a,b\r\n1,x\r\n2,y\r\n', { a: [1, 2], b: ['x', 'y'] }],
    ['spaces around cells', 'a , b\n 1 ,  x\n2, \n', { a: [1, 2], b: ['x', ''] }],
    ['a title above', 'Some people\na,b\n1,2\n', { a: [1], b: [2] }],
    ['a # in its cells', 'colour,n\n#ff0000,1\n#00ff00,2\n', { colour: ['#ff0000', '#00ff00'], n: [1, 2] }],
    ['no header', '1,x\n2,y\n', { column1: [1, 2], column2: ['x', 'y'] }],
    ['a column without a name (fault 43)', ',b\n1,2\n', { column1: [1], b: [2] }],
    ['one column', 'a\n1\n2\n', { a: [1, 2] }],
    ['quotes only far below', `a,b\n${'1,2\n'.repeat(5000)}1,"2"\n`, undefined],
  ])('with %s', async (name, csv, expected) => {
    const { columns, rows } = await read(await file(`${name}.csv`, csv));
    if (expected) expect(columns).toEqual(expected);
    else expect(rows).toBe(5001);
  });

  test('may have names that every object knows', async () => {
    const { columns } = await read(await file('names-of-all.csv', '__proto__,constructor\n1,2\n'));
    expect(Object.entries(columns)).toEqual([
      ['__proto__', [1]],
      ['constructor', [2]],
    ]);
  });

  test('packed by gzip reads the same', async () => {
    const csv = `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},x${i}`).join('\n')}\n`;
    const [plain, packed] = [await file('plain.csv', csv), await file('packed.csv.gz', gzipSync(csv))];
    expect(await read(packed)).toEqual(await read(plain));
  });

  test('its first line is data or names as told', async () => {
    const path = await file('words.csv', 'ann,rome\nbob,oslo\n');
    expect((await read(path)).columns).toEqual({ ann: ['bob'], rome: ['oslo'] });
    const { columns } = await read(path, { header: false });
    expect(columns).toEqual({ column1: ['ann', 'bob'], column2: ['rome', 'oslo'] });
  });

  test('cells that mean missing are named by the user', async () => {
    const path = await file('marks.csv', `a,b\n1,?\nNA,x\n${'3,y\n'.repeat(50)}`);
    await expect(read(path)).rejects.toThrow(/row 2, column 'a': 'NA' is not a finite number.*--missing/);
    const { columns } = await read(path, { missing: ['NA', '?'] });
    expect([columns.a?.slice(0, 3), columns.b?.slice(0, 3)]).toEqual([[1, missing, 3], ['', 'x', 'y']]); // biome-ignore format: pair
  });

  test('a path with the signs of a pattern is a path where there is such a file', async () => {
    const { columns } = await read(await file('a[1]*.csv', 'a\n1\n'));
    expect(columns).toEqual({ a: [1] });
  });
});

describe('asked types', () => {
  test('numbers become texts as JavaScript writes them, texts become numbers', async () => {
    const path = await parquet('asked.parquet', `SELECT 1.0::DOUBLE f, 7 i, '3.5' s, true b, 'true' t`);
    const types = { f: 'text', i: 'text', s: 'number', b: 'number', t: 'boolean' } as const;
    const { columns } = await read(path, { types });
    expect(columns).toEqual({ f: ['1'], i: ['7'], s: [3.5], b: [1], t: [1] });
  });

  test('a CSV keeps the digits of what is asked for as text', async () => {
    const path = await file('ids.csv', 'id\n007\n12345678901234567890\n');
    expect((await read(path, { types: { id: 'text' } })).columns.id).toEqual(['007', '12345678901234567890']);
  });

  test('a text where a number is asked for names file, row and column', async () => {
    const path = await file('word.csv', 'a,b\n1,2\nabc,3\n');
    const place = `${path}, row 2, column 'a'`;
    await expect(read(path, { types: { a: 'number' } })).rejects.toMatchObject({ code: 'TABLE_CELL', place });
  });

  test('a column that is not there is refused, as is a time for a number', async () => {
    const path = await parquet('time.parquet', `SELECT DATE '2024-01-01' d`);
    await expect(read(path, { types: { e: 'number' } })).rejects.toMatchObject({ code: 'TABLE_COLUMNS' });
    await expect(read(path, { types: { d: 'number' } })).rejects.toMatchObject({ code: 'TABLE_CELL' });
  });

  test('only columns that are read are checked', async () => {
    const path = await file('wide-ids.csv', 'id,a\n12345678901234567890,1\n12345678901234567891,2\n');
    const table = await openTable(path);
    expect(await columnsOf(table, ['a'])).toEqual({ a: [1, 2] });
    await expect(columnsOf(table)).rejects.toThrow(
      /row 1, column 'id': '12345678901234567890' is an integer beyond/,
    );
    await table.close();
  });
});

describe('Parquet and JSON', () => {
  test('every plain type is read', async () => {
    const path = await parquet(
      'plain.parquet',
      `SELECT 1::TINYINT a, 2::UBIGINT b, 3::HUGEINT c, 1.25::DECIMAL(9,2) d, 0.5::FLOAT e, 'nan'::DOUBLE f, true g,
        DATE '1970-01-02' h, TIMESTAMPTZ '1970-01-01 00:00:01+00' i, TIME '00:01' j, 'x' k, NULL::INTEGER l,
        'red'::ENUM('red', 'blue') m, TIMESTAMP_NS '1970-01-01 00:00:00.002' n`,
    );
    const { columns } = await read(path);
    expect(Object.values(columns).flat()).toEqual([
      1, 2, 3, 1.25, 0.5, missing, 1, 86_400_000, 1000, 60_000, 'x', missing, 'red', 2,
    ]); // biome-ignore format: one row
  });

  test('texts that look like numbers stay texts', async () => {
    const path = await parquet('spelt.parquet', `SELECT '007' s`);
    expect((await read(path)).types).toEqual({ s: 'text' });
    expect((await read(await file('spelt.json', '{"s":"007"}\n'))).types).toEqual({ s: 'text' });
  });

  test('JSON is read by lines or as one list, and lacking keys are missing', async () => {
    const rows = ['{"a":1,"b":"x","t":"2024-01-02T00:00:00Z"}', '{"a":null,"t":null}'];
    const expected = { a: [1, missing], b: ['x', ''], t: [Date.UTC(2024, 0, 2), missing] };
    expect((await read(await file('lines.ndjson', rows.join('\n')))).columns).toEqual(expected);
    expect((await read(await file('list.json', `[${rows.join(',')}]`))).columns).toEqual(expected);
  });

  test.each([
    [
      'an integer beyond 2^53',
      'SELECT range r FROM range(9007199254740991, 9007199254740993)',
      /row 2, column 'r'/,
    ],
    ['an infinity', `SELECT unnest([1.0, 2.0, '-inf'::DOUBLE]) r`, /row 3, column 'r'/],
  ])('%s is refused, naming the row', async (name, sql, message) => {
    await expect(read(await parquet(`${name}.parquet`, sql))).rejects.toThrow(message);
  });

  test('lists and records are refused by name, unless other columns are asked for', async () => {
    const path = await parquet('nested.parquet', `SELECT 1 a, [1, 2] l, {'x': 1} r`);
    await expect(read(path)).rejects.toThrow(/'l' \(INTEGER\[\]\), 'r' \(STRUCT.*--sql/);
    expect((await read(path, { types: { a: 'number' } })).columns).toEqual({ a: [1] });
    const mixed = await file('mixed.json', '{"a":1}\n{"a":{"b":2}}\n');
    await expect(read(mixed)).rejects.toMatchObject({ code: 'TABLE_NESTED' });
  });
});

describe('many rows', () => {
  const sql = `SELECT i, if(i % 7 = 0, NULL, i / 2) h, 's' || i s FROM range(300000) t(i)`;

  test('come in order, in chunks of the size asked for, as often as wanted', async () => {
    const table = await openTable(await parquet('many.parquet', sql), { threads: 4 });
    for (const rowsAtOnce of [1000, 5000]) {
      let next = 0;
      for await (const { start, rows, columns } of table.chunks(undefined, rowsAtOnce)) {
        expect([start, rows]).toEqual([next, rowsAtOnce]);
        expect([columns.i?.[0], columns.i?.[rows - 1]]).toEqual([next, next + rows - 1]);
        expect(columns.s?.[rows - 1]).toBe(`s${next + rows - 1}`);
        expect(Number.isNaN(columns.h?.[next % 7 === 0 ? 0 : 7 - (next % 7)])).toBe(true);
        next += rows;
      }
      expect(next).toBe(300_000);
    }
    await table.close();
  });

  test('may be left early, and be read twice at once', async () => {
    const table = await openTable(await parquet('twice.parquet', sql));
    for await (const chunk of table.chunks(['i'], 10)) if (chunk.start > 100) break;
    const [a, b] = [table.chunks(['i'])[Symbol.asyncIterator](), table.chunks(['i'])[Symbol.asyncIterator]()];
    await a.next();
    expect((await b.next()).value).toMatchObject({ start: 0 });
    expect((await a.next()).value).toMatchObject({ start: 4096 });
    await Promise.all([a.return?.(), b.return?.()]);
    await table.close();
    await expect(columnsOf(table)).rejects.toMatchObject({ code: 'TABLE_CLOSED' });
  });
});

test('rows that memory could not hold are streamed (fault 61)', async () => {
  const row = `${'x'.repeat(998)},1\n`;
  const path = await file('larger.csv.gz', gzipSync(`t,n\n${row.repeat(150_000)}`, { level: 1 }));
  const table = await openTable(path, { memory: 1e8, threads: 1 });
  let rows = 0;
  for await (const chunk of table.chunks(['n'])) rows += chunk.rows;
  expect(rows).toBe(150_000);
  await table.close();
});

describe('several files', () => {
  test('follow each other by name, whatever the order of their columns or their format', async () => {
    await file('part1.csv', 'a,b\n1,x\n2,y\n');
    await file('part2.csv', 'b;a\nz;3\n');
    const json = await file('more.ndjson', '{"b":"w","a":4}\n');
    const { columns } = await read([join(folder, 'part?.csv'), json]);
    expect(columns).toEqual({ a: [1, 2, 3, 4], b: ['x', 'y', 'z', 'w'] });
  });

  test('with other columns, or other types, are refused', async () => {
    const [a, b] = [await file('ab.csv', 'a,b\n1,2\n'), await file('ac.csv', 'a,c\n1,2\n')];
    await expect(read([a, b])).rejects.toThrow(
      /ac.csv: compared with .*ab.csv it lacks 'b', has 'c' besides/,
    );
    const times = await parquet('abtime.parquet', `SELECT 1 a, DATE '2024-01-01' b`);
    await expect(read([a, times])).rejects.toMatchObject({ code: 'TABLE_COLUMNS' });
  });

  test('a fault is named by its own file and row', async () => {
    const good = await file('good.csv', 'a\n1\n2\n');
    const bad = await file('bad.csv', `a\n${'1\n'.repeat(5000)}x\n`);
    await expect(read([good, bad])).rejects.toMatchObject({ place: `${bad}, row 5001, column 'a'` });
  });
});

describe('a query', () => {
  test('gives its rows, the same at every reading', async () => {
    const table = await openTable([], {
      sql: 'SELECT random() r, i FROM range(5000) t(i) ORDER BY random();',
    });
    expect(await columnsOf(table)).toEqual(await columnsOf(table));
    expect(table.rows).toBe(5000);
    await table.close();
  });

  test.each([
    ['that writes', `COPY (SELECT 1) TO 'x.csv'`],
    ['that is two', 'SELECT 1; SELECT 2'],
    ['that changes settings', 'SET threads = 1'],
    ['that is nonsense', 'SELEC 1'],
    ['with a wrong name', 'SELECT a FROM range(3) t(i)'],
    ['of the network', `SELECT * FROM 'https://localhost:1/x.parquet'`],
  ])('%s is refused', async (_, sql) => {
    await expect(openTable([], { sql })).rejects.toMatchObject({ code: 'TABLE_SQL' });
  });

  test('beside files is refused', async () => {
    await expect(openTable('x.csv', { sql: 'SELECT 1' })).rejects.toMatchObject({ code: 'TABLE_SQL' });
  });
});

describe('a file that changes', () => {
  test.each(['before', 'after'])('%s reading starts is refused (fault 62)', async (when) => {
    const path = await file(`${when}.csv`, `a\n${'1\n'.repeat(50_000)}`);
    const table = await openTable(path);
    const chunks = table.chunks()[Symbol.asyncIterator]();
    if (when === 'after') await chunks.next();
    await appendFile(path, '2\n');
    await utimes(path, 1, 1);
    const rest = async () => {
      for (let next = await chunks.next(); !next.done; next = await chunks.next());
    };
    await expect(rest()).rejects.toMatchObject({ code: 'TABLE_CHANGED', place: path });
    await table.close();
  });
});

const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const lines = (count: number) => Array.from({ length: count }, (_, i) => `${i},t${i},${i / 2}\n`).join('');

describe('bad input', () => {
  test.each<[string, string, string | Uint8Array, string, RegExp]>([
    ['no bytes (fault 38)', 'zero.csv', '', 'TABLE_EMPTY', /no bytes/],
    ['blank lines only (fault 38)', 'blank.csv', '\n\n', 'TABLE_EMPTY', /blank/],
    ['a header and no rows (fault 38)', 'header.csv', 'a,b,c\n', 'TABLE_EMPTY', /no rows/],
    [
      'a row too long (fault 39)',
      'long.csv',
      `a,b,c\n${lines(9)}1,2,3,4\n`,
      'TABLE_RAGGED',
      /line 11: .* 4 cells .* 3/,
    ],
    [
      'a row too short (fault 39)',
      'short.csv',
      `a,b,c\n1,2\n${lines(9)}`,
      'TABLE_RAGGED',
      /line 2: .* 2 cells .* 3/,
    ],
    ['a row too short, far below', 'late.csv', `a,b,c\n${lines(30_000)}1,2\n`, 'TABLE_RAGGED', /line 30002/],
    ['a header too short', 'names.csv', `a,b\n${lines(9)}`, 'TABLE_RAGGED', /line 2/],
    [
      'an open quote (fault 40)',
      'quote.csv',
      `a,b,c\n${lines(9)}1,"x,3\n${lines(9)}`,
      'TABLE_QUOTES',
      /line 11/,
    ],
    [
      'bytes of anything',
      'noise.csv',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256),
      'TABLE_ENCODING',
      /UTF-8/,
    ],
    [
      'names twice (fault 43)',
      'twice.csv',
      'a,b,a\n1,2,3\n',
      'TABLE_HEADER',
      /line 1: columns 1 and 3 are both named 'a'/,
    ],
    ['a huge line', 'huge.csv', `a,b\n1,${'x'.repeat(5e6)}\n`, 'TABLE_LINE', /line 2.*longer than/],
    ['mixed line ends', 'ends.csv', 'a,b\r\n1,2\n3,4\r\n', 'TABLE_BROKEN', /end in different ways/],
    [
      '1e999 (fault 46)',
      'much.csv',
      'a\n1\n1e999\n',
      'TABLE_CELL',
      /row 2, column 'a': '1e999' is not a finite number/,
    ],
    ['nan (fault 47)', 'nan.csv', 'a\n1\nnan\n', 'TABLE_CELL', /row 2, column 'a': 'nan'/],
    ['a spreadsheet', 'sheet.xlsx', 'PK\x03\x04....', 'TABLE_FORMAT', /spreadsheet.*save the sheet as CSV/],
    [
      'an old spreadsheet',
      'sheet.xls',
      Buffer.from('\xd0\xcf\x11\xe0....', 'latin1'),
      'TABLE_FORMAT',
      /spreadsheet/,
    ],
    [
      'gzip cut off',
      'cut.csv.gz',
      gzipSync(lines(9999)).subarray(0, 40_000),
      'TABLE_BROKEN',
      /cut off|damaged/,
    ],
    ['what is no gzip', 'no.csv.gz', 'a,b\n1,2\n', 'TABLE_BROKEN', /gzip/],
    ['JSON cut off', 'cut.json', '{"a":1}\n{"a":2', 'TABLE_BROKEN', /line \d/],
    ['broken JSON', 'broken.json', '{"a":1}\n{"a":oops}\n', 'TABLE_BROKEN', /Malformed/],
    ['deep JSON', 'deep.json', `{"a":1}\n{"a":${deep}}\n`, 'TABLE_NESTED', /line 2: .* more than 100 deep/],
    ['JSON of lists', 'lists.json', '{"a":[1,2],"b":[3,4]}', 'TABLE_NESTED', /'a' \(BIGINT\[\]\), 'b'/],
    ['Parquet cut off', 'cut.parquet', 'PAR1\x15\x04\x15', 'TABLE_BROKEN', /parquet/i],
  ])('%s', async (_, name, content, code, message) => {
    // biome-ignore format: one line
    const path = await file(name, content);
    await expect(read(path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(read(path)).rejects.toMatchObject({ place: expect.stringContaining(path) });
  });

  test('Parquet with a damaged page (fault 60)', async () => {
    const path = await parquet('page.parquet', `SELECT i, 'a text ' || i s FROM range(50000) t(i)`);
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(path);
    bytes.fill(0xff, 4, 2000);
    await writeFile(path, bytes);
    await expect(read(path)).rejects.toMatchObject({ code: 'TABLE_BROKEN' });
  });

  test('no such file, a folder, a pattern that nothing fits', async () => {
    for (const path of [join(folder, 'none.csv'), folder, join(folder, 'none*.csv')]) {
      await expect(read(path)).rejects.toMatchObject({ code: 'TABLE_MISSING', place: path });
    }
    await expect(read([])).rejects.toMatchObject({ code: 'TABLE_MISSING' });
  });

  test('a thousand columns are read in seconds', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `c${i}`);
    const path = await file('wide.csv', `${names.join(',')}\n${names.map((_, i) => i).join(',')}\n`);
    const { columns } = await read(path);
    expect(Object.values(columns).flat()).toEqual(names.map((_, i) => i));
  });

  test('more columns than fit in memory', async () => {
    const names = Array.from({ length: 4000 }, (_, i) => `c${i}`).join(',');
    const path = await file('columns.csv', `${names}\n${names.replaceAll('c', '')}\n`);
    await expect(read(path, { memory: 2 ** 26 })).rejects.toMatchObject({
      code: 'TABLE_MEMORY',
      message: expect.stringMatching(/than the .*iB that are allowed.*--memory/),
    });
  });
});

const data = fileURLToPath(new URL('../../../../../../shared/data', import.meta.url));

describe.skipIf(!existsSync(data))('real files', () => {
  test.each([
    ['adult/adult.data', {}, 32_561, 'ntntntttttnnntt'],
    ['adult/adult.test', {}, 16_281, 'ntntntttttnnntt'],
    ['nsl-kdd/KDDTest+.txt', {}, 22_544, `nttt${'n'.repeat(37)}tn`],
    ['titanic/titanic.csv', {}, 891, 'nnnttnnntntt'],
    ['titanic/titanic.parquet', {}, 891, 'bttnnnn'],
    ['sms-spam/SMSSpamCollection', { header: false, quote: '' }, 5574, 'tt'],
    ['nab/data/realTraffic/*.csv', {}, 3507, 'tn'],
  ])('%s', async (name, options, rows, types) => {
    const table = await openTable(join(data, name), options);
    expect(table.columns.map(({ type }) => type[0]).join('')).toBe(types);
    expect(table.rows).toBe(rows);
    await table.close();
  });
});
