import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, type Row } from '@semivae/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, contentOf, freshFolder, semivae, smallRecipe, smallSet, writeFiles } from './command.ts';

const cwd = freshFolder();
const at = (path: string) => join(cwd, path);
const run = (...args: string[]) => semivae(args, { cwd });
const answer = async (...args: string[]) => answerOf(await run(...args, '--json'));
const page = (path: string) => readFileSync(at(path), 'utf8');
const headings = (html: string): string[] =>
  [...html.matchAll(/<h2[^>]*>([^<]*)</g)].map(([, heading]) => heading!);

interface Line {
  readonly amount: number;
  readonly items: number;
  readonly country: string;
  readonly class: string;
}

/** Orders: dear ones are `high`; every twentieth is `fraud`, its sum far out; a tenth has no class. */
function orders(rows: number, seed: number, dearer = 0): Line[] {
  let state = seed;
  const uniform = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return Array.from({ length: rows }, (_, row) => {
    const amount = 10 * uniform() + dearer;
    const items = Math.floor(-Math.log(1 - uniform()) * 3);
    const place = uniform();
    const country = place < dearer / 20 ? 'XX' : ['SE', 'DE', 'FR'][Math.floor(3 * uniform())]!;
    const isFraud = row % 20 === 7;
    const kind = amount > 5 ? 'high' : 'low';
    const known = row % 10 === 3 ? '' : kind;
    return { amount: isFraud ? 60 + amount : amount, items, country, class: isFraud ? 'fraud' : known };
  });
}

function writeCsv(name: string, lines: readonly Line[], names = ['amount', 'items', 'country', 'class']) {
  const rows = lines.map((line) => names.map((column) => line[column as keyof Line]));
  writeFileSync(at(name), [names, ...rows].map((cells) => `${cells.join(',')}\n`).join(''));
}

const checked = orders(400, 3);
const tiny = ['--threads', '1', '--set', 'model.latent=3', '--set', 'model.hidden=[8]'];
const labels = ['--label-column', 'class', '--anomaly-label', 'fraud'];

beforeAll(async () => {
  writeFiles(at('small'), smallSet);
  writeCsv('orders.csv', orders(800, 1));
  writeCsv('checked.csv', checked);
  writeCsv('lately.csv', orders(400, 5), ['country', 'items', 'amount']);
  writeCsv('dearer.csv', orders(400, 4, 6));
  await run(
    ...['train', '--data', 'orders.csv', '--model', 'm2', ...labels, '--out', 'run', '--epochs', '3'],
    ...[...tiny, '--set', 'stepsPerEpoch=40', '--set', 'score.neighbours=200'],
  );
  await run('train', ...smallRecipe, '--epochs', '1', '--out', 'images');
  await run('export', 'run', '--out', 'bundle', '--fpr', '0.05', '--name', 'orders');
}, 60_000);

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe.concurrent('drift', () => {
  test('rows as before do not drift, in whatever order their columns are', async () => {
    const found = await answer('drift', 'bundle', 'lately.csv', '--out', 'same.html');
    expect(found).toMatchObject({ ok: true, verdict: 'none', rows: 400, page: 'same.html' });
    expect(page('same.html')).toContain('No drift found in 3 columns.');
  });

  test('what has changed is named first, and fails a pipeline that asks for it', async () => {
    const { code, stdout } = await run('drift', 'bundle', 'dearer.csv', '--out', 'dearer.html');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^column .*\n\(score\) +strong .*\n(amount|country) +strong/);
    expect(stdout).toMatch(/country +strong .* XX \(\d/);
    expect(stdout).toMatch(/\ndrift: strong; 2 of 3 columns, score strong\n/);
    expect(page('dearer.html')).toContain('2 of 3 columns drift: 2 strongly.');
    expect(page('dearer.html')).not.toContain('<script');
    const failing = await run(
      'drift',
      'bundle',
      'dearer.csv',
      '--fail-on',
      'strong',
      '--out',
      'failing.html',
    );
    expect(failing.code).toBe(1);
  });

  test('of many rows some are looked at, and the page says so', async () => {
    writeCsv('many.csv', orders(30_000, 9));
    const found = await answer('drift', 'bundle', 'many.csv', '--out', 'many.html');
    expect(found.rows).toBeGreaterThan(19_500);
    expect(found.rows).toBeLessThan(20_500);
    expect(found).toMatchObject({ data: 'rows of many.csv, at random out of 30,000' });
    expect(page('many.html')).toContain('rows of many.csv, at random out of 30,000');
  });
});

