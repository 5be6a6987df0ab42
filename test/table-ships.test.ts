import { verify } from '@semivae/export/node';
import type { RecipeInput } from '@semivae/recipe';
import { load, type Model, memoryFiles, type Row } from '@semivae/runtime';
import { exactRate, permutation, pValues } from '@semivae/runtime/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { largestGap } from './largest-gap.ts';
import { NUMERIC, type People, people, rowsOf, tableOf } from './people.ts';
import { pushed, topColumns } from './pushed.ts';
import { type TinyTable, tinyTable } from './tiny.ts';

const CLOSE = 1e-4;
const trained = people(1500, 'trained');
const fresh = people(700, 'fresh');
const rows = rowsOf(fresh);

/** The columns that a model sees. */
const USED = Object.keys(trained).slice(0, 8);

/** Fifty rows are labelled. */
const few = {
  ...trained,
  class: (trained.class as readonly string[]).map((each, row) => (row % 30 === 0 ? each : '')),
};
/** Rows 0, 40, 80 … are far from all others, and known to be. */
const strange = (row: number) => row % 40 === 0;
const spoilt: People = {
  ...trained,
  spent: (trained.spent as Float64Array).map((each, row) => (strange(row) ? 40 + (row % 7) : each)),
  class: (trained.class as readonly string[]).map((_, row) => (strange(row) ? '1' : '')),
};
const unlabelled = ({ class: _, ...rest }: People): People => rest;

const variants: Readonly<Record<string, readonly [People, RecipeInput]>> = {
  'a score by neighbours': [unlabelled(trained), {}],
  'a score that is the bound': [unlabelled(trained), { score: { neighbours: 0 } }],
  'a few labels, and a score by neighbours': [few, { data: { labelColumn: 'class' }, model: { kind: 'm2' } }],
  'a few labels, and a score that is the bound': [
    few,
    { data: { labelColumn: 'class' }, model: { kind: 'm2' }, score: { kind: 'iwae', neighbours: 0 } },
  ],
  'known anomalies': [spoilt, { data: { labelColumn: 'class', anomalyLabel: '1' } }],
};

/** Some rows of training, those that are known anomalies among them. */
const known = rowsOf(unlabelled(spoilt)).filter((_, row) => row % 20 === 0);

/** Rows as no training has them. */
const odd: Row[] = [
  { ...rows[0]!, income: 1e300, spent: -1e300 },
  { ...rows[1]!, visits: 1e300, since: -8e15 },
  { ...rows[2]!, city: 'Atlantis', member: 7 },
  { ...rows[3]!, wealth: 1e-300, visits: -5, age: 0 },
  Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, null])),
];

const relative = (found: number, expected: number) =>
  Math.abs(found - expected) / Math.max(1, Math.abs(expected));
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

const shippedTables: Record<string, Promise<TinyTable>> = {};
/** Each is trained once. */
const tinyOf = (name: string) =>
  (shippedTables[name] ??= tinyTable(tableOf(variants[name]![0]), variants[name]![1]));

