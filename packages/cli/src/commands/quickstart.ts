import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, type Images, imageSet } from '@semivae/data';
import { writeAtomically } from '@semivae/data/node';
import { sheet, verify, writeBundle } from '@semivae/export/node';
import { builtInRecipe, type Recipe } from '@semivae/recipe';
import { folderFiles, integers, load, type Model } from '@semivae/runtime';
import {
  type ChosenEngine,
  createRun,
  describeData,
  keptImages,
  type RunInfo,
  writeKeptImages,
} from '@semivae/train/node';
import type { Command } from 'commander';
import { positive, type SharedOptions, shared } from '../arguments.ts';
import { openData, rowsOf } from '../data.ts';
import { type EngineFlags, engineLine, engineOption, openEngine } from '../engine.ts';
import { CommandFailure, exitCodes } from '../failure.ts';
import { imageScores } from '../image-scores.ts';
import { checkInterruption, interruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { openProgress } from '../progress.ts';
import { shipped } from '../source.ts';
import { showMinutes, showPercent, table } from '../table.ts';
import { type Trained, train } from '../training.ts';
import { versions } from '../versions.ts';
import { showComparison } from './verify.ts';

interface QuickstartOptions extends SharedOptions, Pick<EngineFlags, 'engine'> {
  readonly out: string;
  readonly seed: number;
  readonly epochs?: number;
}

const help = `
Examples:
  semivae quickstart
  semivae quickstart --out /tmp/quickstart --seed 2

Everything is made on the spot: 6000 digits are drawn, 100 of them keep their label (10 of each), and the same network is
trained twice: on the labels alone, and on all rows. Then the second one is exported, verified, and asked.
Exit code 1: learning from the unlabelled rows did not help.`;

export function addQuickstart(program: Command): void {
  const command = program
    .command('quickstart')
    .summary('see it all at work in two minutes')
    .description(
      'Trains, exports, verifies, classifies, scores and generates on digits, and says what to look at.',
    )
    .option('--out <folder>', 'where everything goes; a former quickstart there is replaced', 'quickstart')
    .option('--seed <n>', 'decides labels, order, noise and first weights', positive, 1)
    .option(
      '--epochs <n>',
      'fewer for a quick look, more for a better model (default: as the recipe says)',
      positive,
    )
    .addOption(engineOption());
  shared(command, help).action(runQuickstart);
}

/** What marks a folder as a quickstart's own. */
const MARK = 'quickstart.json';

/** Empties a former quickstart's folder. Throws `NOT_A_QUICKSTART` where something else is in it. */
async function startOver(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    const remedy = 'Choose another --out.';
    throw new CommandFailure('WRITE', folder, `it cannot be used (${cause.code})`, remedy, { cause });
  });
  if (entries.length > 0 && !entries.includes(MARK)) {
    const problem = 'it exists and is no quickstart, so it is left alone';
    throw new CommandFailure('NOT_A_QUICKSTART', folder, problem, 'Choose another --out.');
  }
  await Promise.all(
    ['supervised', 'semi-supervised', 'bundle', 'samples.png'].map((each) => remove(folder, each)),
  );
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const remedy = 'Choose another --out.';
    throw new CommandFailure('WRITE', folder, `it cannot be made (${cause.code})`, remedy, { cause });
  });
  await writeMark(folder, {});
}

const remove = (folder: string, name: string): Promise<void> =>
  rm(join(folder, name), { recursive: true, force: true });

interface Setting {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly data: Dataset;
  readonly chosen: ChosenEngine;
}

const KINDS = ['supervised', 'semi-supervised'] as const;
type Kind = (typeof KINDS)[number];