/** P(an anomaly scores above an ordinary row), by looking at all pairs. */
function pairwise(scores: readonly number[], kinds: readonly boolean[]): number {
  const of = (kind: boolean) => scores.filter((_, row) => kinds[row] === kind);
  const [strange, ordinary] = [of(true), of(false)];
  const wins = strange.flatMap((a) => ordinary.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}

const share = (of: readonly boolean[]): number => of.filter(Boolean).length / of.length;

describe.concurrent('evaluate', () => {
  test('a run is judged on the calibration rows that have a class', async () => {
    const found = (await answer('evaluate', 'run')) as { n: number; confusion: number[][]; error: number };
    const rows = found.confusion.flat().reduce((sum, each) => sum + each, 0);
    expect(found).toMatchObject({ n: rows, ranking: { positive: 'low' } });
    expect(rows).toBeGreaterThan(100);
    expect(rows).toBeLessThan(152);
    expect(found.error).toBeCloseTo(100 * (1 - (found.confusion[0]![0]! + found.confusion[1]![1]!) / rows));
  });

  test('labelled rows give a bundle the figures that all pairs of its scores give', async () => {
    const found = await answer('evaluate', 'bundle', '--data', 'checked.csv');
    const model = await load(at('bundle'));
    const answers = await model.score(checked.map(({ class: _, ...row }): Row => row));
    const known = checked.map((line) => line.class !== '');
    const kinds = checked.map((line) => line.class === 'fraud').filter((_, row) => known[row]);
    const scores = answers.map(({ score }) => score).filter((_, row) => known[row]);
    const called = answers.map(({ anomaly }) => anomaly!).filter((_, row) => known[row]);
    const { threshold } = model.manifest.calibration!;
    await model.dispose();
    expect(found).toMatchObject({
      n: checked.filter((line) => ['high', 'low'].includes(line.class)).length,
      data: 'rows of checked.csv',
      detection: {
        anomalies: 20,
        auroc: expect.closeTo(pairwise(scores, kinds), 6),
        atThreshold: {
          fpr: 0.05,
          threshold,
          falsePositiveRate: expect.closeTo(share(called.filter((_, row) => !kinds[row])), 6),
          recall: expect.closeTo(share(called.filter((_, row) => kinds[row])), 6),
        },
      },
    });
    expect(await answer('evaluate', 'run', '--data', 'checked.csv', '--fpr', '0.05')).toEqual(found);
  });

  test('the ordinary label, another rate and another class to look for', async () => {
    const args = ['--data', 'checked.csv', '--normal-label', 'low', '--fpr', '0.1', '--positive', 'high'];
    const { ranking, detection } = await answer('evaluate', 'bundle', ...args);
    expect(ranking).toMatchObject({ positive: 'high' });
    const ordinary = checked.filter((line) => line.class === 'low').length;
    expect(detection).toMatchObject({ normal: ordinary, atThreshold: { fpr: 0.1 } });
  });

  test('rows that were trained on are told of', async () => {
    const { stderr } = await run('evaluate', 'bundle', '--data', './orders.csv');
    expect(stderr).toContain('the model was trained on these rows');
  });
});

describe.concurrent('report', () => {
  test('a run alone: all but a judgement of known anomalies, which the model knew', async () => {
    const { sections } = await answer('report', 'run', '--out', 'run.html');
    expect(sections).toEqual(
      expect.arrayContaining(['scores', 'calibration', 'classification', 'latent', 'anomalies', 'curves']),
    );
    const html = page('run.html');
    expect(headings(html)).toEqual([
      ...['Top anomalies', 'Scores', 'Calibration', 'Classes', 'Latent space', 'Training', 'Columns'],
    ]);
    expect(html).toContain('rows of orders.csv, which the model was trained on');
    expect(html).toContain('calibration rows and known anomalies');
    expect(html).toMatch(/<td>amount<\/td><td>6\d\.\d+<\/td>/);
    expect(html).not.toMatch(/ROC|<script|https?:\/\/(?!www\.w3\.org)/);
  });

  test('the rows that were trained on judge nothing, even where they have labels', async () => {
    await run('report', 'run', '--data', 'orders.csv', ...labels, '--out', 'own.html');
    expect(page('own.html')).not.toContain('ROC');
    expect(page('own.html')).toContain('calibration rows with a known class');
  });

  test('a run whose table is gone has a page without anomalies, and says why', async () => {
    writeCsv('gone.csv', orders(600, 2));
    const quick = [...tiny, '--set', 'stepsPerEpoch=2', '--epochs', '1', '--out', 'gone'];
    await run('train', '--data', 'gone.csv', '--column', 'class=ignored', ...quick);
    rmSync(at('gone.csv'));
    const { code, stderr } = await run('report', 'gone', '--out', 'gone.html');
    expect([code, stderr]).toEqual([0, expect.stringContaining('the page shows no anomalies')]);
    expect(headings(page('gone.html'))).not.toContain('Top anomalies');
  });

  test('a bundle with labelled rows: the area that evaluate tells, ordinary rows judged by p-value', async () => {
    const { detection } = (await answer('evaluate', 'bundle', '--data', 'checked.csv')) as {
      detection: { auroc: number; normal: number };
    };
    await run('report', 'bundle', '--data', 'checked.csv', '--out', 'bundle.html');
    const html = page('bundle.html');
    expect(html).toContain(`ROC curve, area ${detection.auroc.toFixed(3)}`);
    expect(html).toContain(`${detection.normal} normal rows of checked.csv, ranked among`);
    expect(headings(html)).not.toContain('Training');
  });

  test('a bundle alone, or with rows that have no label: nothing is judged', async () => {
    const { sections } = await answer('report', 'bundle', '--out', 'bare.html');
    expect(sections).toEqual(['scores', 'calibration', 'columns']);
    expect(page('bare.html')).toContain('calibration rows, drawn at random and set apart');
    await run('report', 'bundle', '--data', 'lately.csv', '--out', 'unlabelled.html');
    expect(headings(page('unlabelled.html'))).toEqual(
      expect.arrayContaining(['Top anomalies', 'Latent space']),
    );
    expect(page('unlabelled.html')).not.toContain('ROC');
  });

  test('images: how training went, drawings, the confusion matrix of the test set', async () => {
    expect((await answer('report', 'images', '--out', 'images.html')).sections).toEqual(
      expect.arrayContaining(['curves', 'classification', 'samples']),
    );
    expect(page('images.html')).toContain('data:image/png;base64,');
    expect(page('images.html')).toContain('30 rows of small');
  });
});

describe.concurrent('inspect', () => {
  test('a run tells what its recipe takes columns for', async () => {
    writeCsv('kinds.csv', orders(600, 2));
    const quick = [...tiny, '--set', 'stepsPerEpoch=2', '--epochs', '1', '--out', 'kinds'];
    await run('train', '--data', 'kinds.csv', '--column', 'class=ignored', ...quick);
    expect((await run('inspect', 'kinds')).stdout).toMatch(
      /^data\.columns +\{"class":\{"kind":"ignored"\}\}/m,
    );
  });

  test('a run and a bundle of a table tell of their columns, the score and the threshold', async () => {
    const ofRun = await run('inspect', 'run');
    expect(ofRun.stdout).toMatch(
      /orders\.csv: \d+ training rows, \d+ labels, 152 calibration rows, 40 known/,
    );
    expect(ofRun.stdout).toMatch(/country +categorical +one-hot of 3 levels/);
    const ofBundle = await run('inspect', 'bundle');
    expect(ofBundle.stdout).toMatch(/country +categorical +3 +one-hot of 3 levels/);
    expect(ofBundle.stdout).toMatch(/scores above [\d.]+ are anomalies: 5\.00 % of ordinary rows, by 152/);
    expect(ofBundle.stdout).toMatch(/reference\.json +[\d.]+ k?B/);
  });

  test('the recipe for tables stands among the others', async () => {
    expect((await run('inspect', '--recipes')).stdout).toMatch(/^table +a table +m1, or m2/m);
  });
});

describe('what cannot be done is told with exit code 2, and leaves nothing behind', () => {
  test.each([
    ['DATA_NEEDED', 'evaluate', 'bundle'],
    ['DATA_NEEDED', 'evaluate', 'run', '--anomaly-label', 'fraud'],
    ['COLUMNS_MISSING', 'evaluate', 'bundle', '--data', 'checked.csv', '--label-column', 'truth'],
    ['LABEL_UNKNOWN', 'evaluate', 'bundle', '--data', 'checked.csv', '--anomaly-label', 'theft'],
    ['LABEL_UNKNOWN', 'evaluate', 'bundle', '--data', 'checked.csv', '--positive', 'middling'],
    ['CALIBRATION_TOO_FEW', 'evaluate', 'bundle', '--data', 'checked.csv', '--fpr', '0.001'],
    ['LABEL_UNKNOWN', 'report', 'bundle', '--data', 'checked.csv', '--normal-label', 'theft'],
    ['COLUMNS_MISSING', 'report', 'bundle', '--data', 'checked.csv', '--label-column', 'truth'],
    ['TABLE_MISSING', 'report', 'bundle', '--data', 'nowhere.csv'],
    ['WRITE', 'report', 'bundle', '--out', 'no/such/folder/report.html'],
    ['NO_ROWS_NAMED', 'drift', 'bundle'],
    ['NOT_A_BUNDLE', 'drift', 'run', 'lately.csv'],
    ['NOT_FOUND', 'drift', 'nothing', 'lately.csv'],
    ['WRITE', 'drift', 'bundle', 'lately.csv', '--out', 'no/such/folder/drift.html'],
    ['USAGE', 'drift', 'bundle', 'lately.csv', '--fail-on', 'rain'],
  ])('%s: %s %s', async (code, ...args) => {
    const before = contentOf(cwd);
    const finished = await run(...args, '--json');
    expect([finished.code, answerOf(finished)]).toMatchObject([2, { failure: { code } }]);
    expect(contentOf(cwd)).toEqual(before);
  });

  test('a bundle of images does not drift', async () => {
    await run('export', 'images');
    const finished = await run('drift', 'images/bundle', 'lately.csv', '--json');
    expect([finished.code, answerOf(finished)]).toMatchObject([2, { failure: { code: 'INPUT_KIND' } }]);
  });
});

test('help teaches by example', async () => {
  for (const command of ['drift', 'report'])
    expect((await run(command, '--help')).stdout).toContain(`Examples:\n  semivae ${command} `);
});
