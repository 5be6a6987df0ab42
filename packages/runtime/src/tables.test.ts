import { beforeAll, describe, expect, test } from 'vitest';
import { edited, tinyBundle } from '../test/bundle.ts';
import { calibration, columns, fillings, scales, tableBundle, used, worth } from '../test/table.ts';
import type { Row } from './cells.ts';
import type { Columns } from './columns.ts';
import { thresholdFor } from './conformal.ts';
import type { Model } from './model.ts';
import * as node from './node.ts';
import * as web from './web.ts';

let files: Map<string, Uint8Array>;
beforeAll(async () => {
  files = await tableBundle();
});

const when = '2024-02-29T12:30:00Z';
const full: Row = { age: 30, colour: 'green', member: true, shape: 'round', when: new Date(when), id: 'a' };
const empty: Row = { age: null, colour: null, member: null, shape: null, when: null };
const odd: Row = { age: 7, colour: 'violet', member: false, shape: '', when: 0 };

/** What each used column of a row is worth, by the fixture's own rule. */
function worthOf({ age, colour, member, shape, when }: Row): number[] {
  const number = (cell: unknown, scale: number) => Number(cell ?? 0) * scale;
  const text = (cell: unknown) => worth[String(cell)] ?? 0;
  return [
    number(age, scales[0]!),
    text(colour),
    number(member, scales[1]!),
    text(shape),
    number(when, scales[2]!),
  ];
}

const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);

/** Rows of all kinds: each cell known, missing or never seen. */
function manyRows(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    when: i % 7 ? new Date(i * 1e9) : null,
    shape: ['red', 'round', '', 'square'][i % 4]!,
    age: i % 5 ? i : Number.NaN,
    member: [true, false, null][i % 3]!,
    colour: ['red', 'green', 'blue', null, 'violet'][i % 5]!,
  }));
}

/** The same as columns, made here by hand. */
function asColumns(rows: readonly Row[]): Columns {
  const numbers = (name: string) =>
    Float64Array.from(rows, (row) => (row[name] === null ? Number.NaN : Number(row[name])));
  const texts = (name: string) => rows.map((row) => (row[name] ?? '') as string);
  return {
    shape: texts('shape'),
    age: numbers('age'),
    when: numbers('when'),
    colour: texts('colour'),
    member: numbers('member'),
  };
}

