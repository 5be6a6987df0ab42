import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answerOf,
  CLASSES,
  contentOf,
  freshFolder,
  SIDE,
  semivae,
  smallRecipe,
  smallSet,
  writeFiles,
} from './command.ts';

const cwd = freshFolder();
const run = (...args: string[]) => semivae(args, { cwd });
const answer = async (...args: string[]) => answerOf(await run(...args, '--json'));
const figures = (...args: string[]) => answer('evaluate', ...args, '--threads', '1');

const trained = (out: string, ...args: string[]) =>
  run('train', ...smallRecipe, '--set', 'optimizer.learningRate=1e-2', '--out', out, ...args);

beforeAll(async () => {
  writeFiles(join(cwd, 'small'), smallSet);
  await trained('m2', '--epochs', '20');
  await run('export', 'm2');
  await trained('m1', '--epochs', '4', '--model', 'm1', '--labels', '0');
  await trained('vade', '--epochs', '10', '--model', 'vade', '--labels', '0');
  await trained('baseline', '--epochs', '20', '--set', 'objective.kind=supervised');
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('samples of well-told classes are taken for their class, and a classifier learns from them alone', async () => {
  const asked = ['--judge', 'baseline', '--train-on-samples', '--samples', '50'];
  const found = await figures('m2', ...asked);
  const judge = found.judge as { classes: { accuracy: number }[]; accuracy: number; judgeError: number };
  expect(judge).toMatchObject({ judge: 'baseline', samplesPerClass: 50 });
  expect(judge.judgeError).toBe((await figures('baseline')).error);
  expect(judge.accuracy).toBeGreaterThan(90);
  const mean = judge.classes.reduce((sum, each) => sum + each.accuracy, 0) / CLASSES;
  expect(mean).toBeCloseTo(judge.accuracy);
  expect((found.trainedOnSamples as { accuracy: number }).accuracy).toBeGreaterThan(90);
  expect(await figures('m2/bundle', '--data', 'small', ...asked)).toEqual(found);
});

test('the likelihood is told of as many rows as asked for, the same each time, and is above the bound', async () => {
  const { score } = await figures('m1');
  const asked = ['m1', '--likelihood', '400', '--rows', '12'];
  const { likelihood } = (await figures(...asked)) as { likelihood: Record<string, number> };
  expect(likelihood).toMatchObject({ n: 12, samples: 400, unit: 'nats', binarized: false });
  const again = (await figures(...asked)) as { likelihood: Record<string, number> };
  expect(again.likelihood.mean).toBe(likelihood.mean);
  const whole = (await figures('m1', '--likelihood', '400')) as { likelihood: Record<string, number> };
  expect(whole.likelihood.n).toBe(30);
  expect(whole.likelihood.mean).toBeGreaterThan(-(score as number));
});

test('without labels, clusters are named by their best classes', async () => {
  const found = await figures('vade', '--draws', '3');
  expect(found.clusteringAccuracy).toBeCloseTo(100 - (found.error as number));
  expect(found.clusteringAccuracy).toBeGreaterThanOrEqual(100 / CLASSES);
  expect(found.averaged).toMatchObject({ draws: 3, drawn: ['z'], error: expect.any(Number) });
  await run('export', 'vade');
  const { averaged: _, ...plain } = found;
  expect(await figures('vade/bundle', '--data', 'small')).toEqual(plain);
  expect((await run('evaluate', 'vade')).stdout).toMatch(/clustering accuracy \d+\.\d\d % on 30 rows/);
});

test('draws of a classifier that draws nothing change nothing, and that is told', async () => {
  const { code, stdout, stderr } = await run('evaluate', 'm2', '--draws', '5', '--json');
  expect(code).toBe(0);
  expect(stderr).toMatch(/note: the classifier draws nothing/);
  const { error, averaged } = JSON.parse(stdout);
  expect(averaged).toEqual({ draws: 5, drawn: [], error });
});

const sizeOf = (path: string) => {
  const { width, height } = decode(readFileSync(join(cwd, path)));
  return [width, height];
};
const cells = (columns: number, rows: number) => [2 + columns * (2 * SIDE + 2), 2 + rows * (2 * SIDE + 2)];

test('sheets have a place for each image, and equal bytes each time', async () => {
  const { sheets } = await figures('m2', '--sheets', 'pictures/m2');
  const names = ['samples', 'analogies', 'reconstructions', 'latent', 'confusion'];
  expect(sheets).toEqual(names.map((name) => `pictures/m2/${name}.png`));
  expect(sizeOf('pictures/m2/samples.png')).toEqual(cells(10, CLASSES));
  const [width, height] = sizeOf('pictures/m2/analogies.png');
  expect(height).toBe(cells(1, CLASSES)[1]);
  expect(width).toBeGreaterThan(cells(1 + CLASSES, 1)[0]!);
  expect(sizeOf('pictures/m2/reconstructions.png')).toEqual(cells(10, 2));
  await figures('m2', '--sheets', 'pictures/again');
  expect(contentOf(join(cwd, 'pictures/again'))).toEqual(contentOf(join(cwd, 'pictures/m2')));
});

test('a model without classes has samples, reconstructions and a map', async () => {
  await figures('m1', '--sheets', 'pictures/m1');
  expect(Object.keys(contentOf(join(cwd, 'pictures/m1')))).toEqual([
    'latent.png',
    'reconstructions.png',
    'samples.png',
  ]);
  expect(sizeOf('pictures/m1/samples.png')).toEqual(cells(10, 10));
});

describe('what cannot be had is told with exit code 2', () => {
  test.each([
    ['RUN_NEEDED', 'm2/bundle', '--data', 'small', '--likelihood'],
    ['RUN_NEEDED', 'm2/bundle', '--data', 'small', '--draws', '3'],
    ['NOT_GENERATIVE', 'baseline', '--likelihood'],
    ['NOT_GENERATIVE', 'baseline', '--sheets', 'none'],
    ['MODEL_NO_CLASSES', 'm1', '--judge', 'baseline'],
    ['MODEL_NO_CLASSES', 'm1', '--draws', '2'],
    ['JUDGE_MISFIT', 'm2', '--judge', 'm1'],
    ['JUDGE_MISFIT', 'm2', '--judge', 'vade'],
    ['NOT_FOUND', 'm2', '--judge', 'nobody'],
    ['OPTION_ALONE', 'm2', '--samples', '5'],
    ['OPTION_ALONE', 'm1', '--rows', '5'],
    ['WRITE', 'm1', '--sheets', 'm1/run.json'],
    ['USAGE', 'm1', '--likelihood', 'many'],
  ])('%s: evaluate %s', async (expected, ...args) => {
    const { code, stdout } = await run('evaluate', ...args, '--json');
    expect([code, JSON.parse(stdout).failure.code]).toEqual([2, expected]);
  });
});
