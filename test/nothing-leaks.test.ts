import { memoryTable } from '@semivae/data';
import { ship } from '@semivae/export';
import { type Parity, verify } from '@semivae/export/node';
import { memoryFiles } from '@semivae/runtime';
import { beforeAll, describe, expect, test } from 'vitest';
import { people } from './people.ts';
import { type Tiny, tiny, tinyTable } from './tiny.ts';

const FOLDER = '/home/jane/clients/Contoso';
const FILE = `${FOLDER}/people.csv`;
const SECRET = 'hunter2-';
const ROWS = 600;

/** People, with a column that the model is not to see: every cell of it has the secret in it. */
function secretive() {
  const { wealth, spent, city } = people(ROWS, 'secretive');
  const note = Array.from({ length: ROWS }, (_, row) => `${SECRET}${row % 7}`);
  const cells = { wealth: wealth!, spent: spent!, city: city!, note };
  const types = { wealth: 'number', spent: 'number', city: 'text', note: 'text' } as const;
  const columns = Object.entries(types).map(([name, type]) => ({ name, type }));
  return { cells, table: memoryTable(FILE, columns, cells) };
}

const told = (files: Tiny['files']): [string, string][] =>
  Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1')]);
const parityOf = (files: Tiny['files']): Parity => JSON.parse(Buffer.from(files['parity.json']!).toString());
const rowsIn = (files: Tiny['files']) => {
  const parity = parityOf(files);
  return 'rows' in parity ? parity.rows : parity.x;
};
const differing = async (files: Tiny['files']) => (await verify(memoryFiles(files))).filter(({ ok }) => !ok);

const asked = {
  data: {
    name: FILE,
    columns: { note: { kind: 'ignored' } },
    sql: `SELECT * FROM read_csv('${FILE}') WHERE city <> "${FOLDER}/x"`,
  },
  epochs: 1,
} as const;

describe('a bundle of a table', () => {
  const { cells, table } = secretive();
  const isRow = (row: object) =>
    cells.city.some((city, i) => JSON.stringify(row) === JSON.stringify({ ...plain(i), city: city || null }));
  const plain = (i: number) => ({ wealth: known(cells.wealth[i]), spent: known(cells.spent[i]) });
  const known = (cell: unknown) => (Number.isNaN(cell) ? null : cell);
  let made: Tiny;
  beforeAll(async () => {
    made = await tinyTable(table, asked);
  });

  test.each(['drawn', 'real'] as const)(
    'verified on %s rows holds neither cells of an ignored column nor folders',
    async (parityRows) => {
      const { options } = made;
      const run = { seed: 1, step: 1, minutes: 1, labels: 0, sha256: '0'.repeat(64) };
      const earlier = { run: 'before', recipe: 'r', data: FILE, ...run };
      const info = {
        ...options.info,
        initFrom: { ...earlier, taken: 1, parameters: 1 },
        taughtBy: [earlier],
      };
      const files = await ship({ ...options, info, parityRows });
      for (const [name, text] of told(files)) {
        expect(text.includes(SECRET), name).toBe(false);
        expect(text.includes(FOLDER) || text.includes('jane'), name).toBe(false);
      }
      expect(await differing(files)).toEqual([]);
    },
  );

  test('is verified on made-up rows, unless real ones are asked for', async () => {
    const real = await ship({ ...made.options, parityRows: 'real' });
    expect((rowsIn(made.files) as object[]).filter(isRow)).toEqual([]);
    expect((rowsIn(real) as object[]).filter(isRow)).toHaveLength(rowsIn(real).length);
    for (const row of rowsIn(made.files)) expect(Object.keys(row)).toEqual(Object.keys(rowsIn(real)[0]!));
  });

  test('says in its card what it holds of the data', () => {
    const card = Buffer.from(made.files['README.md']!).toString();
    expect(card).toMatch(/scorer\.onnx` holds 200 training rows.*\n?.*compute their cells back/s);
    expect(card).toContain('rows that the model has made up');
  });
});

describe('a bundle of images', () => {
  test('is verified on made-up images, unless real ones are asked for', async () => {
    const { options, files } = await tiny('m2');
    const real = await ship({ ...options, parityRows: 'real' });
    const own = options.info.data.examples.x!.map((row) => row.join());
    expect(rowsIn(files).filter((row) => own.includes((row as number[]).join()))).toEqual([]);
    expect(rowsIn(real)).toEqual(options.info.data.examples.x);
    for (const each of [files, real]) expect(await differing(each)).toEqual([]);
  });
});
