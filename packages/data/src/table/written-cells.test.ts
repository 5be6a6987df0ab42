import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writtenNumber, writtenTime } from '@semivae/runtime/core';
import { afterAll, describe, expect, test } from 'vitest';
import { startEngine, withConnection } from './duckdb.ts';
import { openTable, type TableOptions } from './open-table.ts';
import type { Cells } from './table.ts';
import { numberIn, timeIn } from './written.ts';

const folder = await mkdtemp(join(tmpdir(), 'written-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

async function file(content: string | Uint8Array, ending = 'csv'): Promise<string> {
  const path = join(folder, `${++files}.${ending}`);
  await writeFile(path, content);
  return path;
}

const missing = Number.NaN;
const plain = (cells: Cells): readonly (number | string)[] => Array.from(cells as ArrayLike<number | string>);

interface Read {
  readonly types: Readonly<Record<string, string>>;
  readonly columns: Readonly<Record<string, readonly (number | string)[]>>;
  /** As a model keeps it, and asks later files for it. */
  readonly asked: Pick<TableOptions, 'types' | 'written'>;
  readonly notes: readonly string[];
}

async function read(path: string, options: TableOptions = {}): Promise<Read> {
  const table = await openTable(path, options);
  try {
    const columns = new Map<string, (number | string)[]>();
    for await (const chunk of table.chunks())
      for (const [name, cells] of Object.entries(chunk.columns))
        columns.set(name, [...(columns.get(name) ?? []), ...plain(cells)]);
    const used = table.columns.filter(({ unread }) => !unread);
    return {
      types: Object.fromEntries(table.columns.map(({ name, type }) => [name, type])),
      columns: Object.fromEntries(columns),
      asked: {
        types: Object.fromEntries(used.map(({ name, type }) => [name, type])),
        written: Object.fromEntries(used.map(({ name, written = {} }) => [name, written])),
      },
      notes: table.notes ?? [],
    };
  } finally {
    await table.close();
  }
}

const csv = (cells: readonly string[], name = 'x') =>
  `${name}\tother\n${cells.map((cell) => `${cell}\ta`).join('\n')}\n`;

const day = (year: number, month: number, date: number, ...time: number[]) =>
  Date.UTC(year, month - 1, date, ...time);

/** Cells of one column as people write them, what they mean, and what they are told with. */
type Case = [
  what: string,
  cells: readonly string[],
  type: string,
  values: readonly (number | string)[],
  options?: TableOptions,
  name?: string,
];

const written: Case[] = [
  ['plain numbers', ['1', '-2.5', '1e3', ''], 'number', [1, -2.5, 1000, missing]],
  [
    'decimal commas',
    ['31,67', '1.072,55', '', '1.234.567', '-0,5'],
    'number',
    [31.67, 1072.55, missing, 1234567, -0.5],
  ],
  ['thousands', ['1,072.55', '2,800', '12'], 'number', [1072.55, 2800, 12]],
  ['thousands in spaces', ['1 072,5', '2\u00a0800,0', '1\u202f000,25'], 'number', [1072.5, 2800, 1000.25]],
  ['thousands in apostrophes', ["1'072.5", '2’800.0'], 'number', [1072.5, 2800]],
  ['lakhs', ['₹1,00,000', '₹12,34,567.5'], 'number', [100000, 1234567.5]],
  ['dollars', ['$1,072.55', '-$3.00', '($4.50)', '$-2.25'], 'number', [1072.55, -3, -4.5, -2.25]],
  ['euros behind', ['1.072,55 €', '3,00 €', '−4,50€'], 'number', [1072.55, 3, -4.5]],
  ['codes of currencies', ['USD 5.25', '7.5 USD', 'CHF 1'], 'number', [5.25, 7.5, 1]],
  ['percent', ['32%', '12.5 %', '-1%'], 'number', [0.32, 0.125, -0.01]],
  ['a comma said to be decimal', ['1,234', '5'], 'number', [1.234, 5], { decimal: ',' }],
  ['a comma said to stand between thousands', ['1,234', '5'], 'number', [1234, 5], { decimal: '.' }],
  [
    'a point said to stand between thousands',
    ['1.234', '5.000', '7'],
    'number',
    [1234, 5000, 7],
    { decimal: ',' },
  ],
  ['codes', ['02139', '10001', '90210'], 'text', ['02139', '10001', '90210']],
  [
    'codes said to be numbers',
    ['02139', '10001'],
    'number',
    [2139, 10001],
    { types: { x: 'number' }, others: true },
  ],
  ['numbers with underscores', ['12_34', '56_78'], 'text', ['12_34', '56_78']],
  [
    'dates by the day',
    ['05/10/2024', '16/06/2024', ''],
    'timestamp',
    [day(2024, 10, 5), day(2024, 6, 16), missing],
  ],
  ['dates by the month', ['10/5/2024', '6/16/2024'], 'timestamp', [day(2024, 10, 5), day(2024, 6, 16)]],
  ['dates with points', ['5.10.2024', '6.7.24'], 'timestamp', [day(2024, 10, 5), day(2024, 7, 6)]],
  [
    'dates of two kinds',
    ['05.10.2024', '2024-06-16', '2024-06-16 12:30'],
    'timestamp',
    [day(2024, 10, 5), day(2024, 6, 16), day(2024, 6, 16, 12, 30)],
  ],
  [
    'dates said to begin with the month',
    ['05/10/2024', '06/07/2024'],
    'timestamp',
    [day(2024, 5, 10), day(2024, 6, 7)],
    { dateFormat: 'mdy' },
  ],
  [
    'dates said to begin with the day',
    ['05/10/2024', '06/07/2024'],
    'timestamp',
    [day(2024, 10, 5), day(2024, 7, 6)],
    { dateFormat: 'dmy' },
  ],
  [
    'dates the same either way',
    ['05/05/2024', '06/06/2024'],
    'timestamp',
    [day(2024, 5, 5), day(2024, 6, 6)],
  ],
  [
    'times of twelve hours',
    ['16/06/2024 2:05 PM', '17/06/2024 12:00:30 am'],
    'timestamp',
    [day(2024, 6, 16, 14, 5), day(2024, 6, 17, 0, 0, 30)],
  ],
  [
    'names of months',
    ['05-Oct-2024', '7 March 2023', 'Jun 3, 2022'],
    'timestamp',
    [day(2024, 10, 5), day(2023, 3, 7), day(2022, 6, 3)],
  ],
  [
    'seconds since 1970',
    ['1728091961', '1704689046'],
    'timestamp',
    [1728091961000, 1704689046000],
    {},
    'when',
  ],
  [
    'milliseconds since 1970',
    ['1728091961000', '1704689046000'],
    'timestamp',
    [1728091961000, 1704689046000],
    {},
    'created_at',
  ],
  [
    'days of a spreadsheet',
    ['45570', '45299'],
    'timestamp',
    [day(2024, 10, 5), day(2024, 1, 8)],
    {},
    'orderDate',
  ],
  ['days in digits', ['20241005', '20240616'], 'timestamp', [day(2024, 10, 5), day(2024, 6, 16)], {}, 'date'],
  ['such numbers of another name', ['45570', '45299'], 'number', [45570, 45299], {}, 'price'],
  [
    'days of a spreadsheet, as it is said',
    ['45570.25', '1'],
    'timestamp',
    [day(2024, 10, 5, 6), day(1899, 12, 31)],
    { types: { x: 'timestamp' }, others: true, dateFormats: { x: 'excel' } },
  ],
  ['yes and no', ['yes', 'no', '', 'YES'], 'boolean', [1, 0, missing, 1]],
  ['Y and N', ['N', 'Y', 'N'], 'boolean', [0, 1, 0]],
  ['ja and nein', ['ja', 'nein'], 'boolean', [1, 0]],
  ['true and false', ['True', 'False'], 'boolean', [1, 0]],
  ['other words', ['m', 'f', 'm'], 'text', ['m', 'f', 'm']],
  ['one word', ['yes', 'yes'], 'text', ['yes', 'yes']],
  ['yes, no and more', ['yes', 'no', 'maybe'], 'text', ['yes', 'no', 'maybe']],
  ['words with numbers', ['12 kg', '5 miles'], 'text', ['12 kg', '5 miles']],
];

describe('cells as people write them', () => {
  test.each<Case>(written)('%s', async (_, cells, type, values, options = {}, name = 'x') => {
    const path = await file(csv(cells, name));
    const trained = await read(path, options);
    expect(trained.types[name]).toBe(type);
    expect(trained.columns[name]).toEqual(values);
    const later = await read(path, trained.asked);
    expect(later.columns).toEqual(trained.columns);
    expect(later.asked).toEqual(trained.asked);
  });

  test('are read in the same way in a later file whose cells alone would not tell', async () => {
    const { asked } = await read(await file(csv(['31/12/2024', '01/02/2024'], 'when')));
    const later = await read(await file(csv(['03/04/2024'], 'when')), asked);
    expect(later.columns.when).toEqual([day(2024, 4, 3)]);
    const comma = await read(await file(csv(['1,5', '1.234'])));
    expect((await read(await file(csv(['2.000'])), comma.asked)).columns.x).toEqual([2000]);
  });

  test('a table has one decimal sign where its columns show one', async () => {
    const commas = await read(await file('a;b;c\n1,5;1.234;1.000\n2,5;4.000;2\n'));
    expect(commas.columns).toEqual({ a: [1.5, 2.5], b: [1234, 4000], c: [1000, 2] });
    const points = await read(await file('a,b\n1.5,"1,234"\n2.5,"4,000"\n'));
    expect(points.columns).toEqual({ a: [1.5, 2.5], b: [1234, 4000] });
    expect((await read(await file('a;b\nx;1,234\ny;4,000\n'))).columns.b).toEqual([1.234, 4]);
    expect((await read(await file('a;b\n3;1.234\n4;4.000\n'))).columns.b).toEqual([1.234, 4]);
  });
});

const many = (cell: string, more: readonly string[]) => [...Array<string>(95).fill(cell), ...more];

describe('what cannot be known is asked, and what is wrong is named', () => {
  test.each<[string, readonly string[], string, RegExp, TableOptions?]>([
    [
      'a comma of two meanings',
      ['1,234', '5,678'],
      'TABLE_DECIMAL',
      /row 1, column 'x': '1,234' may be 1234 or 1.234.*--decimal/,
    ],
    [
      'commas and points (fault 45)',
      ['1,5', '2.5', '3,5', '4.5'],
      'TABLE_DECIMAL',
      /row 2: '2.5'.*row 1: '1,5'/,
    ],
    [
      'a date of two meanings',
      ['05/10/2024', '06/07/2024'],
      'TABLE_DATES',
      /row 1, column 'x': '05\/10\/2024' may be.*--date-format/,
    ],
    [
      'dates of two orders',
      ['16/06/2024', '06/16/2024'],
      'TABLE_DATES',
      /row 1: '16\/06\/2024'.*row 2: '06\/16\/2024'/,
    ],
    [
      'a comma among points (fault 45)',
      many('2.5', ['1,5']),
      'TABLE_CELL',
      /row 96, column 'x': '1,5' is not a finite number.*--decimal/,
    ],
    [
      'a point among commas',
      many('2,5', ['1.5']),
      'TABLE_CELL',
      /row 96, column 'x': '1.5' .*where the decimal sign is ','/,
    ],
    ['hexadecimal (fault 45)', many('2.5', ['0x10']), 'TABLE_CELL', /row 96, column 'x': '0x10'/],
    ['a word among numbers', many('2.5', ['12abc']), 'TABLE_CELL', /row 96, column 'x': '12abc'/],
    [
      'a day that there is not',
      many('16/06/2024', ['31/02/2024']),
      'TABLE_CELL',
      /row 96, column 'x': '31\/02\/2024' is not a timestamp, written as dmy/,
    ],
    ['beyond what a number holds (fault 46)', many('2,5', ['1,5e999']), 'TABLE_CELL', /row 96/],
    ['an integer beyond 2^53 (fault 55)', many('2,5', ['9007199254740993']), 'TABLE_CELL', /row 96.*2\^53/],
    [
      'a null character (fault 42)',
      ['a\0z', 'b'],
      'TABLE_CELL',
      /row 1, column 'x': it holds a null character/,
    ],
    [
      'numbers that are no dates',
      ['5', '6'],
      'TABLE_DATES',
      /column 'x': nothing tells what dates/,
      { types: { x: 'timestamp' }, others: true },
    ],
  ])('%s', async (_, cells, code, message, options) => {
    const found = read(await file(csv(cells)), options);
    await expect(found).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('nothing is asked of a column that is taken as it is written, or not read', async () => {
    const path = await file(csv(['05/10/2024', '06/07/2024']));
    expect((await read(path, { asWritten: ['x'] })).types).toEqual({ x: 'text', other: 'text' });
    expect((await read(path, { unread: ['x'] })).columns).toEqual({ other: ['a', 'a'] });
    const mixed = await file(csv(many('2.5', ['n/a'])));
    await expect(read(mixed)).rejects.toThrow(/'n\/a'.*--column 'x=categorical'/);
    expect((await read(mixed, { asWritten: ['x'] })).columns.x?.slice(-2)).toEqual(['2.5', 'n/a']);
    expect((await read(await file(csv(['7', '8'])), { asWritten: ['x'] })).types.x).toBe('number');
  });

  test('amounts of several currencies are told', async () => {
    const { columns, notes } = await read(await file(csv(['$5.00', '€7.50'])));
    expect(columns.x).toEqual([5, 7.5]);
    expect(notes.join()).toMatch(/column 'x' has amounts of several currencies \(\$, €\)/);
  });
});

describe('what is ignored is never read', () => {
  test.each(['csv', 'ndjson', 'parquet'])('in %s', async (ending) => {
    const bad =
      ending === 'csv'
        ? 'x,y\n1,a\0\n2,12345678901234567890\n'
        : '{"x":1,"y":[1]}\n{"x":2,"y":{"z":"\\u0000"}}\n';
    const path = ending === 'parquet' ? join(folder, 'ignored.parquet') : await file(bad, ending);
    if (ending === 'parquet') {
      const engine = await startEngine();
      await withConnection(engine, (use) => use.run(`COPY (SELECT unnest([1, 2]) x, [3] y) TO '${path}'`));
      await engine.close();
    }
    for (const options of [
      { unread: ['y'] },
      { types: { x: 'number' } as const },
      { types: { x: 'number' } as const, unread: ['y'] },
    ]) {
      const found = await read(path, options);
      expect(found.columns).toEqual({ x: [1, 2] });
    }
  });
});

const LATIN = 'city,n\nOrléans,1\nKøln €,2\n';

describe('files of texts', () => {
  const expected = { city: ['Orléans', 'Køln €'], n: [1, 2] };
  const bytes = (encode: (text: string) => Uint8Array) => encode(LATIN);
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();
  const cp1252 = (text: string) => Buffer.from(text.replace('€', '\x80'), 'latin1');
  test.each<[string, Uint8Array, TableOptions?]>([
    ['Windows-1252', bytes(cp1252)],
    ['UTF-16 (fault 42)', bytes((text) => Buffer.from(text, 'utf16le'))],
    ['UTF-16 with its mark (fault 42)', bytes((text) => Buffer.from(`\ufeff${text}`, 'utf16le'))],
    ['UTF-16, the high byte first', bytes(swapped)],
    ['UTF-16, the high byte first, with its mark', bytes((text) => swapped(`\ufeff${text}`))],
    ['UTF-8 with a mark (fault 41)', bytes((text) => Buffer.from(`\ufeff${text}`))],
    ['what a person says', bytes(cp1252), { encoding: 'latin1' }],
  ])('in %s', async (_, content, options) => {
    expect((await read(await file(content), options)).columns).toEqual(expected);
  });

  test('in another encoding are told, and keep it far below', async () => {
    const far = `a,b\n${'1,x\n'.repeat(200_000)}2,caf`;
    const path = await file(Buffer.concat([Buffer.from(far), Buffer.from([0xe9, 0x0a])]));
    const { columns, notes } = await read(path);
    expect(columns.b?.at(-1)).toBe('café');
    expect(notes).toEqual([`${path} is read as windows-1252 (say otherwise by --encoding)`]);
  });

  test('JSON in UTF-16 is read, too', async () => {
    const path = await file(Buffer.from('{"a":"é"}\n{"a":"x"}\n', 'utf16le'), 'ndjson');
    expect((await read(path)).columns).toEqual({ a: ['é', 'x'] });
  });

  test('an encoding that there is not, or that the bytes are not in, is refused', async () => {
    const path = await file('a,b\n1,é\n');
    await expect(read(path, { encoding: 'klingon' })).rejects.toMatchObject({ code: 'TABLE_ENCODING' });
    await expect(
      read(await file(Buffer.from([0x61, 0x0a, 0xff, 0x0a])), { encoding: 'shift_jis' }),
    ).rejects.toMatchObject({
      code: 'TABLE_ENCODING',
    });
  });

  test.each<[string, string, Read['columns'], TableOptions?]>([
    ['say what stands between cells', 'sep=;\na;b\n1,5;x\n', { a: [1.5], b: ['x'] }],
    [
      'have decimal commas and no names',
      '31,67;1072,55;63,34\n12,02;1476,81;24,04\n',
      { column1: [31.67, 12.02], column2: [1072.55, 1476.81], column3: [63.34, 24.04] },
    ],
    ['are as they are said to be', 'a:b\n1:2\n', { a: [1], b: [2] }, { delimiter: ':' }],
    ['have line breaks in names (fault 41)', 'x,"no\nte"\n1,a\n2,b\n', { x: [1, 2], 'no\nte': ['a', 'b'] }],
    [
      'have line breaks in names, and line ends of Windows (fault 41)',
      'x,"no\nte"\r\n1,a\r\n2,b\r\n',
      { x: [1, 2], 'no\nte': ['a', 'b'] },
    ],
    [
      'have line breaks in cells (fault 41)',
      'x,y\r\n1,"a\nb"\r\n2,"c\r\nd"\r\n',
      { x: [1, 2], y: ['a\nb', 'c\r\nd'] },
    ],
    ['have names that differ by case (fault 43)', 'Amount,amount\n1,2\n', { Amount: [1], amount: [2] }],
    ['have empty cells and spaces (fault 44)', 'a,b\n1, \n ,x\n', { a: [1, missing], b: ['', 'x'] }],
  ])('that %s', async (_, content, columns, options) => {
    expect((await read(await file(content), options)).columns).toEqual(columns);
  });
});

describe('JSON', () => {
  test('has numbers in texts, and codes that are none', async () => {
    const path = await file(
      '{"v":"12.5","zip":"02139","w":"x"}\n{"v":"3","zip":"10001"}\n{"v":4}\n',
      'ndjson',
    );
    expect((await read(path)).columns).toEqual({
      v: [12.5, 3, 4],
      zip: ['02139', '10001', ''],
      w: ['x', '', ''],
    });
  });

  test('has names that differ by case alone', async () => {
    const path = await file('{"Amount":1,"amount":2,"a/b~c":"x"}\n{"amount":3}\n', 'ndjson');
    expect((await read(path)).columns).toEqual({ Amount: [1, missing], amount: [2, 3], 'a/b~c': ['x', ''] });
  });
});

test('Parquet has names that differ by case alone', async () => {
  const engine = await startEngine();
  const path = join(folder, 'case.parquet');
  const sql = `COPY (SELECT {'x': 1} s, 1 AS "Amount", 2 AS "amount") TO '${path}'`;
  await withConnection(engine, (use) => use.run(sql));
  await engine.close();
  const { columns } = await read(path, { unread: ['s'] });
  expect(Object.values(columns)).toEqual([[1], [2]]);
});

/** Cells that are read by SQL in files and by JavaScript in an app. */
const ODD = [
  '1.234,56',
  '1,234.56',
  '1,234',
  '0,234',
  '$1,072.55',
  '32%',
  '€ 5',
  "1'000",
  '(5.00)',
  '5-',
  '−5',
  '₹1,00,000',
  '1e5',
  '1.5E-3',
  '12 kg',
  'USD 5',
  '007',
  '.5',
  ',5',
  '5.',
  '',
  '1,2,3',
  '-$5',
  '--5',
  '%',
  '12.345.678,9',
  '\u00a05',
  '1\u202f234,5',
];
const ODD_DATES = [
  '05/10/2024',
  '5. 10. 2024',
  '31/02/2024',
  '16/06/24',
  '16/06/70',
  '05-Oct-2024',
  'Oct 5, 2024',
  'Sept 3, 2020',
  '05/10/2024 14:03',
  '05/10/2024 2:03 PM',
  '05/10/2024 12:00:01.5 am',
  '5/10/2024 14:03 PM',
  '24/10/5',
  '2024-01-05',
  '05/10/2024 25:00',
  '1 foo 2024',
  '',
];

test('files and apps read a cell alike', async () => {
  const engine = await startEngine();
  const literal = (cell: string) => `'${cell.replaceAll("'", "''")}'`;
  const values = async (sql: (cell: string) => string, cells: readonly string[]) =>
    withConnection(engine, async (use) => {
      const list = cells.map((cell) => `(${sql(literal(cell))})::DOUBLE`).join(', ');
      const [row] = (await use.runAndReadAll(`SELECT ${list}`)).getRows();
      return row!.map((each) => (each === null ? undefined : Number(each)));
    });
  for (const sign of ['.', ','] as const)
    expect(await values((cell) => numberIn(cell, sign), ODD)).toEqual(
      ODD.map((cell) => writtenNumber(cell, sign)),
    );
  for (const order of ['dmy', 'mdy'] as const)
    expect(await values((cell) => timeIn(cell, order), ODD_DATES)).toEqual(
      ODD_DATES.map((cell) => writtenTime(cell, order)),
    );
  await engine.close();
});