describe.each([
  ['onnxruntime-node', node.load],
  ['onnxruntime-web', web.load],
] as const)('on %s', (_, load) => {
  let model: Model;
  beforeAll(async () => {
    model = await load(files, { threads: 1 });
  });

  test('a row is scored, column by column', async () => {
    const rows = [full, empty, odd];
    const answers = await model.score(rows);
    answers.forEach((answer, i) => {
      const expected = worthOf(rows[i]!);
      expect(Object.keys(answer.contributions)).toEqual(used);
      Object.values(answer.contributions).forEach((each, j) => expect(each).toBeCloseTo(expected[j]!, 4));
      expect(answer.score).toBeCloseTo(sum(expected), 4);
      expect(answer.nll).toBeCloseTo(2 * sum(expected), 4);
      expect(answer.mean.length).toBe(2);
      expect(answer.probability).toBe(Math.max(...answer.probabilities!));
      expect(answer.label).toBe(model.manifest.labels[answer.index!]);
    });
    expect(answers.map(({ unseen }) => unseen)).toEqual([[], [], ['colour']]);
  });

  test.each([0, 1, 2, 7])('%i rows by row and by column have the same answers', async (count) => {
    const rows = manyRows(count);
    const byRow = await model.score(rows);
    const byColumn = await model.scoreColumns(asColumns(rows));
    expect(byColumn).toMatchObject({ rows: count, columns: used });
    expect(byRow.map((each) => each.score)).toEqual([...byColumn.score]);
    expect(byRow.map((each) => each.nll)).toEqual([...byColumn.nll]);
    expect(byRow.map((each) => each.pValue)).toEqual([...byColumn.pValue!]);
    expect(byRow.map((each) => Number(each.anomaly))).toEqual([...byColumn.anomaly!]);
    expect(byRow.flatMap((each) => Object.values(each.contributions))).toEqual([...byColumn.contributions]);
    expect(byRow.flatMap((each) => [...each.mean])).toEqual([...byColumn.mean]);
    expect(byRow.flatMap((each) => [...each.probabilities!])).toEqual([...byColumn.probabilities!]);
    expect(byRow.flatMap(({ unseen }) => used.map((name) => Number(unseen.includes(name))))).toEqual([
      ...byColumn.unseen,
    ]);
  });

  test('a large batch in parts equals its rows', async () => {
    const inParts = await load(files, { threads: 1, rowsAtOnce: 4 });
    const rows = manyRows(10);
    expect(await inParts.score(rows)).toEqual(await model.score(rows));
    expect(await inParts.impute(rows)).toEqual(await model.impute(rows));
  });

  test('the order of columns and unknown keys do not matter', async () => {
    const reversed = Object.fromEntries(Object.entries(full).reverse());
    const [a, b] = await model.score([full, { ...reversed, extra: 'x' }]);
    expect(b).toEqual(a);
  });

  test('holes are filled and all else stays', async () => {
    const text = { ...full, when };
    const [known, filled, partly] = await model.impute([text, empty, odd]);
    expect(known).toEqual(text);
    const [age, , timestamp] = fillings.numbers;
    const [colour, shape] = fillings.texts;
    expect(filled).toEqual({ age, colour, member: true, shape, when: new Date(timestamp) });
    expect(partly).toEqual({ ...odd, shape: 'round' });
  });

  test('columns are filled as rows are', async () => {
    const rows = manyRows(9);
    const filled = await model.imputeColumns({ ...asColumns(rows), id: rows.map(() => 'a') });
    expect(filled).toMatchObject({ ...asColumns(await model.impute(rows)) });
    expect(filled.id).toEqual(rows.map(() => 'a'));
  });

  test('rows are classified, encoded and decoded again', async () => {
    const rows = [full, odd];
    const answers = await model.score(rows);
    const classes = await model.classify(rows);
    expect(classes.map(({ probabilities }) => probabilities)).toEqual(
      answers.map(({ probabilities }) => probabilities),
    );
    const codes = await model.encode(rows, { labels: ['good', 0] });
    codes.forEach(({ mean, standardDeviation }, i) => {
      const y = i === 0 ? [0, 1] : [1, 0];
      mean.forEach((each, j) => expect(each).toBeCloseTo(answers[i]!.mean[j]! + y[j]!, 5));
      standardDeviation.forEach((each, j) => expect(each).toBeCloseTo(Math.exp(-y[j]! / 2), 5));
    });
    const again = await model.decode<Row>(
      codes.map(({ mean }) => mean),
      ['good', 'bad'],
    );
    expect(await model.reconstruct(rows, { labels: ['good', 'bad'] })).toEqual(again);
  });

  test('decoded cells are of their column’s kind', async () => {
    const [row, other] = await model.decode<Row>([0, 0, -1, 0.2], ['bad', 'good']);
    expect(row).toEqual({ age: 1, colour: 'red', member: 2, shape: 'red', when: new Date(3) });
    expect(Object.keys(row!)).toEqual(used);
    expect(other).toMatchObject({ colour: 'round', shape: 'round' });
    const rows = await model.generate<Row>({ count: 4, seed: 3 });
    expect(rows.length).toBe(4);
    expect(await model.generate<Row>({ count: 2, seed: 3 })).toEqual(rows.slice(0, 2));
    for (const { when } of rows) expect(when).toBeInstanceOf(Date);
  });

  test('a bundle that cannot draw rows says so, and gives no means for draws', async () => {
    const older = await node.load(await edited(files, ({ heads }) => delete heads.sampler));
    await expect(older.generate<Row>()).rejects.toMatchObject({ code: 'HEAD_MISSING' });
    await older.dispose();
  });

  test('booleans come back as such', async () => {
    const filled = await model.impute([empty, { ...empty, member: 0 }]);
    expect(filled.map(({ member }) => member)).toEqual([true, 0]);
    const { member } = await model.imputeColumns(asColumns([empty]));
    expect(member).toEqual(Float64Array.of(1));
  });

  test('a text crosses the graph as it is', async () => {
    const strange = ['naïve 🦜', ' red', 'RED', '1e5', '__proto__', 'x'.repeat(1000)];
    const rows = strange.map((shape) => ({ ...full, shape }));
    const { shape } = await model.imputeColumns(asColumns(rows));
    expect(shape).toEqual(strange);
    expect((await model.score(rows)).every(({ unseen }) => unseen.includes('shape'))).toBe(true);
  });
});

