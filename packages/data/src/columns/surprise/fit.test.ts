import { interpret, textTensor } from '@semivae/graph';
import {
  encodeTable,
  rawOrder,
  rawTable,
  squaredSurprises,
  type TableColumns,
  usedColumns,
} from '@semivae/model';
import { describe, expect, test } from 'vitest';
import { normals, uniforms } from '../../../test/draws.ts';
import type { Cells } from '../../table/table.ts';
import { inferColumn } from '../infer.ts';
import { fitSurprise } from './fit.ts';

const ROWS = 2000;
const choice = (levels: string, seed: number, of: (share: number) => number = (share) => share): string[] =>
  Array.from(uniforms(ROWS, seed), (share) => levels[Math.floor(levels.length * of(share))]!);

const country = choice('abcdefgh', 1);
/** A currency follows from the country, whatever else a row holds. */
const currency = country.map((each) => each.toUpperCase());
/** Some shops have hundreds of visits, some one. */
const shop = Array.from(uniforms(ROWS, 2), (share) => `shop ${Math.floor(300 * share ** 3)}`);
const price = normals(ROWS, 3).map((each) => Math.exp(6 + each));

const cells: Readonly<Record<string, Cells>> = {
  status: country.map(() => 'OK'),
  host: new Float64Array(ROWS),
  country,
  currency,
  channel: choice('wxyz', 4),
  shop,
  price,
  member: uniforms(ROWS, 5).map((share) => Number(share < 0.3)),
  noted: country.map((_, row) => (row % 4 === 0 ? '' : 'yn'[row % 2]!)),
};

type Row = Readonly<Record<string, string | number | null>>;
const rowAt = (row: number): Row =>
  Object.fromEntries(Object.entries(cells).map(([name, own]) => [name, own[row]!]));

const inferred: TableColumns = {
  kind: 'table',
  columns: Object.entries(cells).map(([name, own]) =>
    inferColumn({ name, type: own instanceof Float64Array ? 'number' : 'text', cells: own }, {}),
  ),
};
const surprise = fitSurprise(inferred, { rows: ROWS, columns: cells });

/** Squared nats of every cell of some rows, by column, by the graph that ships. */
function squaresOf(
  table: TableColumns,
  fitted: typeof surprise,
  rows: readonly Row[],
): Record<string, number>[] {
  const raw = rawTable(table, rows.length);
  const { numbers, texts } = rawOrder(table);
  const flat = <T>(names: readonly string[], of: (cell: Row[string]) => T) =>
    rows.flatMap((row) => names.map((name) => of(row[name]!)));
  const feeds = {
    numbers: {
      shape: [rows.length, numbers.length],
      data: Float64Array.from(flat(numbers, (cell) => (cell ?? Number.NaN) as number)),
    },
    texts: textTensor(
      [rows.length, texts.length],
      flat(texts, (cell) => (cell ?? '') as string),
    ),
  };
  const [found] = interpret([squaredSurprises(table, fitted, raw, encodeTable(table, raw))], feeds);
  const names = usedColumns(table).map(({ name }) => name);
  return rows.map((_, row) =>
    Object.fromEntries(names.map((name, i) => [name, found!.data[row * names.length + i]!])),
  );
}

const natsOf = (...asked: Parameters<typeof squaresOf>): Record<string, number>[] =>
  squaresOf(...asked).map((squares) =>
    Object.fromEntries(Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square)])),
  );

/** What the columns' nats say together. */
const length = (nats: Record<string, number>): number => Math.hypot(...Object.values(nats));
/** A row that surprises in nothing. */
const ordinary = Array.from({ length: 50 }, (_, row) => rowAt(row)).find(
  (row) => length(natsOf(inferred, surprise, [row])[0]!) === 0,
)!;
const surprising = (...changes: readonly Row[]) =>
  natsOf(
    inferred,
    surprise,
    changes.map((change) => ({ ...ordinary, ...change })),
  );

/** The columns that add something to a row's surprise. */
const columnsOf = (nats: Record<string, number>): string[] =>
  Object.keys(nats).filter((name) => nats[name]! > 0);

