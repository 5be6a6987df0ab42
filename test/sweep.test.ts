import type { ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RecipeInput } from '@semivae/recipe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, contentOf, freshFolder, semivae, smallSet, writeFiles } from './command.ts';

const cwd = freshFolder();
const recipe: RecipeInput = {
  name: 'bands',
  data: { name: 'small', labels: 9, validation: 12 },
  model: { hidden: [8], latent: 2 },
  batch: { labelled: 6, unlabelled: 10 },
  optimizer: { learningRate: 1e-2 },
  epochs: 2,
};

const sweep = (...args: string[]) => semivae(['sweep', './bands.json', '--threads', '1', ...args], { cwd });
const read = (path: string) => readFileSync(join(cwd, path), 'utf8');
const jsonLines = (path: string) =>
  read(path)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

interface Answer {
  readonly by: string;
  readonly settings: readonly {
    readonly fields: Record<string, unknown>;
    readonly seeds: readonly number[];
    readonly runs: readonly string[];
    readonly figures: Record<string, { mean: number; deviation?: number; n: number }>;
  }[];
  readonly failures: readonly { readonly fields: object; readonly failure: { readonly code: string } }[];
}

const answered = async (...args: string[]) => {
  const finished = await sweep(...args, '--json');
  return { code: finished.code, ...(answerOf(finished) as unknown as Answer) };
};

/** Results without what the clock says, in an order of their own. */
const resultsOf = (folder: string) =>
  jsonLines(`${folder}/results.jsonl`)
    .map(({ minutes: _, metrics, ...rest }) => ({ ...rest, metrics: { ...metrics, minutes: 0 } }))
    .sort((a, b) => (a.run < b.run ? -1 : 1));

beforeAll(() => {
  writeFiles(join(cwd, 'small'), smallSet);
  writeFiles(cwd, { 'bands.json': Buffer.from(JSON.stringify(recipe)) });
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const GRID = ['--grid', 'model.hidden=[8],[8,4]', '--out', 'grid'];

describe('a grid', () => {
  let answer: Answer;
  beforeAll(async () => {
    answer = await answered(...GRID, '--seeds', '2');
  });

  test("tells mean and deviation of the runs' own metrics, the best first", () => {
    const hidden = answer.settings.map(({ fields }) => JSON.stringify(fields['model.hidden']));
    expect(hidden.sort()).toEqual(['[8,4]', '[8]']);
    for (const { runs, seeds, figures } of answer.settings) {
      expect(seeds).toEqual([1, 2]);
      for (const name of ['loss', 'validationError', 'testError']) {
        const [a, b] = runs.map((run) => jsonLines(`grid/${run}/metrics.jsonl`).at(-1)[name]);
        expect(figures[name]).toEqual({
          mean: expect.closeTo((a + b) / 2, 9),
          deviation: expect.closeTo(Math.abs(a - b) / Math.SQRT2, 9),
          n: 2,
        });
      }
    }
    expect(answer.by).toBe('validationError');
    const [best, next] = answer.settings.map(({ figures }) => figures.validationError!.mean);
    expect(best!).toBeLessThanOrEqual(next!);
  });

  test('begins with a run, all of it, and goes on with no other', async () => {
    const [from, other] = answer.settings.map(({ runs }) => runs[0]!) as [string, string];
    const begin = ['--out', 'begun', '--seeds', '1', '--epochs', '1', '--init-from'];
    const { settings } = await answered(...begin, `grid/${from}`);
    const { initFrom } = JSON.parse(read(`begun/${settings[0]!.runs[0]}/run.json`));
    expect(initFrom.run).toBe(from);
    const changed = await sweep(...begin, `grid/${other}`, '--json');
    expect([changed.code, answerOf(changed)]).toMatchObject([2, { failure: { code: 'SWEEP_CHANGED' } }]);
  });

  test('is of whole runs, each as train makes it, with a log beside', async () => {
    const [{ runs }] = answer.settings as [Answer['settings'][number]];
    const by = ['--seed', '1', '--threads', '1', '--out', 'alone', '--set'];
    const { hidden } = JSON.parse(read(`grid/${runs[0]}/run.json`)).recipe.model;
    await semivae(['train', '--recipe', './bands.json', ...by, `model.hidden=[${hidden}]`], { cwd });
    const told = (path: string) => jsonLines(path).map((line) => ({ ...line, minutes: 0 }));
    expect(told(`grid/${runs[0]}/metrics.jsonl`)).toEqual(told('alone/metrics.jsonl'));
    expect(read(`grid/${runs[0]}.log`)).toMatch(/epoch 2\/2/);
  });

  test('asked again trains nothing, and shows a table', async () => {
    const { 'sweep.json': _, ...before } = contentOf(join(cwd, 'grid'));
    const { code, stdout } = await sweep(...GRID, '--seeds', '2', '--by', 'testError');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^hidden +test error +validation error +seeds +time\n/);
    expect(stdout).toMatch(/^\[8,4\] +\d+\.\d\d ± \d+\.\d\d % +\d+\.\d\d ± \d+\.\d\d % +2 +\d+ s$/m);
    expect(contentOf(join(cwd, 'grid'))).toMatchObject(before);
  });

  test('takes more seeds and settings, but gives none up', async () => {
    const before = read('grid/results.jsonl');
    const more = await answered('--grid', 'model.hidden=[4],[8,4],[8]', '--seeds', '3', '--out', 'grid');
    expect(more.settings.map(({ seeds }) => seeds)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(read('grid/results.jsonl').startsWith(before)).toBe(true);
    expect(jsonLines('grid/results.jsonl')).toHaveLength(9);
    const content = contentOf(cwd);
    for (const [args, says] of [
      [[...GRID, '--seeds', '3'], /it was begun with hidden \[4\]/],
      [['--grid', 'model.hidden=[4],[8,4],[8]', '--out', 'grid', '--seeds', '2'], /with 3 seeds, not 2/],
      [[...GRID, '--set', 'epochs=3'], /its recipe had epochs 2, not 3/],
    ] as const) {
      const { code, stderr } = await sweep(...args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
      expect(stderr).toMatch(/begun by: semivae sweep .*\[SWEEP_CHANGED\]/);
    }
    expect(contentOf(cwd)).toEqual(content);
  });
});

/** Waits until something holds, as long as the test may take. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

describe('stopped', () => {
  const LONG = ['--grid', 'model.latent=2,3', '--seeds', '1', '--epochs', '300'];
  const runs = ['latent-2-seed1', 'latent-3-seed1'];
  const textOf = (file: string) => (existsSync(join(cwd, 'stopped', file)) ? read(`stopped/${file}`) : '');

  /** Stops a sweep when both of its trainings have told of an epoch more; waits until they have saved. */
  async function stopped(stop: (child: ChildProcess) => void) {
    const before = runs.map((run) => textOf(`${run}/metrics.jsonl`).length);
    const saved = () => runs.map((run) => textOf(`${run}.log`).split('stopped on request').length);
    const savedBefore = saved();
    let child: ChildProcess | undefined;
    const ended = semivae(['sweep', './bands.json', ...LONG, '--out', 'stopped'], {
      cwd,
      leads: true,
      onStderr: (_, process) => {
        child = process;
      },
    });
    await until(() => runs.every((run, at) => textOf(`${run}/metrics.jsonl`).length > before[at]!));
    stop(child!);
    const finished = await ended;
    await until(() => saved().every((count, at) => count > savedBefore[at]!));
    return finished;
  }

  test('by death or by Ctrl-C, its trainings save; the results are as if it had not been', async () => {
    expect((await stopped((child) => child.kill('SIGKILL'))).code).toBe(null);
    // a terminal sends the signal to the trainings too, which must not take it for the second
    const { code, stderr } = await stopped((child) => process.kill(-child.pid!, 'SIGINT'));
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /0 of 2 trainings are finished\. Go on with: semivae sweep \.\/bands\.json --grid model\.latent=2,3 /,
    );
    expect(textOf('results.jsonl')).toBe('');
    appendFileSync(join(cwd, 'stopped/results.jsonl'), '{"fields":{"model.la');
    expect((await sweep(...LONG, '--out', 'stopped')).code).toBe(0);
    expect(textOf('latent-2-seed1.log').match(/^resume {2}at step [1-9]/gm)).toHaveLength(2);
    expect((await sweep(...LONG, '--out', 'whole')).code).toBe(0);
    expect(resultsOf('stopped')).toEqual(resultsOf('whole'));
  });
});

