import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cells } from '@semivae/data';
import { openTable } from '@semivae/data/node';
import { type Answer, load, type Row, thresholdFor } from '@semivae/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, contentOf, freshFolder, semivae } from './command.ts';

const cwd = freshFolder();
const at = (path: string) => join(cwd, path);
const run = (...args: string[]) => semivae(args, { cwd });
const answer = async (...args: string[]) => answerOf(await run(...args, '--json'));

const HEAD = ['amount', 'items', 'country', 'when', 'flag', 'who', 'class'] as const;
type Line = Record<(typeof HEAD)[number], string>;

/** Payments: sums that depend on the country, a tenth of the cells missing, a class on most rows. */
function payments(rows: number): Line[] {
  let state = 1;
  const uniform = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return Array.from({ length: rows }, (_, row) => {
    const country = ['SE', 'DE', 'FR'][Math.floor(3 * uniform())]!;
    const amount = (10 * uniform() + (country === 'SE' ? 5 : 0)).toFixed(3);
    const items = String(Math.floor(-Math.log(1 - uniform()) * 3));
    const when = new Date(1.7e12 + 3e10 * uniform()).toISOString().slice(0, 19);
    const holes = [uniform() < 0.1, uniform() < 0.1];
    return {
      ...{ amount: holes[0] ? '' : amount, items, country: holes[1] ? '?' : country, when },
      ...{ flag: String(uniform() < 0.5), who: `id${row}` },
      class: row % 20 === 0 ? '' : row % 3 === 0 ? 'high' : 'low',
    };
  });
}

