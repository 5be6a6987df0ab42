import { join } from 'node:path';
import {
  assemble,
  type Checkpoint,
  type ChosenEngine,
  chooseRows,
  createRun,
  type Dataset,
  describeData,
  ENGINES,
  hasCheckpoint,
  type Recipe,
  type RunInfo,
  readCheckpoint,
  readMetrics,
  readRun,
  rewindMetrics,
  shapeOf,
  stepsPerEpoch,
} from '@semivae/train/node';
import type { Command } from 'commander';
import { gathered, natural, positive, type SharedOptions, shared } from '../arguments.ts';
import { openData } from '../data.ts';
import { type EngineFlags, engineLine, engineOption, openEngine } from '../engine.ts';
import { CommandFailure } from '../failure.ts';
import { checkInterruption, interruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { openProgress } from '../progress.ts';
import { chooseRecipe, type RecipeFlags } from '../recipe-choice.ts';
import { isFinished } from '../source.ts';
import { showMinutes, showPercent } from '../table.ts';
import { type Job, type Trained, train } from '../training.ts';
import { versions } from '../versions.ts';

interface TrainOptions extends SharedOptions, RecipeFlags, EngineFlags {
  readonly dataDir?: string;
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: string;
}

const help = `
Examples:
  semivae train                                     digits, drawn on the spot, with 100 labels
  semivae train --data mnist --labels 1000 --seed 3
  semivae train --data my-images --model m1         a folder with four idx files, no labels needed
  semivae train --recipe digits-m2 --set model.latent=20 --set optimizer.learningRate=3e-4
  semivae train --engine tensorflow                 by TensorFlow.js; semivae doctor tells what it runs on
  semivae train --resume runs/digits-m2-seed1       goes on, bit for bit

A run is a folder: run.json (recipe, seed, data), metrics.jsonl (a line for each epoch) and checkpoint.safetensors.
Ctrl-C saves and says how to go on. Fields of a recipe: semivae inspect --schema; built-in ones: --recipes.
Next: semivae export <run>, semivae evaluate <run>, semivae inspect <run>.`;

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train a model into a run folder')
    .description(
      'Trains a semi-supervised variational autoencoder and keeps everything about it in a folder.',
    )
    .option(
      '--data <name>',
      'digits, mnist, fashion-mnist, or a folder with four idx files (default: digits)',
    )
    .option('--data-dir <folder>', 'read a named data set from here instead of downloading it')
    .option('--model <kind>', 'm1 (no labels) or m2 (semi-supervised) (default: m2)')
    .option('--labels <n>', 'training rows that keep their label')
    .option('--recipe <name|file>', 'a built-in recipe or a JSON file (default: <data>-<model>)')
    .option('--set <path=value>', 'set a field of the recipe; may be repeated', gathered)
    .option('--epochs <n>', 'how often each row is seen')
    .option('--seed <n>', 'decides labels, order, noise and first weights (default: 1)', natural)
    .option('--out <folder>', 'where the run goes (default: runs/<recipe>-seed<seed>)')
    .option('--resume <run>', 'go on with a run that was stopped')
    .addOption(engineOption())
    .option('--threads <n>', 'threads of ONNX Runtime (default: it chooses)', positive);
  shared(command, help).action(runTrain);
}

async function runTrain(options: TrainOptions): Promise<void> {
  const output = openOutput(options.json === true);
  return options.resume === undefined ? newRun(options, output) : resumeRun(options.resume, options, output);
}

async function newRun(options: TrainOptions, output: Output): Promise<void> {
  const recipe = await chooseRecipe(options);
  const { seed = 1 } = options;
  const folder = options.out ?? join('runs', `${recipe.name.replace(/[^\w.-]+/g, '-')}-seed${seed}`);
  const data = await openData(recipe.data.name, options.dataDir, output);
  await checkInterruption(data.name);
  checkFollowable(recipe, seed, data);
  const chosen = await openEngine(options.engine ?? 'auto', options, output);
  const info: RunInfo = {
    recipe,
    seed,
    engine: chosen.engine.name,
    data: describeData(data),
    versions: await versions(chosen.versions),
  };
  await createRun(folder, info);
  introduce(folder, info, chosen, output);
  await finish(jobOf(folder, info, data, chosen, undefined, options), output);
}

/** Throws, before anything is written, where the recipe asks what the data does not have. */
function checkFollowable(recipe: Recipe, seed: number, { train: images }: Dataset): void {
  const { train: rows } = chooseRows(recipe, images, seed);
  assemble(recipe, shapeOf(images, rows.length));
}

const FIXED = ['data', 'model', 'labels', 'recipe', 'set', 'epochs', 'seed', 'out'] as const;

function checkNothingChanged(folder: string, options: TrainOptions): void {
  const changed = FIXED.find((each) => options[each] !== undefined);
  if (!changed) return;
  const problem = `--${changed} cannot be given with --resume: a run keeps the recipe it began with`;
  throw new CommandFailure('RESUME_FIXED', folder, problem, 'Leave it out, or start a new run.');
}

