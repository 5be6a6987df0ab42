import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { imageSet } from '@semivae/data';
import { loadDataset } from '@semivae/data/node';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { load, memoryFiles } from '@semivae/runtime';
import {
  appendMetrics,
  createRun,
  describeData,
  fit,
  onnxRuntimeEngine,
  readRun,
  writeCheckpoint,
} from '@semivae/train/node';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateImages } from '../packages/cli/src/commands/evaluate-images.ts';
import type { EvaluateImagesOptions } from '../packages/cli/src/image-options.ts';
import { bundleSource, type ImageSource, runSource } from '../packages/cli/src/image-source.ts';
import { shipped } from '../packages/cli/src/source.ts';
import { answerOf, CLASSES, contentOf, freshFolder, SIDE, semivae, smallSet, writeFiles } from './command.ts';

const cwd = freshFolder();
const data = join(cwd, 'small');
const engine = onnxRuntimeEngine({ threads: 1 });

/** A run of the small set, trained in a moment. */
async function train(name: string, asked: RecipeInput): Promise<void> {
  const dataset = await loadDataset(data);
  const recipe = parseRecipe({
    name,
    ...asked,
    data: { name: data, labels: 9, ...asked.data },
    model: { hidden: [8], latent: 2, ...asked.model },
    batch: { labelled: 6, unlabelled: 10 },
    optimizer: { learningRate: 1e-2 },
  });
  const folder = join(cwd, name);
  await createRun(folder, {
    recipe,
    seed: 1,
    engine: engine.name,
    data: describeData(dataset),
    versions: {},
  });
  for await (const report of fit(recipe, imageSet(dataset.train), { seed: 1, engine })) {
    if (report.step < report.steps) continue;
    await writeCheckpoint(folder, await report.checkpoint());
    await appendMetrics(folder, { step: report.step, epoch: report.epoch, minutes: 0, ...report.metrics });
  }
}

/** What `evaluate` says of a source, in words and as JSON. */
async function told(source: ImageSource, options: EvaluateImagesOptions) {
  const [said, notes, answers] = [[] as string[], [] as string[], [] as Record<string, unknown>[]];
  try {
    await evaluateImages(
      source,
      { ...options, data, threads: 1 },
      {
        json: true,
        style: (_, text) => text,
        say: (text = '') => void said.push(text),
        rows: (text) => void said.push(text),
        note: (text) => void notes.push(text),
        answer: (result) => void answers.push({ ...result }),
      },
    );
  } finally {
    await source.dispose();
  }
  expect(answers).toHaveLength(1);
  return { said: said.join('\n'), notes: notes.join('\n'), ...answers[0]! } as Record<string, unknown>;
}

async function ofRun(name: string, options: EvaluateImagesOptions = {}) {
  const folder = join(cwd, name);
  return told(runSource(folder, await readRun(folder), { threads: 1 }), options);
}

async function ofBundle(name: string, options: EvaluateImagesOptions = {}) {
  const model = await load(memoryFiles(await shipped(join(cwd, name), {}, engine)));
  return told(bundleSource(model), options);
}