const csv = (lines: readonly Line[], names: readonly (keyof Line)[] = HEAD): string =>
  [names, ...lines.map((line) => names.map((name) => line[name]))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');

const all = payments(600);
const some = all.slice(0, 40);

/** The line as an app would give it to the runtime. */
const asRow = ({ amount, items, country, when, flag }: Line): Row => ({
  amount: amount === '' ? null : Number(amount),
  items: Number(items),
  country: country === '?' ? null : country,
  when,
  flag: flag === 'true',
});

/** All cells of a file, by column. */
async function cellsOf(path: string): Promise<Record<string, Cells>> {
  const table = await openTable(at(path));
  const cells: Record<string, Cells> = {};
  for await (const { columns } of table.chunks(undefined, 1e6)) Object.assign(cells, columns);
  await table.close();
  return cells;
}

let expected: Answer[];

beforeAll(async () => {
  writeFileSync(at('all.csv'), csv(all));
  writeFileSync(at('some.csv'), csv(some));
  await run(
    ...['train', '--data', 'all.csv', '--missing', '?', '--label-column', 'class', '--out', 'run'],
    ...['--epochs', '2', '--threads', '1', '--set', 'model.hidden=[8]', '--set', 'model.latent=2'],
    ...['--set', 'stepsPerEpoch=10', '--set', 'score.neighbours=50'],
  );
  const { ok } = await answer('export', 'run', '--fpr', '0.05', '--out', 'bundle');
  expect(ok).toBe(true);
  const model = await load(at('bundle'));
  expected = await model.score(some.map(asRow));
  await model.dispose();
}, 60_000);

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe.concurrent('score', () => {
  test('every row with all of its columns, and what the runtime answers to it', async () => {
    const { code, stdout, stderr } = await run(
      'score',
      'bundle',
      'some.csv',
      '--out',
      'scored.csv',
      '--contributions',
    );
    expect([code, stderr]).toEqual([0, "note: the model does not look at 'class'\n"]);
    expect(stdout).toMatch(
      /^40 rows .* rows\/s\n\d+ anomalies .* kept to 5 % of ordinary rows\nrows in scored.csv\n$/,
    );
    const found = await cellsOf('scored.csv');
    expect(Object.keys(found)).toEqual([
      ...HEAD,
      ...[
        'score',
        'p_value',
        'anomaly',
        'nll',
        'label',
        'probability',
        'top_column',
        'top_contribution',
        'unseen',
      ],
      ...['amount', 'items', 'country', 'when', 'flag'].map((name) => `contribution_${name}`),
    ]);
    expect(readFileSync(at('scored.csv'), 'utf8').split('\n')[1]).toMatch(
      new RegExp(`^${csv([some[0]!]).split('\n')[1]},`),
    );
    expect([...found.who!]).toEqual(some.map(({ who }) => who));
    expected.forEach((each, row) => {
      const [top] = Object.entries(each.contributions).sort(([, a], [, b]) => b - a);
      expect(found.score![row]).toBeCloseTo(each.score, 5);
      expect(found.nll![row]).toBeCloseTo(each.nll, 4);
      expect(found.p_value![row]).toBeCloseTo(each.pValue!, 9);
      expect(found.anomaly![row]).toBe(Number(each.anomaly));
      expect([found.label![row], found.unseen![row]]).toEqual([each.label, '']);
      expect(found.probability![row]).toBeCloseTo(each.probability!, 5);
      expect(found.top_column![row]).toBe(top![0]);
      expect(found.top_contribution![row]).toBeCloseTo(top![1], 5);
      expect(found.contribution_items![row]).toBeCloseTo(each.contributions.items!, 5);
    });
  });

  test('alike from columns in any order, ones for truth, several files, a query, into any format (fault 52)', async () => {
    const turned = some.map((line) => ({ ...line, flag: line.flag === 'true' ? '1' : '0' }));
    writeFileSync(at('turned.csv'), csv(turned, ['flag', 'when', 'country', 'items', 'amount']));
    writeFileSync(at('part1.csv'), csv(some.slice(0, 25)));
    writeFileSync(at('part2.csv'), csv(some.slice(25)));
    const outs = await Promise.all(
      [
        ['turned.csv', '--out', 'turned.parquet'],
        ['part[12].csv', '--out', 'parts.ndjson'],
        ['--sql', "FROM 'some.csv'", '--out', 'queried.tsv.gz'],
        ['all.csv', '--limit', '40', '--out', 'limited.csv'],
      ].map(async (args) => {
        expect((await run('score', 'bundle', ...args)).code).toBe(0);
        return cellsOf(args.at(-1)!);
      }),
    );
    for (const { score } of outs) {
      expect(score).toHaveLength(40);
      expected.forEach((each, row) => expect(score![row]).toBeCloseTo(each.score, 5));
    }
  });

  test('a value that training did not see is scored and flagged (fault 53)', async () => {
    const strange = { ...some[1]!, country: 'XX', flag: '2' };
    writeFileSync(at('strange.csv'), csv([{ ...some[0]!, flag: '1' }, strange]));
    const result = await answer('score', 'bundle', 'strange.csv', '--out', 'strange.out.csv', '--fpr', '0.1');
    expect(result).toMatchObject({
      rows: 2,
      fpr: 0.1,
      unseen: { country: 1, flag: 1 },
      out: 'strange.out.csv',
    });
    expect((await cellsOf('strange.out.csv')).unseen).toEqual(['', 'country;flag']);
  });

  test('without --out it tells the strangest rows and why', async () => {
    const far = { ...some[3]!, amount: '1e6' };
    writeFileSync(at('far.csv'), csv([...some, far]));
    const [told, result] = [
      await run('score', 'bundle', 'far.csv'),
      await answer('score', 'bundle', 'far.csv'),
    ];
    expect(told.stdout).toMatch(/the strangest rows\nrow .*\n 41 .* amount = 1000000 \(/);
    const [first] = result.strangest as { row: number; reasons: { column: string }[] }[];
    expect([first!.row, first!.reasons[0]!.column]).toEqual([41, 'amount']);
  });

  test('far more alarms than were promised are told, with what has changed; the rows are written whole (fault 98)', async () => {
    const moved = all.map((line) => ({ ...line, amount: `9${line.amount}` }));
    writeFileSync(at('moved.csv'), csv(moved));
    const warned = await run('score', 'bundle', 'moved.csv', '--out', 'moved.out.csv');
    expect([warned.code, warned.stdout]).toEqual([0, expect.stringContaining('far more than the 5 %')]);
    expect(warned.stderr).toMatch(
      /warning .* are called anomalies, where 5 % was promised[\s\S]*changed most: amount/,
    );
    const failed = await run(
      'score',
      'bundle',
      'moved.csv',
      '--out',
      'again.csv',
      '--fail-on-drift',
      '--json',
    );
    expect(failed.code).toBe(1);
    expect(answerOf(failed)).toMatchObject({
      ...{ ok: false, rows: 600, out: 'again.csv' },
      excess: { drifted: expect.arrayContaining([expect.objectContaining({ name: 'amount' })]) },
    });
    expect(readFileSync(at('again.csv'))).toEqual(readFileSync(at('moved.out.csv')));
    const fine = await run('score', 'bundle', 'all.csv', '--fail-on-drift', '--json');
    expect([fine.code, fine.stderr.includes('warning')]).toEqual([0, false]);
    expect(answerOf(fine)).toMatchObject({ ok: true });
  });

  test('to stdout only when asked', async () => {
    const { code, stdout, stderr } = await run('score', 'bundle', 'some.csv', '--out', '-');
    expect([code, stdout.split('\n').length]).toEqual([0, 42]);
    expect(stdout).toMatch(/^amount,items,.*,unseen\n/);
    expect(stderr).toMatch(/40 rows in /);
    expect((await run('score', 'bundle', 'some.csv', '--out', '-', '--json')).code).toBe(2);
  });

  test('an answer never takes the name of a column', async () => {
    await run('score', 'bundle', 'some.csv', '--out', 'once.csv');
    expect((await run('score', 'bundle', 'once.csv', '--out', 'twice.csv')).code).toBe(0);
    const { score, semivae_score } = await cellsOf('twice.csv');
    expect(semivae_score).toEqual(score);
  });
});

/** Every file below a folder but what ONNX Runtime leaves in TMPDIR: files of its telemetry. */
const ours = (folder: string): string[] =>
  Object.keys(contentOf(folder)).filter((path) => !/^tmp\/(\.ses|mat-debug-\d+\.log)$/.test(path));

describe.concurrent('what is stopped or goes wrong leaves no file', () => {
  /** Runs a scoring of many rows in a folder of its own, and does something once its table is open. */
  async function midway(name: string, once: (child: ChildProcess, file: string) => void) {
    const folder = at(name);
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    writeFileSync(join(folder, 'many.csv'), csv(Array.from({ length: 40 }, () => all).flat()));
    writeFileSync(join(folder, 'out.csv'), 'what was there before');
    let done = false;
    const onStderr = (text: string, child: ChildProcess) => {
      if (done || !text.includes('does not look at')) return;
      done = true;
      once(child, join(folder, 'many.csv'));
    };
    const env = { TMPDIR: join(folder, 'tmp') };
    const args = ['score', '../bundle', 'many.csv', '--out', 'out.csv'];
    const finished = await semivae(args, { cwd: folder, env, onStderr });
    expect(ours(folder)).toEqual(['many.csv', 'out.csv', 'tmp']);
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('what was there before');
    return finished;
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('%s', async (signal) => {
    const { code, stderr } = await midway(signal, (child) => void child.kill(signal));
    expect([code, stderr]).toEqual([130, expect.stringContaining('stopped on request')]);
  });

  test('a file that changes while it is read', async () => {
    const { code, stderr } = await midway('changing', (_, file) => truncateSync(file, 5000));
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/many\.csv: it has changed .*\n.*\[TABLE_CHANGED\]/),
    ]);
  });
});

