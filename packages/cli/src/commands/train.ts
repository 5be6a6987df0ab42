import { rmSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chooseRows,
  type Images,
  imageSet,
  labelShares,
  type PreparedTable,
  type TrainingSet,
} from '@semivae/data';
import { type FolderLock, lockFolder, removePartials, scratchFolder } from '@semivae/data/node';
import type { Tensors } from '@semivae/graph';
import { featuresOf } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import {
  assemble,
  begun,
  bestEpoch,
  type Checkpoint,
  type ChosenEngine,
  checkEffect,
  checkMonitored,
  completeRecipe,
  createRun,
  type DataHashes,
  type DataInfo,
  describeData,
  describeTable,
  ENGINES,
  hasStopped,
  imageHashes,
  isCollapsed,
  isFinished,
  keepsImages,
  keptImages,
  latentOf,
  type MetricsLine,
  type RunInfo,
  readBeliefs,
  readHeld,
  readKeptImages,
  readMetrics,
  readRun,
  recoverCheckpoint,
  rewindMetrics,
  type Standing,
  type State,
  shapeOf,
  shippedEpoch,
  stepsPerEpoch,
  writeBeliefs,
  writeCheckpoint,
  writeHeld,
  writeKeptImages,
} from '@semivae/train/node';
import { type Command, Option } from 'commander';
import { flagOf, gathered, natural, positive, type SharedOptions, scale, shared } from '../arguments.ts';
import { openBeliefs } from '../beliefs.ts';
import { openData } from '../data.ts';
import { type EngineFlags, engineLine, engineOption, openEngine } from '../engine.ts';
import { CommandFailure } from '../failure.ts';
import {
  type Begin,
  beginWith,
  introduceBegin,
  openPredecessor,
  type Predecessor,
  recordOf,
} from '../initial.ts';
import { checkInterruption, interruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { openProgress } from '../progress.ts';
import { withReadingFlags } from '../reading-flags.ts';
import { chooseRecipe, type RecipeFlags } from '../recipe-choice.ts';
import { showMinutes, showPercent } from '../table.ts';
import { introduceColumns, isTableName, memoryOf, openRecipeTable, readTable } from '../table-data.ts';
import { type Job, type Trained, train } from '../training.ts';
import { versions } from '../versions.ts';

interface TrainOptions extends SharedOptions, RecipeFlags, EngineFlags {
  readonly dataDir?: string;
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly initFrom?: string;
  readonly taughtBy?: readonly string[];
  readonly memory?: string;
  readonly saveEvery?: number;
}

/** Rows to train on, with what a run keeps of them. */
interface Source {
  readonly recipe: Recipe;
  readonly data: DataInfo;
  readonly set: TrainingSet;
  readonly test?: TrainingSet;
  readonly prepared?: PreparedTable;
  /** The pixels that a run of images keeps. */
  readonly kept?: Tensors;
  readonly hashes: DataHashes;
  close(): void;
}

const help = `
Examples:
  semivae train                                     digits, drawn on the spot, with 100 labels
  semivae train --data mnist --labels 1000 --seed 3
  semivae train --data my-images --model m1         a folder with idx files of images, no labels needed
  semivae train --data payments.parquet             a table: CSV, TSV, Parquet, JSON, NDJSON, npz; no labels needed
  semivae train --data 'logs/*.csv.gz' --column id=ignored --column code=categorical
  semivae train --data bestellungen.csv --decimal , --date-format dmy --column when=timestamp:excel
  semivae train --data people.csv --label-column income           an empty label cell is an unlabelled row
  semivae train --data payments.csv --label-column fraud --anomaly-label 1
  semivae train --data payments.csv --calibrate-on latest --time-column booked
  semivae train --data sensors.parquet --group machine             no machine is both trained on and calibrated on
  semivae train --sql "SELECT * FROM 'payments.parquet' WHERE year = 2024"
  semivae train --recipe digits-m2 --set model.latent=20 --set optimizer.learningRate=3e-4
  semivae train --engine tensorflow                 by TensorFlow.js; semivae doctor tells what it runs on
  semivae train --resume runs/digits-m2-seed1       goes on, bit for bit
  semivae train --data mnist --model m1+m2 --set model.stages=trained --init-from runs/mnist-m1-seed1
                                                    Kingma's two stages: M2 on the latent of an M1 that stays
  semivae train --data mnist --set objective.start.weight=1 --taught-by runs/one --taught-by runs/another
                                                    one classifier learns what several say together

A run is a folder: run.json (recipe, seed, data), metrics.jsonl (a line for each epoch) and checkpoint.safetensors.
Rows of a table are held back for p-values at random. --calibrate-on latest takes the latest, so that false alarms are measured on
days that were not trained on, as the next ones will be. --group holds groups back whole: the promise is then of rows of a new group, on average
over groups; with few groups, or within one of them, it may be far off.
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
      'digits, mnist, fashion-mnist, a folder with four idx files, or a table (default: digits)',
    )
    .option('--data-dir <folder>', 'read a named data set from here instead of downloading it')
    .option(
      '--model <kind>',
      'm1 (no labels), m2 (semi-supervised), m1+m2, sdgm, adgm, cvae or vade (default: m2)',
    )
    .option('--labels <n>', 'training rows that keep their label (default: 100 of images, all of a table)')
    .option('--label-column <name>', 'the column of a table that names classes')
    .option(
      '--unlabelled <label>',
      "the label that means none, as an empty cell does; 'none': each is a class (default: it is guessed, and told)",
    )
    .option('--anomaly-label <label>', 'rows with this label are known anomalies, not a class')
    .option(
      '--column <name=kind>',
      'what a column is: numeric, count, binary, categorical, timestamp or ignored, and how, as in numeric:log:student-t, count:poisson, timestamp:trend; may be repeated',
      gathered,
    )
    .addOption(
      new Option(
        '--calibrate-on <rows>',
        'which rows of a table its false alarms are measured on (default: random)',
      ).choices(['random', 'latest']),
    )
    .option('--time-column <name>', 'what tells which rows are the latest (default: the first of moments)')
    .option('--group <name>', 'rows with one value in this column are held out together')
    .option('--sql <query>', 'a query for the rows, in place of --data')
    .option('--memory <bytes>', 'what a table may use, such as 4GB (default: a quarter of the machine)')
    .option('--recipe <name|file>', 'a built-in recipe or a JSON file (default: <data>-<model>)')
    .option('--set <path=value>', 'set a field of the recipe; may be repeated', gathered)
    .option('--epochs <n>', 'how often each row is seen')
    .option('--seed <n>', 'decides labels, order, noise and first weights (default: 1)', natural)
    .option('--out <folder>', 'where the run goes (default: runs/<recipe>-seed<seed>)')
    .option('--resume <run>', 'go on with a run that was stopped')
    .option('--init-from <run>', 'begin with what another run has found: all parameters that fit')
    .option(
      '--taught-by <run>',
      'start from what a trained classifier says of all rows; may be repeated',
      gathered,
    )
    .option('--save-every <seconds>', 'how often the training is saved (default: 30)', scale)
    .addOption(engineOption())
    .option('--threads <n>', 'threads of ONNX Runtime (default: it chooses)', positive);
  shared(withReadingFlags(command, 'it is found out'), help).action(runTrain);
}

async function runTrain(options: TrainOptions): Promise<void> {
  const output = openOutput(options.json === true);
  return options.resume === undefined ? newRun(options, output) : resumeRun(options.resume, options, output);
}

async function newRun(options: TrainOptions, output: Output): Promise<void> {
  const asked = await chooseRecipe(options);
  checkFitting(asked, options);
  const { seed = 1 } = options;
  const folder = options.out ?? join('runs', `${asked.name.replace(/[^\w.-]+/g, '-')}-seed${seed}`);
  const predecessor =
    options.initFrom === undefined ? undefined : await openPredecessor(options.initFrom, output);
  const teachers = await Promise.all((options.taughtBy ?? []).map((each) => openPredecessor(each, output)));
  const source = await openSource(asked, seed, options, output);
  const { recipe, data } = source;
  let lock: FolderLock | undefined;
  try {
    await checkInterruption(data.name);
    const begins = beginningOf(source, seed, predecessor);
    const { begin } = begins;
    const chosen = await openEngine(options.engine ?? 'auto', options, output);
    const from = { predecessor, teachers };
    const believed = await openBeliefs(chosen.engine, recipe, source.set, seed, from, output);
    const start = begin || believed ? { ...begins.start, minutes: believed?.minutes ?? 0 } : undefined;
    const info: RunInfo = {
      recipe,
      seed,
      engine: chosen.engine.name,
      data,
      versions: await versions(chosen.versions),
      hashes: source.hashes,
      ...(begin && { initFrom: begin.origin }),
      ...(teachers.length > 0 && { taughtBy: teachers.map(recordOf) }),
    };
    lock = await createRun(folder, info, async () => {
      await writeRows(folder, source);
      if (believed) await writeBeliefs(folder, believed.beliefs, source.set.classes.length);
      if (start) await writeCheckpoint(folder, start);
    });
    introduce(folder, info, chosen, output);
    warnOfImbalance(source, seed, output);
    if (begin) introduceBegin(predecessor!, begin, info, output);
    const trained = { ...source, set: { ...source.set, ...(believed && { beliefs: believed.beliefs }) } };
    await finish(jobOf(folder, lock, info, trained, chosen, start, options), output);
  } finally {
    source.close();
    await lock?.release();
    if (lock) await rmdir(folder).catch(() => {}); // empty where nothing was worth keeping
  }
}

const isTableData = ({ data }: Recipe): boolean => data.sql !== undefined || isTableName(data.name);

/** Throws `WITHOUT_EFFECT` for a field or an option that means nothing to data of this kind. */
function checkFitting(recipe: Recipe, options: TrainOptions): void {
  const isTable = isTableData(recipe);
  const idle = isTable ? options.dataDir && '--data-dir' : options.memory && '--memory';
  if (!idle) checkEffect(recipe, isTable ? 'table' : 'image');
  else throw idleOption(idle, isTable);
}

function idleOption(idle: string, isTable: boolean): CommandFailure {
  const problem = `it is for ${isTable ? 'images' : 'a table'}, and has no effect here`;
  return new CommandFailure('WITHOUT_EFFECT', idle, problem, 'Leave it out.');
}

/** Opens what a recipe names, images or a table. */
function openSource(recipe: Recipe, seed: number, options: TrainOptions, output: Output): Promise<Source> {
  return isTableData(recipe)
    ? openTableSource(recipe, seed, options, output)
    : openImageSource(recipe, seed, options, output);
}

async function openImageSource(
  asked: Recipe,
  seed: number,
  options: TrainOptions,
  output: Output,
): Promise<Source> {
  const { name, unlabelled } = asked.data;
  const images = await openData(name, options.dataDir, output, unlabelled);
  const recipe = withKnownLabels(asked, images.train, options);
  const sets = { set: imageSet(images.train), test: imageSet(images.test) };
  const hashes = imageHashes(sets.set, sets.test);
  const kept = keepsImages(recipe) && { kept: keptImages(recipe, sets.set, sets.test, seed) };
  return { recipe, data: describeData(images), ...sets, hashes, ...kept, close: () => {} };
}

/** Every label that there is, of images of which some have none, unless so many were asked for. */
function withKnownLabels(recipe: Recipe, { labels }: Images, options: TrainOptions): Recipe {
  const known = labels.reduce((sum, label) => sum + Number(label >= 0), 0);
  const isSaid = [options.labels, options.recipe, options.resume].some((each) => each !== undefined);
  const isSet = options.set?.some((each) => each.startsWith('data.labels')) ?? false;
  if (isSaid || isSet || recipe.data.labels === 0 || known === labels.length || known === 0) return recipe;
  return { ...recipe, data: { ...recipe.data, labels: known } };
}

async function openTableSource(
  recipe: Recipe,
  seed: number,
  options: TrainOptions,
  output: Output,
): Promise<Source> {
  const memory = memoryOf(options.memory);
  const opened = await openRecipeTable(recipe, memory);
  try {
    const folder = await scratchFolder();
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    const { prepared, hashes, close } = await readTable(opened, recipe, { seed, memory, folder });
    introduceColumns(prepared, output);
    const labels = options.labels === undefined ? {} : { labels: recipe.data.labels };
    return {
      recipe: completeRecipe(recipe, prepared, seed, labels),
      data: describeTable(prepared, recipe),
      set: prepared.set,
      prepared,
      hashes,
      close() {
        close();
        removeFolder();
      },
    };
  } finally {
    await opened.close();
  }
}

/** What a training reads and renews. Throws where the recipe asks what the data does not have. */
function statesOf({ recipe, set }: Source, seed: number): readonly State[] {
  const rows = chooseRows(recipe, set, seed);
  checkMonitored(recipe, set, rows);
  return assemble(recipe, shapeOf(set, rows.train.length)).step.state;
}

/** A training's beginning, and of what other run it is. */
interface Beginning {
  readonly begin?: Begin;
  readonly start: Checkpoint;
}

/** Throws, before anything is written, where the recipe cannot be followed or the other run does not fit. */
function beginningOf(source: Source, seed: number, predecessor?: Predecessor): Beginning {
  const { recipe, data } = source;
  const states = statesOf(source, seed);
  const begin = predecessor && beginWith(predecessor, { recipe, data, states });
  const start = begun(recipe, states, seed, begin?.transfer.initial ?? {});
  return { ...(begin && { begin }), start };
}

const FIXED = [
  'data',
  'model',
  'labels',
  'labelColumn',
  'unlabelled',
  'anomalyLabel',
  'column',
  'calibrateOn',
  'timeColumn',
  'group',
  'missing',
  'header',
  'delimiter',
  'quote',
  'encoding',
  'decimal',
  'dateFormat',
  'sql',
  'recipe',
  'set',
  'epochs',
  'seed',
  'out',
  'initFrom',
  'taughtBy',
] as const;

function checkNothingChanged(folder: string, options: TrainOptions): void {
  const changed = FIXED.find((each) => options[each] !== undefined);
  if (!changed) return;
  const problem = `${flagOf(changed)} cannot be given with --resume: a run keeps the recipe it began with`;
  throw new CommandFailure('RESUME_FIXED', folder, problem, 'Leave it out, or start a new run.');
}

/** The parts of the data whose hash is another than the run has; none where an older version kept no hashes. */
const changedParts = ({ hashes: before }: RunInfo, { hashes }: Source): string[] =>
  before
    ? [...new Set([...Object.keys(before), ...Object.keys(hashes)])].filter(
        (each) => before[each] !== hashes[each],
      )
    : [];

/** Throws `RESUME_DATA` unless the data is what the run began with, wherever it lies now. */
function checkSameData(folder: string, info: RunInfo, source: Source): void {
  const said = (each: DataInfo) => JSON.stringify({ ...each, source: '' });
  const changed = changedParts(info, source);
  if (said(info.data) === said(source.data) && changed.length === 0) return;
  const others = changed.length > 3 ? ` and ${changed.length - 3} more` : '';
  const what = changed.length > 0 ? `: ${changed.slice(0, 3).join(', ')}${others} changed` : '';
  const problem = `the data ${source.data.name} is not what the run began with${what}`;
  throw new CommandFailure('RESUME_DATA', folder, problem, 'Bring the old data back, or start a new run.');
}

/** Tells where what computes is another version than it was: equal steps may then differ in the last bits. */
function noteVersions(
  { versions: before }: RunInfo,
  now: Readonly<Record<string, string>>,
  output: Output,
): void {
  const others = Object.keys(now).filter(
    (each) => each !== 'node' && before[each] !== undefined && before[each] !== now[each],
  );
  if (others.length === 0) return;
  const named = others.map((each) => `${each} ${before[each]}, now ${now[each]}`).join('; ');
  output.note(`warning the run began with ${named}: from here it goes on, but not bit for bit`);
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

function withoutStart(folder: string): CommandFailure {
  const problem = 'its checkpoint is gone, and with it what the run began with';
  return new CommandFailure('RESUME_START', folder, problem, 'Start a new run, by --init-from.');
}

/** Tells of a checkpoint that was put aside. */
function noteDamage(folder: string, { checkpoint, damage }: Standing, output: Output): void {
  if (!damage) return;
  output.note(
    `warning the last checkpoint of ${folder} is damaged and put aside as damaged.safetensors: it goes on from the one before, step ${checkpoint!.step}`,
  );
}

/** Writes what a run keeps of its rows. */
async function writeRows(folder: string, { prepared, kept }: Source): Promise<void> {
  if (prepared) await writeHeld(folder, prepared);
  if (kept) await writeKeptImages(folder, kept);
}

/** Whether what a run keeps of its rows is missing or damaged. */
const lacksHeld = async (folder: string, { data, recipe }: RunInfo): Promise<boolean> => {
  const isImage = data.columns.kind === 'image';
  if (isImage && !keepsImages(recipe)) return false;
  return (isImage ? readKeptImages(folder) : readHeld(folder)).then(
    (found) => found === undefined,
    () => true,
  );
};

async function resumeRun(folder: string, options: TrainOptions, output: Output): Promise<void> {
  checkNothingChanged(folder, options);
  const info = await readRun(folder);
  const lock = await lockFolder(folder);
  try {
    await removePartials(folder);
    await resumeLocked(folder, lock, info, options, output);
  } finally {
    await lock.release();
  }
}

async function resumeLocked(
  folder: string,
  lock: FolderLock,
  info: RunInfo,
  options: TrainOptions,
  output: Output,
): Promise<void> {
  const standing = await recoverCheckpoint(folder);
  noteDamage(folder, standing, output);
  const { checkpoint } = standing;
  const lines = await readMetrics(folder);
  const lacking = await lacksHeld(folder, info);
  const ended = checkpoint && isFinished(info, lines) && lines.at(-1)!.step === checkpoint.step;
  const concludeEnded = () => {
    output.say(`${folder} is finished: ${endOf(info.recipe, lines)}.`);
    conclude(folder, info, { checkpoint: checkpoint!, metrics: lines.at(-1)!, lines }, output);
  };
  if (ended && !lacking) return concludeEnded();
  if (info.initFrom && !checkpoint) throw withoutStart(folder);
  const source = await openSource(info.recipe, info.seed, options, output);
  try {
    await checkInterruption(folder);
    checkSameData(folder, info, source);
    if (lacking) {
      await writeRows(folder, source);
      output.note(`note    what ${folder} keeps of its rows was not whole: it is written again`);
    }
    if (ended) return concludeEnded();
    const chosen = await resumedEngine(info, options, output);
    noteVersions(info, await versions(chosen.versions), output);
    const beliefs = info.recipe.objective.start.weight > 0 && (await readBeliefs(folder));
    const believing = { ...source, set: { ...source.set, ...(beliefs && { beliefs }) } };
    await rewindMetrics(folder, checkpoint?.step ?? 0);
    introduce(folder, info, chosen, output);
    output.note(`resume  at step ${checkpoint?.step ?? 0}`);
    const job = jobOf(folder, lock, info, believing, chosen, checkpoint, options);
    await finish({ ...job, resumed: true }, output);
  } finally {
    source.close();
  }
}

/** Why nothing is left to train. */
const endOf = (recipe: Recipe, lines: readonly MetricsLine[]): string =>
  isStoppedEarly(recipe, lines)
    ? `stopped early, ${recipe.patience} epochs after the one with the best validation ${recipe.monitor}`
    : `all ${recipe.epochs} epochs are trained`;

const isStoppedEarly = (recipe: Recipe, lines: readonly MetricsLine[]): boolean =>
  lines.length < recipe.epochs && hasStopped(recipe, lines);

const resumeCommand = (folder: string, { dataDir, saveEvery, engine, threads }: TrainOptions): string =>
  [
    `semivae train --resume ${folder}`,
    ...(dataDir === undefined ? [] : [`--data-dir ${dataDir}`]),
    ...(saveEvery === undefined ? [] : [`--save-every ${saveEvery}`]),
    ...(engine === undefined ? [] : [`--engine ${engine}`]),
    ...(threads === undefined ? [] : [`--threads ${threads}`]),
  ].join(' ');

const jobOf = (
  folder: string,
  lock: FolderLock,
  info: RunInfo,
  { set, test }: Source,
  { engine }: ChosenEngine,
  resume: Checkpoint | undefined,
  options: TrainOptions,
): Job => ({
  folder,
  lock,
  info,
  set,
  ...(test && { test }),
  engine,
  ...(resume && { resume }),
  progress: openProgress(info.recipe.name),
  signal: interruption,
  remedy: `Go on with: ${resumeCommand(folder, options)}`,
  ...(options.saveEvery !== undefined && { saveEvery: options.saveEvery }),
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
  const { validation } = recipe.data;
  const validationRows = validation < 1 ? Math.round(validation * data.trainRows) : validation;
  const rows = data.trainRows - (data.validationRows ?? validationRows);
  const labels = recipe.data.labels ? `${recipe.data.labels} of them labelled` : 'no labels';
  const kind = objective.kind === 'supervised' ? `${model.kind}, its classifier alone` : model.kind;
  const steps = stepsPerEpoch(recipe, { rows });
  const held = data.columns.kind === 'image' ? 'test' : 'calibration';
  const anomalies = data.anomalies ? `, ${data.anomalies} known anomalies` : '';
  output.note(
    `data    ${data.name}: ${rows} training rows, ${labels}${anomalies}; ${data.testRows} ${held} rows${data.heldBack ? ` (${data.heldBack})` : ''}`,
  );
  output.note(
    `model   ${kind}: ${showInput(data.columns)}, hidden ${model.hidden.join(', ')}, latent ${latentOf(recipe, data.columns)}`,
  );
  output.note(engineLine(chosen));
  output.note(
    `run     ${folder}: seed ${seed}, ${epochs} epochs of ${steps} steps of ${batch.unlabelled} rows`,
  );
}

const IMBALANCED = 10;

/** Says so where one class is labelled far more often than another, which the classifier may then never name. */
function warnOfImbalance({ recipe, set }: Source, seed: number, output: Output): void {
  if (recipe.data.labels === 0 || recipe.objective.classWeights === 'balanced') return;
  const { labelled } = chooseRows(recipe, set, seed);
  const rows = labelShares(set, { labelled }).map((share) => Math.round(share * labelled.length));
  const [least, most] = [Math.min(...rows), Math.max(...rows)];
  if (most < IMBALANCED * least) return;
  const [rare, common] = [least, most].map((each) => set.classes[rows.indexOf(each)]!);
  output.note(
    `warning ${least} labelled rows are '${rare}' and ${most} '${common}': the rare class may never be named; --set objective.classWeights=balanced makes classes count alike`,
  );
}

function showInput(columns: DataInfo['columns']): string {
  if (columns.kind === 'image') return `${columns.width}×${columns.height} pixels`;
  const used = columns.columns.filter(({ kind }) => kind !== 'ignored');
  return `${used.length} columns as ${featuresOf(columns)} features`;
}

/** What a latent that tells nothing of rows means, and what helps. */
const collapseOf = ({ divergence, activeUnits }: MetricsLine): string =>
  `the latent has collapsed: ${activeUnits} of its features are active and it diverges from its prior by ${divergence!.toFixed(2)} nats, so codes and scores tell little; try --set objective.klWarmup=<steps> or --set objective.freeBits=0.1`;

function conclude(folder: string, { recipe, seed }: RunInfo, trained: Trained, output: Output): void {
  const { step, epoch, minutes } = trained.metrics;
  const { lines } = trained;
  const ships = lines[shippedEpoch(recipe, lines)]!;
  const which = ships === lines.at(-1) ? '' : `; epoch ${ships.epoch} ships`;
  const { loss, testError, validationError } = ships;
  const error = testError === undefined ? '' : `, test error ${showPercent(testError)}`;
  const next = recipe.objective.kind === 'supervised' ? 'evaluate' : 'export';
  output.say(
    `trained ${epoch} ${epoch === 1 ? 'epoch' : 'epochs'} in ${showMinutes(minutes)}${which}: loss ${loss!.toFixed(2)}${error}`,
  );
  const stoppedEarly = isStoppedEarly(recipe, lines);
  const best = lines[bestEpoch(recipe, lines)]?.epoch;
  if (stoppedEarly)
    output.say(`stopped early: no better ${recipe.monitor} on the validation rows since epoch ${best}`);
  if (isCollapsed(ships)) output.note(`warning ${collapseOf(ships)}`);
  output.say(`next: semivae ${next} ${folder}`);
  const errors = { ...(testError !== undefined && { testError, validationError }) };
  output.answer({
    run: folder,
    recipe: recipe.name,
    seed,
    finished: true,
    ...(recipe.patience !== undefined && { stoppedEarly, bestEpoch: best }),
    step,
    epoch,
    minutes,
    shippedEpoch: ships.epoch,
    loss,
    ...errors,
  });
}