describe('surprise', () => {
  test('of ordinary rows is none of most', () => {
    const some = Array.from({ length: 200 }, (_, i) => rowAt(9 * i));
    const found = natsOf(inferred, surprise, some).map(length);
    expect(found.filter((each) => each > 0).length).toBeLessThan(0.25 * some.length);
    expect(found.filter((each) => each > 5).length).toBeLessThanOrEqual(0.02 * some.length);
  });

  test.each([
    ['a value never seen in a constant column', { status: 'PANIC' }, ['status']],
    ['a number never seen in a constant column', { host: 999 }, ['host']],
    ['a constant missing for the first time', { status: null }, ['status']],
    ['a number missing for the first time', { price: null }, ['price']],
    ['a text missing for the first time', { channel: null }, ['channel']],
    ['a yes or no missing for the first time', { member: null }, ['member']],
    ['a yes or no that is neither', { member: 7 }, ['member']],
    ['a number below all', { price: 0.01 }, ['price']],
    ['a number above all', { price: 1e9 }, ['price']],
    [
      'levels that never met',
      { currency: 'BCDEFGHA'['abcdefgh'.indexOf(country[0]!)]! },
      ['country', 'currency'],
    ],
  ] as const)('of %s is beyond that of nearly all rows, and of its column', (_, change, columns) => {
    const [found] = surprising(change);
    expect(columnsOf(found!)).toEqual([...columns]);
    expect(length(found!)).toBeGreaterThan(-Math.log(0.01));
  });

  test('of a cell that is often missing is little', () => {
    const [gone, there] = surprising({ noted: null }, { noted: 'y' });
    expect([gone!.noted! < 2, there!.noted! < 2]).toEqual([true, true]);
  });

  test('of a level rises with its rarity, and is most where it was never seen', () => {
    const countOf = (name: string) => shop.filter((each) => each === name).length;
    const byCount = [...new Set(shop)].sort((a, b) => countOf(b) - countOf(a));
    const found = surprising(...[...byCount, 'nowhere'].map((name) => ({ shop: name }))).map(
      (nats) => nats.shop!,
    );
    for (let i = 1; i < found.length; i++) expect(found[i]).toBeGreaterThanOrEqual(found[i - 1]!);
    expect(found.at(-1)).toBeGreaterThan(found[0]!);
    expect(found[0]).toBe(0);
  });

  test('of a number rises towards both ends', () => {
    const out = [20, 5, 1, 0.1, 0.001, 0];
    for (const prices of [out, [1e4, 2e4, 1e5, 1e6, 1e9]]) {
      const found = surprising(...prices.map((each) => ({ price: each }))).map((nats) => nats.price!);
      for (let i = 1; i < found.length; i++) expect(found[i]).toBeGreaterThanOrEqual(found[i - 1]!);
    }
  });

  test('of a level that never met another is what the rule makes it, however the other columns lie', () => {
    const broken = country.slice(0, 100).map((each, row) => ({
      ...rowAt(row),
      currency: 'HGFEDCBA'['abcdefgh'.indexOf(each)]!,
    }));
    const found = natsOf(inferred, surprise, broken);
    expect(found.every((nats) => length(nats) > -Math.log(0.01))).toBe(true);
  });

  test('is squared in whole steps, so that sums are exact in any order', () => {
    const changes: Row[] = [
      { price: 31.7 },
      { price: 9e3, shop: 'nowhere' },
      { status: null, currency: 'A' },
    ];
    const rows = changes.map((change) => ({ ...ordinary, ...change }));
    for (const squares of squaresOf(inferred, surprise, rows))
      for (const each of Object.values(squares)) expect(each * 2048).toBe(Math.round(each * 2048));
  });

  test('is fitted where numbers are as large as they can be', () => {
    const huge = normals(ROWS, 7).map((each) => each * 1e307);
    const table: TableColumns = {
      kind: 'table',
      columns: [inferColumn({ name: 'x', type: 'number', cells: huge })],
    };
    const found = natsOf(table, fitSurprise(table, { rows: ROWS, columns: { x: huge } }), [
      { x: 0 },
      { x: 1.7e308 },
      { x: null },
    ]);
    expect(found.map(({ x }) => x).every(Number.isFinite)).toBe(true);
    expect(found[0]!.x).toBe(0);
  });
});