describe('a random sweep', () => {
  const DRAWN = ['--random', '2', '--range', 'optimizer.learningRate=1e-3..1e-1:log', '--seeds', '1'];
  const drawn = async (...args: string[]) =>
    (await answered(...DRAWN, ...args)).settings.map(({ fields }) => JSON.stringify(fields)).sort();

  test('draws the same again', async () => {
    const first = await drawn('--out', 'first');
    expect(new Set(first).size).toBe(2);
    expect(await drawn('--out', 'second')).toEqual(first);
    expect(resultsOf('second')).toEqual(resultsOf('first'));
  });
});

test('a training that fails is told, and the others go on', async () => {
  const failing = ['--seeds', '1', '--grid', 'optimizer.learningRate=1e30,1e-2', '--epochs', '4'];
  const { code, settings, failures } = await answered(...failing, '--out', 'failing');
  expect(code).toBe(1);
  expect(failures).toMatchObject([
    { fields: { 'optimizer.learningRate': 1e30 }, seed: 1, failure: { code: 'LOSS_NOT_FINITE' } },
  ]);
  expect(settings.map(({ seeds }) => seeds)).toEqual([[1], []]);
  const { stderr, code: all } = await sweep('--seeds', '1', '--set', 'optimizer.learningRate=1e30');
  expect([all, stderr]).toEqual([2, expect.stringMatching(/failed: .*learningRate.*\[LOSS_NOT_FINITE\]/)]);
});

test.each<[code: string, says: RegExp, args: readonly string[]]>([
  ['RECIPE_UNKNOWN_FIELD', /Did you mean 'model\.latent'/, ['--grid', 'model.latnet=2,3']],
  ['RECIPE_FIELD', /--range, objective\.alpha/, ['--random', '3', '--range', 'objective.alpha=-2..-1']],
  ['MODEL_NO_CLASSES', /m1 has no classes/, ['--grid', 'model.kind=m2,m1', '--by', 'loss']],
  ['SWEEP_UNDECIDED', /data\.validation=0\.1/, ['--grid', 'epochs=1,2', '--set', 'data.validation=0']],
  ['SWEEP_FIGURE', /validationError/, ['--by', 'validationEror']],
  ['SWEEP_FORM', /--seeds 5/, ['--seed', '5']],
  ['SWEEP_FOLDER', /no sweep/, ['--out', 'small']],
])('%s %s is found before anything is written', async (code, says, args) => {
  const files = readdirSync(cwd);
  const finished = await sweep('--out', 'nowhere', ...args, '--json');
  const { failure } = answerOf(finished) as { failure: Record<string, string> };
  expect(failure).toMatchObject({ code });
  expect(`${failure.message} ${failure.remedy}`).toMatch(says);
  expect(finished.code).toBe(2);
  expect(readdirSync(cwd)).toEqual(files);
});
