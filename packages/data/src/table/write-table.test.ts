import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowsOf, startEngine, text, withConnection } from './duckdb.ts';
import { arrayTable } from './memory-table.ts';
import { openTable } from './open-table.ts';
import type { Table, TableColumn } from './table.ts';
import { openTableWriter } from './write-table.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'written-'));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

async function sql(query: string) {
  const engine = await startEngine();
  try {
    return await withConnection(engine, (connection) => rowsOf(connection, query));
  } finally {
    await engine.close();
  }
}

const columns: readonly TableColumn[] = [
  { name: 'score', type: 'number' },
  { name: 'anomaly', type: 'boolean' },
  { name: 'when', type: 'timestamp' },
  { name: 'why', type: 'text' },
];

const cells = {
  score: Float64Array.of(1, 0.5, Number.NaN),
  anomaly: Float64Array.of(0, 1, Number.NaN),
  when: Float64Array.of(0, 1.5e12, Number.NaN),
  why: ['a, "b"', 'x', ''],
};

/** Answers that tell their row. */
async function answer(table: Table, path: string, keep?: readonly string[]): Promise<void> {
  const answers: readonly TableColumn[] = [{ name: 'row', type: 'number' }];
  const writer = await openTableWriter(path, answers, { beside: table, ...(keep && { keep }) });
  for await (const { start, rows } of table.chunks([], 777)) {
    await writer.append({ row: Float64Array.from({ length: rows }, (_, i) => start + i) });
  }
  await writer.close();
}

