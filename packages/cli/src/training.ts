import {
  appendMetrics,
  type Checkpoint,
  chooseRows,
  collectBetweenSteps,
  type DataShape,
  type Engine,
  fit,
  type MetricsLine,
  modelOf,
  openJudge,
  openTester,
  type Report,
  type RunInfo,
  readMetrics,
  shapeOf,
  someRows,
  type TrainingSet,
  writeBest,
  writeCheckpoint,
} from '@semivae/train/node';
import { Interrupted } from './failure.ts';
import { turn } from './interruption.ts';
import type { Progress } from './progress.ts';

/** A training that is to be done in a run's folder. */
export interface Job {
  readonly folder: string;
  readonly info: RunInfo;
  readonly set: TrainingSet;
  /** Rows that the error is told of. */
  readonly test?: TrainingSet;
  readonly engine: Engine;
  readonly resume?: Checkpoint;
  readonly progress: Progress;
  /** Aborted: finish the step, save, throw `INTERRUPTED`. */
  readonly signal: AbortSignal;
  /** What to do after an interruption. */
  readonly remedy: string;
}

/** Where a training ended. */
export interface Trained {
  readonly checkpoint: Checkpoint;
  readonly metrics: MetricsLine;
}

type Figures = Readonly<Record<string, number>>;
type Figured = (checkpoint: Checkpoint) => Promise<Figures>;

/** Errors on the test rows, and on the labelled ones of those held out; nothing for a model without classes. */
async function openErrors(
  { info, test, engine }: Job,
  shape: DataShape,
  held: TrainingSet,
): Promise<Figured> {
  const model = modelOf(info.recipe, shape);
  if (!model.y) return async () => ({});
  const ask = await openTester(engine, model, shape, { clusters: info.recipe.data.labels === 0 });
  const known = someRows(
    held,
    Int32Array.from({ length: held.rows }, (_, row) => row).filter((row) => held.labels[row]! >= 0),
  );
  return async ({ state }) => ({
    ...(test && { testError: await ask(state, test) }),
    ...(known.rows > 0 && { validationError: await ask(state, known) }),
  });
}

/** The bound on the rows held out, where the best is to be kept. */
async function openBound({ info, engine }: Job, shape: DataShape, held: TrainingSet): Promise<Figured> {
  const { recipe } = info;
  if (recipe.keep !== 'best' || held.rows === 0) return async () => ({});
  const judge = await openJudge(engine, modelOf(recipe, shape), shape);
  return async ({ state }) => ({ validationBound: await judge(state, held) });
}

/** What is told of a checkpoint at the end of an epoch. */
async function openFigures(job: Job): Promise<Figured> {
  const { info, set } = job;
  const { train, validation } = chooseRows(info.recipe, set, info.seed);
  const shape = shapeOf(set, train.length);
  const held = someRows(set, validation);
  const figures = [await openErrors(job, shape, held), await openBound(job, shape, held)];
  return async (checkpoint) => {
    const found: Figures[] = [];
    for (const each of figures) found.push(await each(checkpoint));
    return Object.assign({}, ...found);
  };
}

const SAVE_EVERY = 30_000;

/** Keeps the newest checkpoint: on disk every half minute, in memory between. */
interface Keeper {
  keep(checkpoint: Checkpoint): Promise<void>;
  save(): Promise<void>;
  readonly newest: Checkpoint | undefined;
}

function openKeeper(folder: string): Keeper {
  let newest: Checkpoint | undefined;
  let saved: Checkpoint | undefined;
  let savedAt = performance.now();
  const save = async () => {
    if (!newest || newest === saved) return;
    await writeCheckpoint(folder, newest);
    saved = newest;
    savedAt = performance.now();
  };
  return {
    save,
    async keep(checkpoint) {
      newest = checkpoint;
      if (!saved || performance.now() - savedAt >= SAVE_EVERY) await save();
    },
    get newest() {
      return newest;
    },
  };
}

function openClock({ minutes = 0 }: Partial<Checkpoint> = {}): () => number {
  const start = performance.now();
  return () => Math.round((minutes + (performance.now() - start) / 60_000) * 1e4) / 1e4;
}

/** The best bound on rows held out among the epochs that a run has told of. */
const bestSoFar = async (folder: string): Promise<number> =>
  (await readMetrics(folder)).reduce(
    (best, { validationBound = -Infinity }) => Math.max(best, validationBound),
    -Infinity,
  );

/**
 * Trains from the start, or from `resume`, and writes metrics and checkpoints into the run's folder; the last good
 * checkpoint is saved however it ends. Throws `INTERRUPTED`, `LOSS_NOT_FINITE`, `STATE_NOT_FINITE`, `WRITE`.
 */
export async function train(job: Job): Promise<Trained> {
  const { folder, info, set, engine, resume, progress, signal } = job;
  const { recipe, seed } = info;
  collectBetweenSteps();
  const clock = openClock(resume);
  const keeper = openKeeper(folder);
  const figuresOf = await openFigures(job);
  let best = await bestSoFar(folder);
  let metrics: MetricsLine | undefined;
  const at = async (report: Report): Promise<Checkpoint> => ({
    ...(await report.checkpoint()),
    minutes: clock(),
  });

  async function endEpoch(report: Report): Promise<void> {
    const checkpoint = await at(report);
    const figures = await figuresOf(checkpoint);
    const { step, epoch } = report;
    metrics = { step, epoch, minutes: clock(), ...report.metrics, ...figures };
    const { validationBound = -Infinity } = figures;
    if (validationBound > best) {
      best = validationBound;
      await writeBest(folder, checkpoint);
    }
    await appendMetrics(folder, metrics);
    await keeper.keep(checkpoint);
    progress.epoch(metrics, recipe.epochs);
  }

  async function stopAt(report: Report): Promise<never> {
    if (!report.epochEnded) await keeper.keep(await at(report));
    throw new Interrupted(folder, job.remedy);
  }

  try {
    const reports = fit(recipe, set, { seed, engine, reportEvery: 1, ...(resume && { resume }) });
    for await (const report of reports) {
      progress.step(report);
      if (report.epochEnded) await endEpoch(report);
      await turn();
      if (signal.aborted && report.step < report.steps) await stopAt(report);
    }
    await keeper.save();
  } catch (error) {
    await keeper.save().catch(() => {});
    throw error;
  } finally {
    progress.stop();
  }
  return { checkpoint: keeper.newest!, metrics: metrics! };
}
