import {
  appendMetrics,
  type Checkpoint,
  chooseRows,
  collectBetweenSteps,
  type Dataset,
  type Engine,
  fit,
  type MetricsLine,
  modelOf,
  openTester,
  type Report,
  type RunInfo,
  shapeOf,
  writeCheckpoint,
} from '@semivae/train/node';
import { rowsOf } from './data.ts';
import { Interrupted } from './failure.ts';
import { turn } from './interruption.ts';
import type { Progress } from './progress.ts';

/** A training that is to be done in a run's folder. */
export interface Job {
  readonly folder: string;
  readonly info: RunInfo;
  readonly data: Dataset;
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

type Errors = Readonly<Record<string, number>>;

/** Errors on the test rows, and on the validation rows where some are held out; nothing for a model without classes. */
async function openErrors({ info, data, engine }: Job): Promise<(checkpoint: Checkpoint) => Promise<Errors>> {
  const { recipe, seed } = info;
  const { train, validation } = chooseRows(recipe, data.train, seed);
  const shape = shapeOf(data.train, train.length);
  const model = modelOf(recipe, shape);
  if (!model.y) return async () => ({});
  const test = await openTester(engine, model, shape);
  const held = rowsOf(data.train, validation);
  return async ({ state }) => ({
    testError: await test(state, data.test),
    ...(held.rows > 0 && { validationError: await test(state, held) }),
  });
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

/**
 * Trains from the start, or from `resume`, and writes metrics and checkpoints into the run's folder; the last good
 * checkpoint is saved however it ends. Throws `INTERRUPTED`, `LOSS_NOT_FINITE`, `STATE_NOT_FINITE`, `WRITE`.
 */
export async function train(job: Job): Promise<Trained> {
  const { folder, info, data, engine, resume, progress, signal } = job;
  const { recipe, seed } = info;
  collectBetweenSteps();
  const clock = openClock(resume);
  const keeper = openKeeper(folder);
  const errorsOf = await openErrors(job);
  let metrics: MetricsLine | undefined;
  const at = async (report: Report): Promise<Checkpoint> => ({
    ...(await report.checkpoint()),
    minutes: clock(),
  });

  async function endEpoch(report: Report): Promise<void> {
    const checkpoint = await at(report);
    const errors = await errorsOf(checkpoint);
    const { step, epoch } = report;
    metrics = { step, epoch, minutes: clock(), ...report.metrics, ...errors };
    await appendMetrics(folder, metrics);
    await keeper.keep(checkpoint);
    progress.epoch(metrics, recipe.epochs);
  }

  async function stopAt(report: Report): Promise<never> {
    if (!report.epochEnded) await keeper.keep(await at(report));
    throw new Interrupted(folder, job.remedy);
  }

  try {
    const reports = fit(recipe, data, { seed, engine, reportEvery: 1, ...(resume && { resume }) });
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
