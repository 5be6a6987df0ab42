import type { TrainingSet } from '@semivae/data';
import type { FolderLock } from '@semivae/data/node';
import {
  appendMetrics,
  bestEpoch,
  type Checkpoint,
  collectBetweenSteps,
  type Engine,
  fit,
  hasStopped,
  type MetricsLine,
  openFigures,
  type Report,
  type RunInfo,
  readMetrics,
  removeRun,
  TrainingError,
  writeBest,
  writeCheckpoint,
} from '@semivae/train/node';
import { Interrupted } from './failure.ts';
import { turn } from './interruption.ts';
import type { Progress } from './progress.ts';

/** A training that is to be done in a run's folder. */
export interface Job {
  readonly folder: string;
  /** On the run's folder. */
  readonly lock: FolderLock;
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
  /** After so many seconds the training is saved, within an epoch too. */
  readonly saveEvery?: number;
  /** Whether it is gone on with, not begun. */
  readonly resumed?: boolean;
}

/** Where a training ended. */
export interface Trained {
  readonly checkpoint: Checkpoint;
  /** Of the last epoch. */
  readonly metrics: MetricsLine;
  /** Of every epoch. */
  readonly lines: readonly MetricsLine[];
}

/** Seconds between two saves, unless told. */
export const SAVE_EVERY = 30;

/** Keeps the newest checkpoint: on disk every so many seconds, in memory between. */
interface Keeper {
  keep(checkpoint: Checkpoint): Promise<void>;
  save(): Promise<void>;
  /** Whether it is time to save, and nothing newer is in memory. */
  isDue(): boolean;
  readonly newest: Checkpoint | undefined;
}

function openKeeper(folder: string, seconds: number): Keeper {
  let newest: Checkpoint | undefined;
  let saved: Checkpoint | undefined;
  let savedAt = performance.now();
  const isDue = () => performance.now() - savedAt >= 1000 * seconds;
  const save = async () => {
    if (!newest || newest === saved) return;
    await writeCheckpoint(folder, newest);
    saved = newest;
    savedAt = performance.now();
  };
  return {
    save,
    isDue,
    async keep(checkpoint) {
      newest = checkpoint;
      if (!saved || isDue()) await save();
    },
    get newest() {
      return newest;
    },
  };
}

const isNotFinite = (error: unknown): error is TrainingError =>
  error instanceof TrainingError && error.code.endsWith('_NOT_FINITE');

/** What there is to go on from after numbers ran away, and how: the same steps would only lead there again. */
function ranAway(
  error: TrainingError,
  { folder, resumed }: Job,
  kept: Checkpoint | undefined,
): TrainingError {
  const { code, place, message } = error;
  const problem = message.slice(place.length + 2, -error.remedy.length - 2);
  const change = 'with a lower optimizer.learningRate, or with optimizer.clipNorm set';
  const remedy = kept
    ? `The checkpoint of step ${kept.step} is kept: export it, or begin a new run with it, ${change} (--init-from ${folder}).`
    : `No checkpoint was made yet: train again ${change}${resumed ? ', into another --out' : ''}.`;
  return new TrainingError(code, place, problem, remedy, { cause: error });
}

function openClock({ minutes = 0 }: Partial<Checkpoint> = {}): () => number {
  const start = performance.now();
  return () => Math.round((minutes + (performance.now() - start) / 60_000) * 1e4) / 1e4;
}

/**
 * Trains from the start, or from `resume`, to the last epoch or until patience ends, and writes metrics and checkpoints into the run's folder; the last good
 * checkpoint is saved however it ends. A run that ends without one, by numbers that are not finite, is removed where it began here. Throws `INTERRUPTED`, `LOSS_NOT_FINITE`, `STATE_NOT_FINITE`, `WRITE`.
 */
export async function train(job: Job): Promise<Trained> {
  const { folder, lock, info, set, engine, resume, progress, signal } = job;
  const { recipe, seed } = info;
  collectBetweenSteps();
  const clock = openClock(resume);
  const keeper = openKeeper(folder, job.saveEvery ?? SAVE_EVERY);
  const { test } = job;
  const figuresOf = await openFigures({ recipe, seed, set, engine, ...(test && { test }) });
  const lines = await readMetrics(folder);
  const at = async (report: Report): Promise<Checkpoint> => ({
    ...(await report.checkpoint()),
    minutes: clock(),
  });

  async function endEpoch(report: Report): Promise<void> {
    const checkpoint = await at(report);
    const figures = await figuresOf(checkpoint.state);
    const { step, epoch } = report;
    const line = { step, epoch, minutes: clock(), ...report.metrics, ...figures };
    lines.push(line);
    const isBest = bestEpoch(recipe, lines) === lines.length - 1;
    if (recipe.keep === 'best' && isBest) await writeBest(folder, checkpoint);
    await appendMetrics(folder, line);
    await keeper.keep(checkpoint);
    progress.epoch(line, recipe.epochs);
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
      if (report.epochEnded && hasStopped(recipe, lines)) break;
      if (!report.epochEnded && keeper.isDue()) await keeper.keep(await at(report));
      await lock.renew();
      await turn();
      if (signal.aborted && report.step < report.steps) await stopAt(report);
    }
    await keeper.save();
  } catch (error) {
    await keeper.save().catch(() => {});
    if (!isNotFinite(error)) throw error;
    const kept = [keeper.newest, resume].find((each) => each !== undefined && each.step > 0);
    if (!kept && !job.resumed) await removeRun(folder);
    throw ranAway(error, job, kept);
  } finally {
    progress.stop();
  }
  return { checkpoint: keeper.newest!, metrics: lines.at(-1)!, lines };
}