describe.each(Object.keys(variants))('a table with %s', (name) => {
  let files: TinyTable['files'];
  let trainedOn: TinyTable['trained'];
  let model: Model;
  beforeAll(async () => {
    ({ files, trained: trainedOn } = await tinyOf(name));
    model = await load(memoryFiles(files), { threads: 1 });
  });

  test('ships what was trained', async () => {
    const found = await verify(memoryFiles(files));
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    expect(found.map(({ answer }) => answer)).toEqual(
      expect.arrayContaining(['score', 'nll', 'contributions']),
    );
  });

  test('has contributions that sum to the score', async () => {
    for (const { score, contributions } of await model.score([...rows, ...odd])) {
      expect(Object.keys(contributions)).toEqual(USED);
      expect(relative(sum(Object.values(contributions)), score)).toBeLessThan(CLOSE);
    }
  });

  test('answers whatever a row holds, and says what is new', async () => {
    for (const answer of await model.score(odd)) {
      const numbers = [
        answer.score,
        answer.nll,
        answer.pValue!,
        ...answer.mean,
        ...Object.values(answer.contributions),
      ];
      expect(numbers.every(Number.isFinite), String(numbers)).toBe(true);
    }
    const [, , third, , nothing] = await model.score(odd);
    expect(third!.unseen).toEqual(['city', 'member']);
    expect(nothing!.unseen).toEqual([]);
  });

  test('answers the same at every time', async () => {
    const again = await load(memoryFiles(files), { threads: 1 });
    expect(await again.score(rows)).toEqual(await model.score(rows));
    expect(await model.score(rows)).toEqual(await model.score(rows));
    await again.dispose();
  });

  test.each([1, 2, 7])(
    'gives rows the same answers, bit for bit, %i at once (fault 83)',
    async (rowsAtOnce) => {
      const some = [...rows.slice(0, 60), ...known, ...odd];
      const inParts = await load(memoryFiles(files), { threads: 1, rowsAtOnce });
      const answersOf = async (of: Model) => {
        const scored = await of.score(some);
        const codes = await of.encode(some);
        return {
          score: scored.map(({ score }) => score),
          nll: scored.map(({ nll }) => nll),
          contributions: scored.flatMap(({ contributions }) => Object.values(contributions)),
          mean: codes.flatMap(({ mean }) => [...mean]),
          deviation: codes.flatMap(({ standardDeviation }) => [...standardDeviation]),
          filled: numbersIn(await of.impute(some)),
          decoded: numbersIn(await of.reconstruct(some)),
        };
      };
      expect(await answersOf(inParts)).toEqual(await answersOf(model));
      await inParts.dispose();
    },
  );

  test('is calibrated by the scores that it gives, bit for bit', async () => {
    const { score } = await model.scoreColumns(trainedOn.prepared.sample.columns);
    expect(Array.from(score).sort((a, b) => a - b)).toEqual(model.manifest.calibration!.scores);
  });

  test('leaves what is known as it is, and fills every hole', async () => {
    const filled = await model.impute([...rows, ...odd]);
    filled.forEach((row, i) =>
      Object.entries([...rows, ...odd][i]!).forEach(([column, cell]) => {
        if (cell !== null || !USED.includes(column)) expect(row[column]).toBe(cell);
        else expect(row[column], column).not.toBeNull();
      }),
    );
  });

  test('leaves what is known of whole columns as it is, and fills every hole', async () => {
    const given = unlabelled(fresh);
    const filled = await model.imputeColumns(given);
    for (const column of USED) {
      const missing = (cell: unknown) => cell === '' || Number.isNaN(cell);
      const [before, after] = [Array.from<unknown>(given[column]!), Array.from<unknown>(filled[column]!)];
      expect(after.some(missing)).toBe(false);
      expect(before.some(missing)).toBe(true);
      expect(after.map((cell, row) => (missing(before[row]) ? before[row] : cell))).toEqual(before);
    }
  });

  test('draws rows that scatter as people do, the same for the same seed', async () => {
    const drawn = await model.generate<Row>({ count: 600, seed: 5 });
    expect(await model.generate<Row>({ count: 20, seed: 5 })).toEqual(drawn.slice(0, 20));
    expect(await model.generate<Row>({ count: 20, seed: 6 })).not.toEqual(drawn.slice(0, 20));
    const columnOf = (all: readonly Row[], column: string) =>
      all.flatMap((row) => (row[column] === null ? [] : [Number(row[column])]));
    for (const column of ['wealth', 'age', 'member']) {
      const share = deviation(columnOf(drawn, column)) / deviation(columnOf(rows, column));
      expect(share, column).toBeGreaterThan(0.6);
      expect(share, column).toBeLessThan(1.6);
    }
    expect(drawn.every(({ visits }) => Number.isInteger(visits))).toBe(true);
    expect(new Set(drawn.map(({ visits }) => visits)).size).toBeGreaterThan(5);
    for (const city of ['Lund', 'Malmö', 'Ystad'])
      expect(drawn.filter((row) => row.city === city).length, city).toBeGreaterThan(30);
  });

  test('makes cells of their columns', async () => {
    for (const row of [
      ...(await model.generate<Row>({ count: 50, seed: 3 })),
      ...(await model.reconstruct(rows)),
    ]) {
      expect(Object.keys(row)).toEqual(USED);
      for (const column of [...NUMERIC, 'visits']) expect(row[column]).toSatisfy(Number.isFinite);
      expect(row.visits).toBeGreaterThanOrEqual(0);
      expect(row.wealth).toBeGreaterThan(-50);
      expect(row.wealth).toBeLessThan(150);
      expect(['Lund', 'Malmö', 'Ystad', 'Visby']).toContain(row.city);
      expect([0, 1, true, false]).toContain(row.member);
      expect(row.since).toBeInstanceOf(Date);
    }
  });
});

function deviation(numbers: readonly number[]): number {
  const mean = sum(numbers) / numbers.length;
  return Math.sqrt(sum(numbers.map((each) => (each - mean) ** 2)) / numbers.length);
}

/** All numbers of rows, dates among them. */
const numbersIn = (all: readonly Row[]): number[] =>
  all.flatMap((row) =>
    Object.values(row).flatMap((cell) => (cell === null || typeof cell === 'string' ? [] : [Number(cell)])),
  );

describe.each(['a score by neighbours', 'known anomalies', 'a few labels, and a score by neighbours'])(
  'with %s',
  (name) => {
    test('a value far out puts its column on top', async () => {
      const model = await load(memoryFiles((await tinyOf(name)).files), { threads: 1 });
      const trials = pushed(unlabelled(fresh), NUMERIC, 1000);
      const top = topColumns(await model.scoreColumns(trials.cells));
      const found = top.filter((column, i) => column === trials.columns[i]).length;
      expect(found).toBeGreaterThanOrEqual(950);
      await model.dispose();
    });
  },
);