beforeAll(async () => {
  writeFiles(data, smallSet);
  await train('m2', { epochs: 20 });
  await train('m1', { epochs: 4, data: { labels: 0 }, model: { kind: 'm1' } });
  await train('vade', { epochs: 10, data: { labels: 0 }, model: { kind: 'vade' } });
  await train('baseline', { epochs: 20, objective: { kind: 'supervised' } });
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('samples of well-told classes are taken for their class, and a classifier learns from them alone', async () => {
  const asked = { judge: join(cwd, 'baseline'), trainOnSamples: true, samples: 50 };
  const found = await ofRun('m2', asked);
  const judge = found.judge as { classes: { accuracy: number }[]; accuracy: number; judgeError: number };
  expect(judge).toMatchObject({ judge: asked.judge, samplesPerClass: 50 });
  expect(judge.judgeError).toBe((await ofRun('baseline')).error);
  expect(judge.accuracy).toBeGreaterThan(80);
  const mean = judge.classes.reduce((sum, each) => sum + each.accuracy, 0) / CLASSES;
  expect(mean).toBeCloseTo(judge.accuracy);
  expect((found.trainedOnSamples as { accuracy: number }).accuracy).toBeGreaterThan(90);
  expect(await ofBundle('m2', asked)).toEqual(found);
});

test('the likelihood is told of as many rows as asked for, the same each time, and is above the bound', async () => {
  const { score } = await ofRun('m1');
  const ofRows = async (rows?: number) => {
    const found = await ofRun('m1', { likelihood: 400, ...(rows && { rows }) });
    return found.likelihood as Record<string, number>;
  };
  const few = await ofRows(12);
  expect(few).toMatchObject({ n: 12, samples: 400, unit: 'nats', binarized: false });
  expect((await ofRows(12)).mean).toBe(few.mean);
  const all = await ofRows();
  expect(all.n).toBe(30);
  expect(all.mean).toBeGreaterThan(-(score as number));
});

test('without labels, clusters are named by their best classes', async () => {
  const { averaged, ...found } = await ofRun('vade', { draws: 3 });
  expect(found.clusteringAccuracy).toBeCloseTo(100 - (found.error as number));
  expect(found.clusteringAccuracy).toBeGreaterThanOrEqual(100 / CLASSES);
  expect(averaged).toMatchObject({ draws: 3, drawn: ['z'], error: expect.any(Number) });
  const plain = await ofRun('vade');
  expect(plain.said).toMatch(/clustering accuracy \d+\.\d\d % on 30 rows/);
  expect(await ofBundle('vade')).toEqual(plain);
});

test('draws of a classifier that draws nothing change nothing, and that is told', async () => {
  const { error, averaged, notes, clusteringAccuracy } = await ofRun('m2', { draws: 5 });
  expect(averaged).toEqual({ draws: 5, drawn: [], error });
  expect(notes).toMatch(/the classifier draws nothing/);
  expect(clusteringAccuracy).toBeUndefined();
});

const sizeOf = (path: string) => {
  const { width, height } = decode(readFileSync(join(cwd, path)));
  return [width, height];
};
const cells = (columns: number, rows: number) => [2 + columns * (2 * SIDE + 2), 2 + rows * (2 * SIDE + 2)];

test('sheets have a place for each image, and equal bytes each time', async () => {
  const folder = join(cwd, 'pictures/m2');
  const names = ['samples', 'analogies', 'reconstructions', 'latent', 'confusion'];
  const { sheets } = await ofRun('m2', { sheets: folder });
  expect(sheets).toEqual(names.map((name) => join(folder, `${name}.png`)));
  expect(sizeOf('pictures/m2/samples.png')).toEqual(cells(10, CLASSES));
  const [width, height] = sizeOf('pictures/m2/analogies.png');
  expect(height).toBe(cells(1, CLASSES)[1]);
  expect(width).toBeGreaterThan(cells(1 + CLASSES, 1)[0]!);
  expect(sizeOf('pictures/m2/reconstructions.png')).toEqual(cells(10, 2));
  await ofBundle('m2', { sheets: join(cwd, 'pictures/again') });
  expect(contentOf(join(cwd, 'pictures/again'))).toEqual(contentOf(folder));
});

test('a model without classes has samples, reconstructions and a map', async () => {
  await ofRun('m1', { sheets: join(cwd, 'pictures/m1') });
  const files = Object.keys(contentOf(join(cwd, 'pictures/m1')));
  expect(files).toEqual(['latent.png', 'reconstructions.png', 'samples.png']);
  expect(sizeOf('pictures/m1/samples.png')).toEqual(cells(10, 10));
});

describe('what cannot be had is told before anything is computed', () => {
  const place = (name: string) => join(cwd, name);
  test.each<[string, string, EvaluateImagesOptions]>([
    ['NOT_GENERATIVE', 'baseline', { likelihood: 5 }],
    ['NOT_GENERATIVE', 'baseline', { sheets: place('none') }],
    ['MODEL_NO_CLASSES', 'm1', { judge: place('baseline') }],
    ['MODEL_NO_CLASSES', 'm1', { draws: 2 }],
    ['JUDGE_MISFIT', 'm2', { judge: place('m1') }],
    ['JUDGE_MISFIT', 'm2', { judge: place('vade') }],
    ['NOT_FOUND', 'm2', { judge: place('nobody') }],
    ['OPTION_ALONE', 'm2', { samples: 5 }],
    ['OPTION_ALONE', 'm1', { rows: 5 }],
    ['WRITE', 'm1', { sheets: place('m1/run.json') }],
  ])('%s: %s %o', async (code, name, options) => {
    await expect(ofRun(name, options)).rejects.toMatchObject({ code, remedy: expect.stringMatching(/\w/) });
  });

  test('a bundle has no densities', async () => {
    for (const options of [{ likelihood: 5 }, { draws: 2 }])
      await expect(ofBundle('m2', options)).rejects.toMatchObject({ code: 'RUN_NEEDED' });
  });

  test('the command refuses with exit code 2', async () => {
    const finished = await semivae(['evaluate', 'baseline', '--likelihood', '--json'], { cwd });
    expect([finished.code, answerOf(finished)]).toMatchObject([2, { failure: { code: 'NOT_GENERATIVE' } }]);
  });
});