const withCell = (column: keyof Line, cell: string): string =>
  csv(some.map((line, row) => (row === 6 ? { ...line, [column]: cell } : line)));

type Bad = [what: string, told: RegExp, content: string | Uint8Array, file?: string];

const bad: Bad[] = [
  [
    'columns that are missing (fault 51)',
    /bad\.csv: it lacks the columns 'amount', 'flag'.*\n.*\[COLUMNS_MISSING\]/,
    csv(some, ['items', 'country', 'when']),
  ],
  [
    'text in a column of numbers',
    /bad\.csv, row 7, column 'amount': 'dear' is not .*\n.*\[TABLE_CELL\]/,
    withCell('amount', 'dear'),
  ],
  [
    'a number beyond all numbers',
    /bad\.csv, row 7, column 'amount': '1e999' .*\n.*\[TABLE_CELL\]/,
    withCell('amount', '1e999'),
  ],
  [
    'an integer that no number holds',
    /bad\.csv, row 7, column 'items': '9007199254740993' .*2\^53.*\n.*\[TABLE_CELL\]/,
    withCell('items', '9007199254740993'),
  ],
  [
    'truth and other things',
    /bad\.csv, row \d+, column 'flag'.*\n.*\[TABLE_CELL\]/,
    withCell('flag', 'perhaps'),
  ],
  ['a row with a cell too many', /bad\.csv, line 8: .*\n.*\[TABLE_RAGGED\]/, withCell('who', 'a,b')],
  ['a quote that is never closed', /bad\.csv.*: a quote .*\n.*\[TABLE_QUOTES\]/, withCell('country', '"SE')],
  ['a file without a byte', /bad\.csv: .*\n.*\[TABLE_EMPTY\]/, ''],
  ['a header alone', /bad\.csv: .*\n.*\[TABLE_EMPTY\]/, csv([])],
  [
    'bytes that are neither UTF-8 nor Windows-1252',
    /bad\.csv.*: the bytes are not UTF-8.*\n.*\[TABLE_ENCODING\]/,
    Buffer.from(withCell('country', 'A\x81'), 'latin1'),
  ],
  [
    'a text with a null character',
    /bad\.csv.*row 7, column .country.*null character/,
    withCell('country', 'S\0E'),
  ],
  ['Parquet that is none', /bad\.parquet: .*\n.*\[TABLE_BROKEN\]/, `PAR1${csv(some)}`, 'bad.parquet'],
];