test('the bound is told whatever the score is', async () => {
  const models = await Promise.all(
    ['a score by neighbours', 'a score that is the bound'].map(async (name) =>
      load(memoryFiles((await tinyOf(name)).files), { threads: 1 }),
    ),
  );
  const [near, bound] = await Promise.all(models.map((model) => model.score(rows)));
  near!.forEach(({ nll }, i) => expect(relative(nll, bound![i]!.nll)).toBeLessThan(CLOSE));
  bound!.forEach(({ nll, score }) => expect(score).toBeGreaterThanOrEqual(nll));
  const alone = bound!.filter(({ nll, score }) => score === nll);
  expect(alone.length).toBeGreaterThan(0.5 * rows.length);
});

describe('filling holes', () => {
  test('by columns that hang on each other beats the mean and the most frequent', async () => {
    const model = await load(memoryFiles((await tinyOf('a score by neighbours')).files), { threads: 1 });
    for (const column of ['wealth', 'spent'] as const) {
      const known = rows.filter((row) => row[column] !== null);
      const filled = await model.impute(known.map((row) => ({ ...row, [column]: null })));
      const truth = known.map((row) => row[column] as number);
      const mean = sum(truth) / truth.length;
      const error = (of: (i: number) => number) =>
        Math.sqrt(sum(truth.map((each, i) => (of(i) - each) ** 2)));
      expect(
        error((i) => filled[i]![column] as number),
        column,
      ).toBeLessThan(0.6 * error(() => mean));
    }
    const known = rows.filter(({ city }) => city !== null);
    const filled = await model.impute(known.map((row) => ({ ...row, city: null })));
    const wrong = (of: (i: number) => unknown) => known.filter(({ city }, i) => of(i) !== city).length;
    const most = Math.min(...['Lund', 'Malmö', 'Ystad'].map((city) => wrong(() => city)));
    expect(wrong((i) => filled[i]!.city)).toBeLessThan(0.6 * most);
    await model.dispose();
  });
});

describe('false alarms', () => {
  test.each([0.01, 0.05])(
    'among rows that are as those of calibration come at the rate of %d',
    async (fpr) => {
      const model = await load(memoryFiles((await tinyOf('a score by neighbours')).files), { threads: 1 });
      const { score } = await model.scoreColumns(unlabelled(people(3000, 'later')));
      await model.dispose();
      const [SPLITS, held] = [200, 777];
      const rates = Array.from({ length: SPLITS }, (_, split) => {
        const order = permutation(score.length, 3, split);
        const calibration = Float64Array.from(order.subarray(0, held), (row) => score[row]!).sort();
        const others = Float64Array.from(order.subarray(held), (row) => score[row]!);
        return pValues(others, calibration).filter((p) => p <= fpr).length / others.length;
      });
      const mean = sum(rates) / SPLITS;
      const error = Math.sqrt(sum(rates.map((each) => (each - mean) ** 2)) / (SPLITS - 1) / SPLITS);
      expect(error).toBeLessThan(fpr / 10);
      expect(Math.abs(mean - exactRate(held, fpr))).toBeLessThan(4 * error);
    },
  );
});

describe('labels', () => {
  test('of a few rows make a classifier, whose answers the scorer repeats', async () => {
    for (const name of Object.keys(variants).filter((each) => each.includes('labels'))) {
      const model = await load(memoryFiles((await tinyOf(name)).files), { threads: 1 });
      const [scored, classified] = [await model.score(rows), await model.classify(rows)];
      expect(model.manifest.labels).toEqual(['high', 'low']);
      scored.forEach((answer, i) => {
        const { probabilities, label, index, probability } = classified[i]!;
        expect(largestGap([...answer.probabilities!], [...probabilities])).toBeLessThan(1e-6);
        expect(answer).toMatchObject({ label, index });
        expect(answer.probability).toBeCloseTo(probability, 6);
      });
      const right = classified.filter(({ label }, i) => label === rows[i]!.class).length;
      expect(right / rows.length).toBeGreaterThan(0.8);
      await model.dispose();
    }
  });

  test('of known anomalies draw the score of their like up', async () => {
    const alike = unlabelled({ ...fresh, spent: (fresh.spent as Float64Array).map(() => 43) });
    const [known, unknown] = await Promise.all(
      ['known anomalies', 'a score by neighbours'].map(async (name) => {
        const model = await load(memoryFiles((await tinyOf(name)).files), { threads: 1 });
        const scores = [await model.scoreColumns(alike), await model.scoreColumns(unlabelled(fresh))];
        await model.dispose();
        return scores.map(({ score }) => [...score].sort((a, b) => a - b)[score.length >> 1]!);
      }),
    );
    expect(known![0]! / known![1]!).toBeGreaterThan(unknown![0]! / unknown![1]!);
    const { prepared, info } = (await tinyOf('known anomalies')).trained;
    expect(prepared.anomalies.labels).toHaveLength(38);
    expect(info.data.anomalies).toBe(38);
    expect(prepared.set.rows + prepared.calibration.labels.length).toBe(1500 - 38);
  });
});