describe('names', () => {
  const hostile = ['__proto__', 'constructor', 'a.b', 'a "quoted" \'name\' é', 'toString', ''];

  test('of any kind are columns like others', async () => {
    const renamed = await edited(files, ({ input }) => {
      hostile.forEach((name, i) => {
        input.columns[i].name = name;
      });
    });
    const before = columns.map(({ name }) => name);
    const rename = (row: Row): Row =>
      Object.fromEntries(Object.entries(row).map(([name, cell]) => [hostile[before.indexOf(name)]!, cell]));
    const [plain, model] = await Promise.all([node.load(files), node.load(renamed)]);
    const [wanted] = await plain.score([odd]);
    const [found] = await model.score([rename(odd)]);
    expect(Object.entries(found!.contributions)).toEqual(
      Object.entries(rename(wanted!.contributions as Row)),
    );
    expect(found!.unseen).toEqual(['constructor']);
    const [imputed] = await model.impute([rename(empty)]);
    expect(Object.entries(imputed!)).toEqual(Object.entries(rename((await plain.impute([empty]))[0]!)));
    expect(Object.getPrototypeOf(imputed)).toBe(Object.prototype);
    await expect(model.score([{}])).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      place: 'row 0, column "__proto__"',
    });
  });
});

describe('false alarms', () => {
  const rowsOf = (scores: readonly number[]) => scores.map((age) => ({ ...empty, age: age * 100 }));

  test('are kept at the calibration’s rate, or at the rate that is asked for', async () => {
    const model = await node.load(files);
    const scores = [-1, 0, 1, 1.5, 8, 13, 20.5, 21, 22];
    for (const fpr of [undefined, 0.1, 0.3, 0.99]) {
      const answers = await model.score(rowsOf(scores), fpr === undefined ? {} : { fpr });
      const threshold = thresholdFor(calibration, fpr ?? 0.2);
      expect(answers.map(({ anomaly }) => anomaly)).toEqual(scores.map((score) => score > threshold));
      answers.forEach(({ pValue }, i) => {
        const above = calibration.filter((each) => each >= Math.fround(scores[i]!)).length;
        expect(pValue).toBe((1 + above) / 10);
      });
    }
  });

  test('at a rate that cannot be kept are refused', async () => {
    const model = await node.load(files);
    const scoring = (fpr: unknown) => model.score([full], { fpr: fpr as number });
    await expect(scoring(0.05)).rejects.toMatchObject({
      code: 'CALIBRATION_TOO_FEW',
      message: expect.stringContaining('19 calibration rows'),
    });
    for (const fpr of [0, 1, -0.1, Number.NaN, '0.1']) {
      await expect(scoring(fpr)).rejects.toMatchObject({ code: 'INPUT_TYPE', place: 'fpr' });
    }
    const plain = await node.load(await edited(files, (manifest) => delete manifest.calibration));
    await expect(plain.score([full], { fpr: 0.2 })).rejects.toMatchObject({ code: 'CALIBRATION_MISSING' });
    const [answer] = await plain.score([full]);
    expect(answer).not.toHaveProperty('anomaly');
    expect(answer).not.toHaveProperty('pValue');
  });
});

describe('the wrong kind of bundle', () => {
  test('says what to give', async () => {
    const [images, rows] = await Promise.all([node.load(await tinyBundle()), node.load(files)]);
    const kind = { code: 'INPUT_KIND' };
    await expect(images.score([full])).rejects.toMatchObject(kind);
    await expect(images.encode([full])).rejects.toMatchObject(kind);
    await expect(images.scoreColumns({})).rejects.toMatchObject(kind);
    await expect(images.imputeColumns({})).rejects.toMatchObject(kind);
    await expect(images.impute([full])).rejects.toMatchObject(kind);
    for (const given of [new Uint8Array(6), [1, 2], [new Uint8Array(6)], full, null]) {
      await expect(rows.score(given as never)).rejects.toMatchObject(kind);
      await expect(rows.classify(given as never)).rejects.toMatchObject(kind);
    }
    await expect(rows.score([full, null] as never)).rejects.toMatchObject({ ...kind, place: 'row 1' });
  });

  test('a bundle without an imputer has none', async () => {
    const model = await node.load(await edited(files, ({ heads }) => delete heads.imputer));
    await expect(model.impute([empty])).rejects.toMatchObject({ code: 'HEAD_MISSING' });
  });
});