describe('what is written', () => {
  test.each(['out.parquet', 'out.csv', 'out.tsv', 'out.ndjson', 'out.csv.gz'])(
    'to %s reads back',
    async (name) => {
      const writer = await openTableWriter(at(name), columns);
      await writer.append(cells);
      await writer.append(cells);
      await writer.close();
      const table = await openTable(at(name));
      expect(table.columns).toEqual(columns);
      for await (const chunk of table.chunks(undefined, 3)) expect(chunk.columns).toEqual(cells);
      expect(table.rows).toBe(6);
      await table.close();
    },
  );

  test('as CSV and as JSON is plain text', async () => {
    for (const name of ['plain.csv.gz', 'plain.jsonl']) {
      const writer = await openTableWriter(at(name), columns);
      await writer.append(cells);
      await writer.close();
    }
    expect(
      gunzipSync(await readFile(at('plain.csv.gz')))
        .toString()
        .split('\n'),
    ).toEqual([
      'score,anomaly,when,why',
      '1,false,1970-01-01 00:00:00,"a, ""b"""',
      '0.5,true,2017-07-14 02:40:00,x',
      ',,,',
      '',
    ]);
    const objects = (await readFile(at('plain.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects[2]).toEqual({ score: null, anomaly: null, when: null, why: null });
  });
});

describe('answers beside a table', () => {
  test('leave Parquet as it was, types and rows in order, also nested ones', async () => {
    const query = `SELECT i, if(i % 3 = 0, NULL, i::DECIMAL(12,2)) d, 's' || i s, [i] l, DATE '2024-01-01' t,
      (i % 250)::UTINYINT u FROM range(300000) r(i)`;
    await sql(`COPY (${query}) TO ${text(at('in.parquet'))}`);
    const table = await openTable(at('in.parquet'), { types: { i: 'number' }, threads: 4 });
    await answer(table, at('both.parquet'));
    await table.close();
    const [before, after] = [await sql(`DESCRIBE FROM ${text(at('in.parquet'))}`), await sql(`DESCRIBE FROM ${text(at('both.parquet'))}`)]; // biome-ignore format: pair
    expect(after).toEqual([...before, ['row', 'DOUBLE', 'YES', null, null, null]]);
    const differ = `SELECT count(*), count_if(o.i IS DISTINCT FROM o.row OR (o.i, o.d, o.s, o.l, o.t, o.u) IS DISTINCT FROM (p.i, p.d, p.s, p.l, p.t, p.u))
      FROM ${text(at('both.parquet'))} o POSITIONAL JOIN ${text(at('in.parquet'))} p`;
    expect(await sql(differ)).toEqual([[300_000n, 0n]]);
  });

  const csv = 'id,name , when,big\n7.0," a ",2024-01-02,12345678901234567890\n2.0,,2024-01-03,1\n';

  test('leave the cells of a CSV as they were in a CSV', async () => {
    await writeFile(at('in.csv'), csv);
    const table = await openTable(at('in.csv'));
    await answer(table, at('both.csv'));
    await table.close();
    const lines = csv.trim().split('\n').slice(1);
    const expected = ['id,name,when,big,row', ...lines.map((line, i) => `${line},${i}`), ''];
    expect((await readFile(at('both.csv'), 'utf8')).replace(' a ', '" a "').split('\n')).toEqual(expected);
  });

  test('make numbers of a CSV numbers in Parquet, but none that would lose digits', async () => {
    const table = await openTable(at('in.csv'));
    await answer(table, at('typed.parquet'));
    await table.close();
    const rows = await sql(`FROM ${text(at('typed.parquet'))}`);
    expect(rows).toEqual([
      [7n, ' a ', '2024-01-02', '12345678901234567890', 0],
      [2n, null, '2024-01-03', '1', 1],
    ]);
  });

  test('keep names that differ by case alone in a CSV', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},"x, ${i}",`);
    await writeFile(at('case.csv'), `Amount,amount,AMOUNT\n${rows.join('\n')}\n`);
    const table = await openTable(at('case.csv'));
    await answer(table, at('case-out.csv'));
    await table.close();
    const expected = ['Amount,amount,AMOUNT,row', ...rows.map((row, i) => `${row},${i}`), ''];
    expect((await readFile(at('case-out.csv'), 'utf8')).split('\n')).toEqual(expected);
  });

  test('go with several files, a query, arrays, and chosen columns', async () => {
    await writeFile(at('p1.csv'), 'a,b\n1,x\n2,y\n');
    await writeFile(at('p2.csv'), 'b;a\nz;3\n');
    const files = await openTable([at('p1.csv'), at('p2.csv')]);
    await answer(files, at('files.csv'));
    await files.close();
    expect(await readFile(at('files.csv'), 'utf8')).toBe('a,b,row\n1,x,0\n2,y,1\n3,z,2\n');

    const query = await openTable([], { sql: 'SELECT i, i + 0.5 h FROM range(3) t(i)' });
    await answer(query, at('query.csv'), ['h']);
    await query.close();
    expect(await readFile(at('query.csv'), 'utf8')).toBe('h,row\n0.5,0\n1.5,1\n2.5,2\n');

    await answer(arrayTable('array', { a: Float64Array.of(5, Number.NaN) }), at('array.csv'));
    expect(await readFile(at('array.csv'), 'utf8')).toBe('a,row\n5,0\n,1\n');
  });

  test('leave out what CSV and JSON cannot say', async () => {
    await sql(`COPY (SELECT 'nan'::DOUBLE a, 'inf'::FLOAT b) TO ${text(at('odd.parquet'))}`);
    const table = await openTable(at('odd.parquet'));
    await answer(table, at('odd.ndjson'));
    await answer(table, at('odd.csv'));
    await table.close();
    expect(JSON.parse(await readFile(at('odd.ndjson'), 'utf8'))).toEqual({ a: null, b: null, row: 0 });
    expect(await readFile(at('odd.csv'), 'utf8')).toBe('a,b,row\n,inf,0\n');
  });
});

describe('nothing half-written', () => {
  const one: readonly TableColumn[] = [{ name: 'score', type: 'number' }];
  const parts = async () => (await readdir(folder)).filter((name) => name.endsWith('.partial'));

  test('stays after giving up, and what was there remains', async () => {
    await writeFile(at('kept.csv'), 'old');
    const writer = await openTableWriter(at('kept.csv'), one);
    await writer.append({ score: Float64Array.of(1) });
    expect(await parts()).toHaveLength(1);
    await writer.abort();
    await writer.abort();
    expect(await readFile(at('kept.csv'), 'utf8')).toBe('old');
    expect(await parts()).toEqual([]);
  });

  test('stays when there are too few answers, or the input changes', async () => {
    await writeFile(at('three.csv'), 'a\n1\n2\n3\n');
    const table = await openTable(at('three.csv'));
    const few = await openTableWriter(at('few.csv'), one, { beside: table });
    await few.append({ score: Float64Array.of(1, 2) });
    await expect(few.close()).rejects.toThrow(/2 rows .* beside the 3/);
    const late = await openTableWriter(at('few.csv'), one, { beside: table });
    await late.append({ score: Float64Array.of(1, 2, 3) });
    await appendFile(at('three.csv'), '4\n');
    await expect(late.close()).rejects.toMatchObject({ code: 'TABLE_CHANGED' });
    await table.close();
    expect(await readdir(folder)).not.toContain('few.csv');
    expect(await parts()).toEqual([]);
  });

  test.each([
    ['a name that tells no format', 'x.doc', 'TABLE_FORMAT'],
    ['packed Parquet', 'x.parquet.gz', 'TABLE_FORMAT'],
    ['a folder that is not there', 'none/x.csv', 'TABLE_WRITE'],
  ])('%s is refused at once', async (_, name, code) => {
    await expect(openTableWriter(at(name), one)).rejects.toMatchObject({ code, place: at(name) });
  });

  test('columns that are there already, or lack cells, are refused', async () => {
    const table = arrayTable('scored', { Score: Float64Array.of(1) });
    const twice = openTableWriter(at('twice.csv'), one, { beside: table });
    await expect(twice).rejects.toThrow(/column 'score' already/);
    await expect(openTableWriter(at('t.csv'), one, { beside: table, keep: ['x'] })).rejects.toThrow(
      /no column 'x'/,
    );
    const writer = await openTableWriter(at('lacking.csv'), columns);
    await expect(writer.append({ ...cells, why: ['a'] })).rejects.toThrow(/'why' has 1 cells instead of 3/);
    await writer.abort();
  });
});