async function trainAs(kind: Kind, { folder, recipe, seed, data, chosen }: Setting): Promise<Trained> {
  const { engine } = chosen;
  const own = { ...recipe, objective: { ...recipe.objective, kind } };
  const info: RunInfo = {
    recipe: own,
    seed,
    engine: engine.name,
    data: describeData(data),
    versions: await versions(chosen.versions),
  };
  const run = join(folder, kind);
  const sets = { set: imageSet(data.train), test: imageSet(data.test) };
  const lock = await createRun(run, info, async () => {
    if (kind !== 'supervised') await writeKeptImages(run, keptImages(own, sets.set, sets.test, seed));
  });
  const progress = openProgress(kind);
  const remedy = 'Run semivae quickstart again.';
  const job = { folder: run, lock, info, ...sets, engine, progress, signal: interruption, remedy };
  return train(job).finally(lock.release);
}

async function settingOf(
  { out, seed, epochs, engine = 'auto' }: QuickstartOptions,
  output: Output,
): Promise<Setting> {
  const builtIn = builtInRecipe('digits-m2');
  const recipe = { ...builtIn, epochs: epochs ?? builtIn.epochs };
  const data = await openData(recipe.data.name, undefined, output);
  const chosen = await openEngine(engine, {}, output);
  return { folder: out, recipe, seed, data, chosen };
}

async function trainBoth(setting: Setting, output: Output): Promise<Record<Kind, number>> {
  const { folder, recipe, data } = setting;
  output.say(
    `1. Training twice on ${data.train.rows} drawn digits, ${recipe.data.labels} of them labelled, into ${folder}/`,
  );
  output.note(engineLine(setting.chosen));
  const supervised = await trainAs('supervised', setting);
  const trained = { supervised, 'semi-supervised': await trainAs('semi-supervised', setting) };
  output.say(compared(trained, recipe.data.labels, data));
  return mapKinds((kind) => trained[kind].metrics.testError!);
}

async function runQuickstart(options: QuickstartOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const { out } = options;
  const samples = join(out, 'samples.png');
  const start = performance.now();
  const setting = await settingOf(options, output);
  await startOver(out);
  const errors = await trainBoth(setting, output);
  const bundle = await exportAndVerify(setting, output);
  await checkInterruption(out);
  const model = await load(bundle);
  const scores = await ask(model, setting.data.test, output);
  await drawSamples(model, samples, output);
  await model.dispose();
  const better = errors['semi-supervised'] < errors.supervised;
  if (!better) process.exitCode = exitCodes.failed;
  const result = { better, errors, scores, bundle, samples, minutes: (performance.now() - start) / 60_000 };
  output.say(ending(out, better, result.minutes));
  await writeMark(out, result);
  output.answer(result);
}

const writeMark = (folder: string, result: object): Promise<void> =>
  writeAtomically(join(folder, MARK), `${JSON.stringify({ format: 'semivae-quickstart', ...result })}\n`);

const mapKinds = <T>(of: (kind: Kind) => T) =>
  Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Kind, T>;

function compared(
  trained: Readonly<Record<Kind, Trained>>,
  labels: number,
  { train, test }: Dataset,
): string {
  const line = (kind: Kind, from: string) => {
    const { testError, minutes } = trained[kind].metrics;
    return [kind, from, showPercent(testError!), showMinutes(minutes)];
  };
  return `\n${table([
    ['the same classifier', 'learnt from', `error on ${test.rows} test digits`, 'time'],
    line('supervised', `${labels} labelled digits`),
    line('semi-supervised', `these, and ${train.rows} without labels`),
  ])}\n`;
}

async function exportAndVerify({ folder, chosen }: Setting, output: Output): Promise<string> {
  const bundle = join(folder, 'bundle');
  await writeBundle(bundle, await shipped(join(folder, 'semi-supervised'), {}, chosen.engine));
  const comparison = await verify(folderFiles(bundle));
  output.say(`2. Exported to ${bundle}, and asked again: largest difference from the trained model\n`);
  output.say(`${showComparison(comparison)}\n`);
  if (comparison.every((each) => each.ok)) return bundle;
  const problem = 'it does not answer as the trained model does';
  throw new CommandFailure('VERIFICATION', bundle, problem, 'Report this with the table above.');
}

