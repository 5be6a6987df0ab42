import type { ImageColumns } from '@semivae/model';
import { imageInput, load, type Manifest, type Model, memoryFiles } from '@semivae/runtime';
import {
  clustering,
  type DataInfo,
  type Images,
  imageSet,
  modelOf,
  onnxRuntimeEngine,
  openClassifier,
  type RunInfo,
  readShipped,
  shapeOf,
} from '@semivae/train/node';
import { checkFits, type DataFlags, type Expected, openData } from '../data.ts';
import { type Evaluation, evaluation, showEvaluation } from '../evaluation.ts';
import { checkInterruption } from '../interruption.ts';
import type { Output } from '../output.ts';
import { shipped } from '../source.ts';
import { showPercent } from '../table.ts';
import { recipeOf } from '../table-model.ts';

/** What came of asking a model for the images of a test set. */
export interface TestedImages {
  readonly data: string;
  readonly rows: number;
  /** Where the model has classes. */
  readonly classes?: Evaluation;
  /** The mean score, where it has none. */
  readonly score?: number;
}

/** Tests a run: through its checkpoint where it has classes, for a supervised baseline has nothing that could be shipped. */
export async function testRun(
  path: string,
  info: RunInfo,
  flags: DataFlags,
  output: Output,
): Promise<TestedImages> {
  const { recipe, data } = info;
  if (recipe.model.kind === 'm1') return testShipped(path, flags, output);
  const { state } = await readShipped(path);
  const test = await testRows(flags.data ?? recipe.data.name, flags, expectedByRun(data), output);
  const set = imageSet(test);
  const shape = shapeOf(set, data.trainRows);
  const classify = await openClassifier(onnxRuntimeEngine(), modelOf(recipe, shape), shape);
  const predicted = await classify(state, set);
  return judged(recipe.data.labels > 0 ? predicted : asNamed(predicted, test), test);
}

/** The class that each row's cluster is best named by, where no label was trained on. */
function asNamed(clusters: ArrayLike<number>, { labels, classes }: Images): number[] {
  const named = clustering(clusters, labels, classes.length).classes;
  return Array.from(clusters, (cluster) => named[cluster]!);
}

async function testShipped(path: string, flags: DataFlags, output: Output): Promise<TestedImages> {
  const model = await load(memoryFiles(await shipped(path, {}, onnxRuntimeEngine())));
  try {
    return await testBundle(model, flags, output);
  } finally {
    await model.dispose();
  }
}

const expectedByRun = ({ name, columns, classes }: DataInfo): Expected => ({
  name,
  ...(columns as ImageColumns),
  classes,
});

const expectedByBundle = (manifest: Manifest): Expected => ({
  name: manifest.name,
  ...imageInput(manifest),
  classes: manifest.labels,
});

async function testRows(
  name: string,
  { dataDir }: DataFlags,
  expected: Expected,
  output: Output,
): Promise<Images> {
  const { test } = await openData(name, dataDir, output);
  checkFits(test, expected);
  return test;
}

const ROWS_AT_ONCE = 500;

/** Answers for all rows, some at a time, so that Ctrl-C comes through. */
async function inPortions<T>(
  { bytes, rows, name }: Images,
  ask: (bytes: Uint8Array) => Promise<T[]>,
): Promise<T[]> {
  const width = bytes.length / rows;
  const answers: T[] = [];
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    answers.push(...(await ask(bytes.subarray(start * width, (start + ROWS_AT_ONCE) * width))));
    await checkInterruption(name);
  }
  return answers;
}

/** Tests a bundle. */
export async function testBundle(model: Model, flags: DataFlags, output: Output): Promise<TestedImages> {
  const { manifest } = model;
  const name = flags.data ?? recipeOf(manifest).data.name;
  const test = await testRows(name, flags, expectedByBundle(manifest), output);
  if (manifest.heads.classifier) {
    const answers = await inPortions(test, (rows) => model.classify(rows));
    return judged(
      answers.map(({ index }) => index),
      test,
    );
  }
  const scores = await inPortions(test, (rows) => model.score(rows));
  const score = scores.reduce((sum, each) => sum + each, 0) / test.rows;
  return { data: test.name, rows: test.rows, score };
}

const judged = (predicted: ArrayLike<number>, { labels, classes, name, rows }: Images): TestedImages => ({
  data: name,
  rows,
  classes: evaluation(predicted, labels, classes),
});

/** Tells the error of each class, or the mean score where there are none. */
export function reportImages({ classes, score, rows, data }: TestedImages, output: Output): void {
  if (classes) {
    output.say(showEvaluation(classes));
    output.say();
    output.say(`error ${showPercent(classes.error)} on ${rows} rows of ${data}`);
    output.answer({ ...classes, data });
  } else {
    output.say(`mean score ${score!.toFixed(2)} nats on ${rows} rows of ${data} (the model has no classes)`);
    output.answer({ score, unit: 'nats', n: rows, data });
  }
}