describe.concurrent('bad input is told with exit code 2', () => {
  test.each<Bad>(bad)('%s', async (what, told, content, file = 'bad.csv') => {
    const folder = at(what.replaceAll(' ', '-'));
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    writeFileSync(join(folder, file), content);
    const before = contentOf(folder);
    const env = { TMPDIR: join(folder, 'tmp') };
    const { code, stderr } = await semivae(['score', '../bundle', file, '--out', 'out.csv'], {
      cwd: folder,
      env,
    });
    expect([code, stderr]).toEqual([2, expect.stringMatching(told)]);
    expect(contentOf(folder)).toEqual(before);
  });

  test('Parquet that is cut off, after it was written whole', async () => {
    await run('score', 'bundle', 'some.csv', '--out', 'cut.parquet');
    truncateSync(at('cut.parquet'), 3000);
    const { code, stderr } = await run('score', 'bundle', 'cut.parquet', '--out', 'nothing.csv');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/cut\.parquet: .*\n.*\[TABLE_BROKEN\]/)]);
  });

  test.each([
    ['some.csv', ['--out', 'no/such/folder.csv'], /folder\.csv: .*\n.*\[TABLE_WRITE\]/],
    ['some.csv', ['--out', 'scored.xlsx'], /scored\.xlsx: .*\n.*\[TABLE_FORMAT\]/],
    ['nothing.here.csv', [], /nothing\.here\.csv: .*\n.*\[TABLE_MISSING\]/],
    ['some.csv', ['--fpr', '0.001'], /999 calibration rows .*\n.*\[CALIBRATION_TOO_FEW\]/],
    ['some.csv', ['--split', 'test'], /--split is for bundles of images.*\n.*\[SCORE_OPTION\]/],
    ['some.csv', ['--memory', 'much'], /no amount of memory.*\n.*\[MEMORY\]/],
  ])('%s %j', async (file, args, told) => {
    const { code, stderr } = await run('score', 'bundle', file, ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(told)]);
  });
});

describe.concurrent('recalibrate', () => {
  const scoresOf = async (lines: readonly Line[]) => {
    const model = await load(at('bundle'));
    const found = await model.score(lines.map(asRow));
    await model.dispose();
    return found.map(({ score }) => score).sort((a, b) => a - b);
  };
  const low = all.filter((line) => line.class === 'low');

  test('makes another bundle whose verdicts follow the new rows', async () => {
    const before = contentOf(at('bundle'));
    const args = ['--normal-label', 'class=low', '--fpr', '0.01', '--out', 'anew'];
    const result = await answer('recalibrate', 'bundle', 'all.csv', ...args);
    const scores = await scoresOf(low);
    expect(result).toMatchObject({ bundle: 'anew', rows: low.length, fpr: 0.01, before: { fpr: 0.05 } });
    expect(result.threshold).toBeCloseTo(thresholdFor(scores, 0.01), 5);
    expect(contentOf(at('bundle'))).toEqual(before);
    const { 'manifest.json': _, 'README.md': __, ...same } = before;
    expect(contentOf(at('anew'))).toMatchObject(same);
    const told = `Calibrated on ${low.length} rows of all.csv with class = low, said to be ordinary: scores above`;
    const readme = readFileSync(at('anew/README.md'), 'utf8');
    expect(readme.split('Calibrated on')).toHaveLength(2);
    expect(readme).toContain(told);
    const { anomalies } = await answer('score', 'anew', 'all.csv');
    const model = await load(at('anew'));
    const found = await model.score(all.map(asRow));
    expect(anomalies).toBe(found.filter(({ anomaly }) => anomaly).length);
    await model.dispose();
  });

  test('in place, and again the same', async () => {
    expect((await run('recalibrate', 'bundle', 'all.csv', '--out', 'placed')).code).toBe(0);
    const before = contentOf(at('placed'));
    await run('recalibrate', 'placed', 'some.csv', '--fpr', '0.05');
    expect(contentOf(at('placed'))).not.toEqual(before);
    expect((await run('recalibrate', 'placed', 'all.csv')).stdout).toMatch(
      /^calibrated on 600 rows of all\.csv/,
    );
    expect(contentOf(at('placed'))).toEqual(before);
  });

  test('on rows that were trained on warns, on others it does not (fault 96)', async () => {
    const seen = await run('recalibrate', 'bundle', 'all.csv', '--out', 'seen', '--json');
    expect([seen.code, seen.stderr]).toEqual([
      0,
      expect.stringMatching(/warning about \d+.* % .* trained on/),
    ]);
    expect(answerOf(seen)).toMatchObject({ trainedOn: { share: expect.any(Number) } });
    writeFileSync(at('fresh.csv'), csv(payments(1200).slice(600)));
    const fresh = await run('recalibrate', 'bundle', 'fresh.csv', '--out', 'fresh', '--json');
    expect([fresh.code, fresh.stderr.includes('warning')]).toEqual([0, false]);
    expect(answerOf(fresh)).not.toHaveProperty('trainedOn');
  });

  test('too few rows, or none of the label, change nothing', async () => {
    const args = ['--out', 'never', '--fpr', '0.01'];
    const few = await run('recalibrate', 'bundle', 'some.csv', ...args);
    expect([few.code, few.stderr]).toEqual([
      2,
      expect.stringMatching(/needs 99 calibration rows or more, and there are 40/),
    ]);
    const none = await run('recalibrate', 'bundle', 'all.csv', ...args, '--normal-label', 'class=middle');
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/there are 0/)]);
    expect(contentOf(cwd)).not.toHaveProperty('never');
  });
});

