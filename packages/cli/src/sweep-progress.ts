import { visibleLine } from '@semivae/runtime/core';
import type { MetricsLine } from '@semivae/train/node';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { type Failed, type Job, linesOf, showJob } from './sweep-training.ts';

/** What is shown on stderr while a sweep goes on. */
export interface SweepProgress {
  begin(job: Job): Promise<void>;
  /** A job ended; `text` tells how. */
  end(job: Job, text: string): void;
  /** Must come before anything else is written. */
  stop(): void;
}

/** Where a job stands that is being trained. */
interface Standing {
  readonly job: Job;
  readonly epoch: number;
  readonly loss?: number;
}

const epochsOf = ({ setting }: Job): number => setting.recipe.epochs;

/** A time in seconds as a clock shows it. */
function showClock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The time that is left, from how much of all jobs was done in this sitting; a job's share is that of its epochs. */
export function timeLeft({ done, before, all, seconds }: Done): string {
  const gained = done - before;
  return gained > 0 ? `${showClock(((all - done) * seconds) / gained)} left` : '… left';
}

export interface Done {
  /** Jobs that are done, with the shares of those that are not. */
  readonly done: number;
  /** The same when this sitting began. */
  readonly before: number;
  readonly all: number;
  readonly seconds: number;
}

interface Display {
  show(all: readonly Standing[], done: number, left: string): void;
  line(text: string): void;
  stop(): void;
}

function bars(total: number): Display {
  const format = 'sweep {bar} {value}/{total} | {left}';
  const all = new MultiBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 24, fps: 4 },
    Presets.shades_grey,
  );
  const whole = all.create(total, 0, { left: '…' });
  const own = new Map<string, SingleBar>();
  const barOf = (job: Job) => {
    const found = own.get(job.run) ?? all.create(epochsOf(job), 0, {}, { format: '      {bar} {text}' });
    own.set(job.run, found);
    return found;
  };
  return {
    show(standings, done, left) {
      whole.update(done, { left });
      for (const each of standings) barOf(each.job).update(each.epoch, { text: showStanding(each) });
      for (const [run, bar] of own)
        if (!standings.some(({ job }) => job.run === run)) {
          all.remove(bar);
          own.delete(run);
        }
    },
    line(text) {
      all.log(`${visibleLine(text)}\n`);
      all.update();
    },
    stop: () => all.stop(),
  };
}

function showStanding({ job, epoch, loss }: Standing): string {
  const told = loss === undefined ? '' : `, loss ${loss.toFixed(2)}`;
  return `${visibleLine(showJob(job))}: epoch ${epoch}/${epochsOf(job)}${told}`;
}

const SECONDS_BETWEEN_LINES = 60;

function plainLines(total: number): Display {
  let last = performance.now();
  return {
    show(standings, done, left) {
      if (performance.now() - last < 1000 * SECONDS_BETWEEN_LINES) return;
      last = performance.now();
      const each = standings.map(showStanding).join(' | ');
      process.stderr.write(`${Math.floor(done)}/${total} done, ${left}  ${each}\n`);
    },
    line: (text) => void process.stderr.write(`${visibleLine(text)}\n`),
    stop() {},
  };
}

const SECOND = 1000;

const shareOf = ({ job, epoch }: Standing): number => epoch / epochsOf(job);

/** Bars on a terminal, one for each job at work; elsewhere a line for each end, and one a minute between. */
export function openSweepProgress(folder: string, total: number, finished: number): SweepProgress {
  const start = performance.now();
  const display = (process.stderr.isTTY && process.env.TERM !== 'dumb' ? bars : plainLines)(total);
  const running = new Map<Job, Standing>();
  let ended = finished;
  /** Shares of jobs that were trained before this sitting. */
  let given = 0;

  const left = (): string => {
    const shares = [...running.values()].reduce((sum, each) => sum + shareOf(each), 0);
    const seconds = (performance.now() - start) / SECOND;
    return timeLeft({ done: ended + shares, before: finished + given, all: total, seconds });
  };

  async function look(): Promise<void> {
    for (const standing of await Promise.all([...running.keys()].map((job) => standingOf(folder, job))))
      if (running.has(standing.job)) running.set(standing.job, standing);
    display.show([...running.values()], ended, left());
  }

  const timer = setInterval(() => void look(), SECOND);
  return {
    async begin(job) {
      const standing = await standingOf(folder, job);
      given += shareOf(standing);
      running.set(job, standing);
    },
    end(job, text) {
      running.delete(job);
      ended += 1;
      display.line(`${ended}/${total}  ${showJob(job)}: ${text}${ended < total ? `  ${left()}` : ''}`);
    },
    stop() {
      clearInterval(timer);
      display.stop();
    },
  };
}

async function standingOf(folder: string, job: Job): Promise<Standing> {
  const last = (await linesOf(folder, job)).at(-1);
  const { epoch = 0, loss }: Partial<MetricsLine> = last ?? {};
  return { job, epoch, ...(loss !== undefined && { loss }) };
}

/** Why a job failed, in a line. */
export const showFailed = ({ failure }: Failed): string =>
  `failed: ${failure.message} ${failure.remedy} [${failure.code}]`;