/** Throws `RESUME_DATA` unless the data is what the run began with, wherever it lies now. */
function checkSameData(folder: string, { data: before }: RunInfo, dataset: Dataset): void {
  const said = (data: RunInfo['data']) => JSON.stringify({ ...data, source: '' });
  if (said(before) === said(describeData(dataset))) return;
  const problem = `the data ${dataset.name} is not what the run began with`;
  throw new CommandFailure('RESUME_DATA', folder, problem, 'Bring the old data back, or start a new run.');
}

/** The engine that the run began with, unless another is asked for. */
async function resumedEngine(
  { engine }: RunInfo,
  options: TrainOptions,
  output: Output,
): Promise<ChosenEngine> {
  const before = ENGINES.find((each) => each === engine);
  const chosen = await openEngine(options.engine ?? before ?? 'auto', options, output);
  if (chosen.engine.name !== engine)
    output.note(
      `note    the run began with ${engine}: from here it goes on with ${chosen.engine.name}, not bit for bit`,
    );
  return chosen;
}

async function resumeRun(folder: string, options: TrainOptions, output: Output): Promise<void> {
  checkNothingChanged(folder, options);
  const info = await readRun(folder);
  const checkpoint = (await hasCheckpoint(folder)) ? await readCheckpoint(folder) : undefined;
  const lines = await readMetrics(folder);
  if (checkpoint && isFinished(info, lines) && lines.at(-1)!.step === checkpoint.step) {
    output.say(`${folder} is finished: all ${info.recipe.epochs} epochs are trained.`);
    return conclude(folder, info, { checkpoint, metrics: lines.at(-1)! }, output);
  }
  const data = await openData(info.recipe.data.name, options.dataDir, output);
  await checkInterruption(folder);
  checkSameData(folder, info, data);
  const chosen = await resumedEngine(info, options, output);
  await rewindMetrics(folder, checkpoint?.step ?? 0);
  introduce(folder, info, chosen, output);
  output.note(`resume  at step ${checkpoint?.step ?? 0}`);
  await finish(jobOf(folder, info, data, chosen, checkpoint, options), output);
}

const resumeCommand = (folder: string, { dataDir, engine, threads }: TrainOptions): string =>
  [
    `semivae train --resume ${folder}`,
    ...(dataDir === undefined ? [] : [`--data-dir ${dataDir}`]),
    ...(engine === undefined ? [] : [`--engine ${engine}`]),
    ...(threads === undefined ? [] : [`--threads ${threads}`]),
  ].join(' ');

const jobOf = (
  folder: string,
  info: RunInfo,
  data: Dataset,
  { engine }: ChosenEngine,
  resume: Checkpoint | undefined,
  options: TrainOptions,
): Job => ({
  folder,
  info,
  data,
  engine,
  ...(resume && { resume }),
  progress: openProgress(info.recipe.name),
  signal: interruption,
  remedy: `Go on with: ${resumeCommand(folder, options)}`,
});

async function finish(job: Job, output: Output): Promise<void> {
  conclude(job.folder, job.info, await train(job), output);
}

/** What is about to be trained, on what, by what and where to. */
function introduce(
  folder: string,
  { recipe, seed, data }: RunInfo,
  chosen: ChosenEngine,
  output: Output,
): void {
  const { model, objective, batch, epochs } = recipe;
  const rows = data.trainRows - recipe.data.validation;
  const labels = recipe.data.labels ? `${recipe.data.labels} of them labelled` : 'no labels';
  const kind = objective.kind === 'supervised' ? `${model.kind}, its classifier alone` : model.kind;
  const steps = stepsPerEpoch(recipe, { columns: data.columns, classes: data.classes.length, rows });
  const { width, height } = data.columns;
  output.note(`data    ${data.name}: ${rows} training rows, ${labels}; ${data.testRows} test rows`);
  output.note(
    `model   ${kind}: ${width}×${height} pixels, hidden ${model.hidden.join(', ')}, latent ${model.latent}`,
  );
  output.note(engineLine(chosen));
  output.note(
    `run     ${folder}: seed ${seed}, ${epochs} epochs of ${steps} steps of ${batch.unlabelled} rows`,
  );
}

function conclude(folder: string, { recipe, seed }: RunInfo, trained: Trained, output: Output): void {
  const { step, epoch, minutes, loss, testError, validationError } = trained.metrics;
  const error = testError === undefined ? '' : `, test error ${showPercent(testError)}`;
  const next = recipe.objective.kind === 'supervised' ? 'evaluate' : 'export';
  output.say(
    `trained ${epoch} ${epoch === 1 ? 'epoch' : 'epochs'} in ${showMinutes(minutes)}: loss ${loss!.toFixed(2)}${error}`,
  );
  output.say(`next: semivae ${next} ${folder}`);
  const errors = { ...(testError !== undefined && { testError, validationError }) };
  output.answer({
    run: folder,
    recipe: recipe.name,
    seed,
    finished: true,
    step,
    epoch,
    minutes,
    loss,
    ...errors,
  });
}
