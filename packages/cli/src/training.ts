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
  /** Of the last epoch. */
  readonly metrics: MetricsLine;
  /** Of every epoch. */
  readonly lines: readonly MetricsLine[];
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
 * Trains from the start, or from `resume`, to the last epoch or until patience ends, and writes metrics and checkpoints into the run's folder; the last good
 * checkpoint is saved however it ends. Throws `INTERRUPTED`, `LOSS_NOT_FINITE`, `STATE_NOT_FINITE`, `WRITE`.
 */
export async function train(job: Job): Promise<Trained> {
  const { folder, info, set, engine, resume, progress, signal } = job;
  const { recipe, seed } = info;
  collectBetweenSteps();
  const clock = openClock(resume);
  const keeper = openKeeper(folder);
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
  return { checkpoint: keeper.newest!, metrics: lines.at(-1)!, lines };
}
