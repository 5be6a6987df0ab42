import type { ImageColumns } from '@semivae/model';
import { imageInput, load, type Manifest, type Model, memoryFiles } from '@semivae/runtime';
import {
  type DataInfo,
  type Images,
  imageSet,
  modelOf,
  onnxRuntimeEngine,
  openClassifier,
  parseRecipe,
  type RunInfo,
  readCheckpoint,
  readRun,
  shapeOf,
} from '@semivae/train/node';
import type { Command } from 'commander';
import { type SharedOptions, shared } from '../arguments.ts';
import { checkFits, type DataFlags, type Expected, openData } from '../data.ts';
import { evaluation, showEvaluation } from '../evaluation.ts';
import { checkInterruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { kindOf, loadBundle, shipped } from '../source.ts';
import { showPercent } from '../table.ts';

type EvaluateOptions = SharedOptions & DataFlags;

const help = `
Examples:
  semivae evaluate runs/digits-m2-seed1
  semivae evaluate models/mnist-m2 --data mnist --data-dir ~/data

The rows are the test set of the data that the model was trained on, unless --data names another of its kind.
A model without classes (m1) has no error: its mean score is told instead.
Next: semivae score <bundle> --data <name> for each row's own score.`;

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a run or a bundle on test data')
    .description('Tells the error on test data, for each class and as a confusion matrix.')
    .argument('<run|bundle>', 'the folder of a run or of a bundle')
    .option('--data <name>', 'the data to test on (default: what it was trained on)')
    .option('--data-dir <folder>', 'read a named data set from here instead of downloading it');
  shared(command, help).action(runEvaluate);
}

async function runEvaluate(path: string, options: EvaluateOptions): Promise<void> {
  const output = openOutput(options.json === true);
  if ((await kindOf(path)) !== 'run') return evaluateBundle(await loadBundle(path), options, output);
  const info = await readRun(path);
  if (info.recipe.model.kind !== 'm1') return evaluateRun(path, info, options, output);
  return evaluateBundle(
    await load(memoryFiles(await shipped(path, {}, onnxRuntimeEngine()))),
    options,
    output,
  );
}

/** A run is asked through its checkpoint: a supervised baseline has nothing that could be shipped. */
async function evaluateRun(
  path: string,
  info: RunInfo,
  options: EvaluateOptions,
  output: Output,
): Promise<void> {
  const { recipe, data } = info;
  const { state } = await readCheckpoint(path);
  const test = await testRows(options.data ?? recipe.data.name, options, expectedByRun(data), output);
  const set = imageSet(test);
  const shape = shapeOf(set, data.trainRows);
  const classify = await openClassifier(onnxRuntimeEngine(), modelOf(recipe, shape), shape);
  report(await classify(state, set), test, output);
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
  { dataDir }: EvaluateOptions,
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

async function evaluateBundle(model: Model, options: EvaluateOptions, output: Output): Promise<void> {
  const { manifest } = model;
  const trainedOn = parseRecipe(manifest.training.recipe, `recipe of ${manifest.name}`).data.name;
  const test = await testRows(options.data ?? trainedOn, options, expectedByBundle(manifest), output);
  if (manifest.heads.classifier) {
    const answers = await inPortions(test, (rows) => model.classify(rows));
    report(
      answers.map(({ index }) => index),
      test,
      output,
    );
  } else {
    reportScores(await inPortions(test, (rows) => model.score(rows)), test, output);
  }
  await model.dispose();
}

function report(predicted: ArrayLike<number>, { labels, classes, name }: Images, output: Output): void {
  const found = evaluation(predicted, labels, classes);
  output.say(showEvaluation(found));
  output.say();
  output.say(`error ${showPercent(found.error)} on ${found.n} rows of ${name}`);
  output.answer({ ...found, data: name });
}

function reportScores(scores: readonly number[], { rows, name }: Images, output: Output): void {
  const mean = scores.reduce((sum, each) => sum + each, 0) / rows;
  output.say(`mean score ${mean.toFixed(2)} nats on ${rows} rows of ${name} (the model has no classes)`);
  output.answer({ score: mean, unit: 'nats', n: rows, data: name });
}