/** Black on white instead of white on black. */
const inverse = (digit: Uint8Array): Uint8Array => digit.map((value) => 255 - value);

/** Noise without a pattern. */
const speckle = (size: number): Uint8Array =>
  Uint8Array.from(integers(size, 256, { seed: 1, stream: 0, step: 0 }));

const ASKED = 6;
const ORDINARY = 500;

interface Scores {
  readonly ordinary95: number;
  readonly inverted: number;
  readonly noise: number;
}

/** Something to ask about: raw pixels, and what to call them. */
interface Asked {
  readonly name: string;
  readonly pixels: Uint8Array;
}

function askedAbout(test: Images): Asked[] {
  const digits = Array.from({ length: ASKED }, (_, row) => {
    const { bytes, labels, classes } = rowsOf(test, [row]);
    return { name: `test digit, a ${classes[labels[0]!]}`, pixels: bytes };
  });
  const inverted = { name: 'an inverted digit', pixels: inverse(digits[0]!.pixels) };
  return [...digits, inverted, { name: 'noise', pixels: speckle(inverted.pixels.length) }];
}

/** The score that 95 of 100 ordinary test rows stay below. */
async function ordinaryScore(model: Model, test: Images): Promise<number> {
  const few = rowsOf(
    test,
    Array.from({ length: Math.min(ORDINARY, test.rows) }, (_, row) => row),
  );
  const scores = (await imageScores(model, few.bytes)).map(({ score }) => score).sort((a, b) => a - b);
  return scores[Math.floor(0.95 * scores.length)]!;
}

const figure = (score: number): string => String(Number(score.toPrecision(4)));

async function ask(model: Model, test: Images, output: Output): Promise<Scores> {
  const asked = askedAbout(test);
  const pixels = asked.map((each) => each.pixels);
  const scores = (await imageScores(model, pixels)).map(({ score }) => score);
  const answers = await model.classify(pixels);
  const ordinary95 = await ordinaryScore(model, test);
  const rows = asked.map(({ name }, row) => [
    name,
    answers[row]!.label,
    answers[row]!.probability.toFixed(3),
    figure(scores[row]!),
    scores[row]! > ordinary95 ? 'stands out' : '',
  ]);
  output.say('3. Loaded into the runtime, and asked: which class, and how strange?\n');
  output.say(table([['image', 'class', 'probability', `score (${model.manifest.score.unit})`, ''], ...rows]));
  output.say(
    `95 of 100 test digits score below ${figure(ordinary95)}; the class of what stands out means little\n`,
  );
  return { ordinary95, inverted: scores.at(-2)!, noise: scores.at(-1)! };
}

const SAMPLES = 10;

async function drawSamples(model: Model, path: string, output: Output): Promise<void> {
  const rows = [];
  for (const [seed, label] of model.manifest.labels.entries()) {
    rows.push(...(await model.generate({ label, count: SAMPLES, seed })));
  }
  await writeAtomically(path, sheet(rows, { columns: SAMPLES }));
  output.say(`4. Drew new digits into ${path}: a row for each class\n`);
}

const ending = (out: string, better: boolean, minutes: number): string =>
  [
    better
      ? `Done in ${showMinutes(minutes)}: the unlabelled digits made the classifier better.`
      : `Done in ${showMinutes(minutes)}, but the unlabelled digits did NOT make the classifier better.`,
    '',
    `Look at  ${out}/samples.png and ${out}/bundle/README.md`,
    `Then     semivae inspect ${out}/semi-supervised`,
    `         semivae inspect ${out}/bundle`,
    `         semivae score ${out}/bundle --data digits --limit 200 --out scores.csv`,
    `         semivae train --data mnist --labels 1000`,
  ].join('\n');