describe.concurrent('impute', () => {
  test('fills the holes as the runtime does, and leaves all else', async () => {
    const result = await answer('impute', 'bundle', 'some.csv', '--out', 'filled.csv');
    const holes = {
      amount: some.filter(({ amount }) => amount === '').length,
      country: some.filter(({ country }) => country === '?').length,
    };
    expect(result).toMatchObject({ rows: 40, filled: holes, cells: holes.amount + holes.country });
    const model = await load(at('bundle'));
    const whole = await model.impute(some.map(asRow));
    await model.dispose();
    const found = await cellsOf('filled.csv');
    expect(Object.keys(found)).toEqual(HEAD);
    whole.forEach((row, i) => {
      expect(found.amount![i]).toBeCloseTo(Number(row.amount), 4);
      expect([found.country![i], found.who![i], found.class![i]]).toEqual([
        row.country,
        some[i]!.who,
        some[i]!.class,
      ]);
    });
  });

  test('needs a place to write to, and a table', async () => {
    expect((await run('impute', 'bundle', 'some.csv')).code).toBe(2);
    const { code, stderr } = await run('impute', 'bundle', '--out', 'nothing.csv');
    expect([code, stderr]).toEqual([2, expect.stringContaining('NO_ROWS_NAMED')]);
  });
});

test('generate: made-up rows of the bundle’s columns and classes, equal for equal seeds', async () => {
  const result = await answer('generate', 'bundle', '--count', '40', '--seed', '3', '--out', 'drawn.csv');
  expect(result).toEqual({ out: 'drawn.csv', count: 40, seed: 3, temperature: 1 });
  const drawn = await cellsOf('drawn.csv');
  const used = ['amount', 'items', 'country', 'when', 'flag'];
  expect(Object.keys(drawn)).toEqual([...used, 'label']);
  expect(new Set<unknown>(drawn.amount as Iterable<unknown>).size).toBe(40);
  expect([...drawn.items!].every(Number.isInteger)).toBe(true);
  expect(['SE', 'DE', 'FR']).toEqual(
    expect.arrayContaining([...new Set<unknown>(drawn.country as Iterable<unknown>)]),
  );
  expect([...drawn.label!].slice(0, 2).sort()).toEqual(['high', 'low']);
  const again = await run('generate', 'bundle', '--count', '40', '--seed', '3', '--out', 'again.csv');
  expect([again.code, readFileSync(at('again.csv'), 'utf8')]).toEqual([
    0,
    readFileSync(at('drawn.csv'), 'utf8'),
  ]);
  const odd = await answer('generate', 'bundle', '--columns', '3', '--out', 'drawn.csv');
  expect(odd).toMatchObject({ failure: { code: 'GENERATE_OPTION' } });
});
