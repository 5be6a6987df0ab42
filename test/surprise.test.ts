import { memoryTable, type TableColumn } from '@semivae/data';
import { load, type Model, memoryFiles, type Row } from '@semivae/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normals, uniforms } from './numbers.ts';
import { tinyTable } from './tiny.ts';

const COUNTRIES = 'abcdefgh';
const CHANNELS = ['web', 'app', 'shop', 'phone'];

const types: Readonly<Record<string, TableColumn['type']>> = {
  status: 'text',
  host: 'number',
  country: 'text',
  currency: 'text',
  channel: 'text',
  price: 'number',
  age: 'number',
};

/** Payments of which nothing is missing, all of one status and host, in the currency of their country. */
function payments(rows: number, name: string): Row[] {
  const draw = (column: string) => uniforms([rows], `${name} ${column}`).data;
  const [country, channel] = [draw('country'), draw('channel')];
  const [price, age] = ['price', 'age'].map((column) => normals([rows], `${name} ${column}`).data);
  return Array.from({ length: rows }, (_, row) => {
    const at = Math.floor(COUNTRIES.length * country[row]!);
    return {
      status: 'OK',
      host: 0,
      country: COUNTRIES[at]!,
      currency: COUNTRIES[at]!.toUpperCase(),
      channel: CHANNELS[Math.floor(4 * channel[row]! ** 2)]!,
      price: Math.exp(6 + price![row]!),
      age: 40 + 12 * age![row]!,
    };
  });
}

const table = (rows: readonly Row[]) =>
  memoryTable(
    'payments.csv',
    Object.entries(types).map(([name, type]) => ({ name, type })),
    Object.fromEntries(
      Object.entries(types).map(([name, type]) => [
        name,
        type === 'text'
          ? rows.map((row) => row[name] as string)
          : Float64Array.from(rows, (row) => row[name] as number),
      ]),
    ),
  );

const fresh = payments(1000, 'fresh');
const otherCurrency = (row: Row, i: number): Row => {
  const at = COUNTRIES.indexOf(row.country as string) + 1 + (i % 7);
  return { ...row, currency: COUNTRIES[at % 8]!.toUpperCase() };
};

describe.each([200, 0])('with %i rows to compare with', (neighbours) => {
  let model: Model;
  beforeAll(async () => {
    const { files } = await tinyTable(table(payments(2500, 'trained')), { score: { neighbours } });
    model = await load(memoryFiles(files), { threads: 1 });
  });
  afterAll(() => model.dispose());

  const called = async (rows: readonly Row[]) => {
    const answers = await model.score(rows, { fpr: 0.01 });
    return answers.filter(({ anomaly }) => anomaly).length / rows.length;
  };

  test('ordinary rows are called as seldom as was promised', async () => {
    expect(await called(fresh)).toBeLessThan(0.03);
  });

  test.each([
    ['a value never seen in a constant column', { status: 'PANIC' }, ['status']],
    ['a number never seen in a constant column', { host: 999 }, ['host']],
    ['a constant missing for the first time', { host: null }, []],
    ['a number missing for the first time', { price: null }, []],
    ['a text missing for the first time', { channel: null }, []],
    ['a level never seen', { channel: 'pigeon' }, ['channel']],
    ['a number below all', { price: 0.01 }, []],
    ['a number above all', { price: 1e7 }, []],
  ] as const)('%s is an anomaly by its column', async (_, change, unseen) => {
    const rows = fresh.slice(0, 200).map((row) => ({ ...row, ...change }));
    const [column] = Object.keys(change);
    const answers = await model.score(rows, { fpr: 0.01 });
    expect(answers.filter(({ anomaly }) => anomaly).length).toBeGreaterThanOrEqual(190);
    for (const answer of answers) expect(answer.unseen).toEqual(unseen);
    const most = answers.filter(
      ({ contributions }) => contributions[column!] === Math.max(...Object.values(contributions)),
    );
    expect(most.length).toBeGreaterThanOrEqual(190);
  });

  test('levels that a rule keeps apart are found together, and both are named', async () => {
    const broken = fresh.map(otherCurrency);
    expect(await called(broken)).toBeGreaterThanOrEqual(0.8);
    const answers = await model.score(broken);
    const named = answers.filter(({ contributions }) => {
      const [first, second] = Object.entries(contributions).sort(([, a], [, b]) => b - a);
      return new Set([first![0], second![0], 'country', 'currency']).size === 2;
    });
    expect(named.length).toBeGreaterThanOrEqual(0.8 * broken.length);
  });

  test('contributions sum to the score, those of constants among them', async () => {
    const odd = { status: 'PANIC', price: null, currency: 'A' };
    for (const { score, contributions } of await model.score([
      ...fresh.slice(0, 50),
      { ...fresh[0]!, ...odd },
    ])) {
      expect(Object.keys(contributions)).toEqual(Object.keys(types));
      const sum = Object.values(contributions).reduce((all, each) => all + each, 0);
      expect(Math.abs(sum - score)).toBeLessThan(1e-4 * Math.max(1, Math.abs(score)));
    }
  });

  test('answers of a row do not depend on its batch', async () => {
    const some = [...fresh.slice(0, 20), ...fresh.slice(20, 40).map(otherCurrency)];
    const together = await model.score(some);
    for (const [i, row] of some.entries())
      expect((await model.score([row]))[0]!.score).toBe(together[i]!.score);
  });

  test('constants are drawn and filled as what they always were', async () => {
    const drawn = await model.generate<Row>({ count: 5, seed: 3 });
    const filled = await model.impute([{ ...fresh[0]!, status: null, host: null }]);
    for (const row of [...drawn, ...filled]) expect([row.status, row.host]).toEqual(['OK', 0]);
  });
});

/** The same, one row of 80 of a country and a currency that no other row has. */
const withRare = (rows: readonly Row[]): Row[] =>
  rows.map((row, i) => (i % 80 === 0 ? { ...row, country: 'z', currency: 'Z' } : row));

test('a rare level that several columns tell of is not stranger than a broken rule', async () => {
  const { files } = await tinyTable(table(withRare(payments(2500, 'trained'))), {});
  const model = await load(memoryFiles(files), { threads: 1 });
  const rare = await model.score(fresh.map((row) => ({ ...row, country: 'z', currency: 'Z' })));
  const broken = await model.score(fresh.map(otherCurrency), { fpr: 0.01 });
  await model.dispose();
  const scores = rare.map(({ score }) => score).sort((a, b) => a - b);
  const nearlyAll = scores[Math.floor(0.9 * scores.length)]!;
  expect(broken.filter(({ score }) => score > nearlyAll).length).toBeGreaterThan(0.9 * broken.length);
  expect(broken.filter(({ anomaly }) => anomaly).length).toBeGreaterThan(0.8 * broken.length);
});
