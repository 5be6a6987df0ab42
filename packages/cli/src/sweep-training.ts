import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isLocked } from '@semivae/data/node';
import { type MetricsLine, RUN_FILE, readMetrics, shippedEpoch } from '@semivae/train/node';
import { exitCodes, type Failure } from './failure.ts';
import { STOP_WITH_PARENT } from './interruption.ts';
import { RECIPE, type Result } from './sweep-folder.ts';
import { type Setting, showFields, showValue } from './sweep-settings.ts';

/** A setting that is to be trained with a seed. */
export interface Job {
  readonly setting: Setting;
  readonly seed: number;
  /** Its folder, in that of the sweep. */
  readonly run: string;
}

/** The job of a setting and a seed. */
export const jobOf = (setting: Setting, seed: number): Job => ({
  setting,
  seed,
  run: [setting.name, `seed${seed}`].filter(Boolean).join('-'),
});

/** A job in words, such as `learningRate 0.001, seed 2`. */
export const showJob = ({ setting, seed }: Job): string =>
  [showFields(setting.fields), `seed ${seed}`].filter(Boolean).join(', ');

/** How a job ended, where it did not finish: stopped, or for a reason. */
export type Ended = { readonly result: Result } | { readonly failed: Failed } | 'stopped';

/** Why a job failed, and the exit code of its training. */
export interface Failed {
  readonly job: Job;
  readonly failure: Failure;
  readonly code: number | null;
}

/** How every training of a sweep is run. */
export interface Circumstances {
  /** The folder of the sweep. */
  readonly folder: string;
  /** Flags of a training that begins, not of one that goes on. */
  readonly begin: readonly string[];
  /** Flags that are handed on to every training. */
  readonly flags: readonly string[];
  /** Aborted: trainings save and stop. */
  readonly signal: AbortSignal;
}

/** The words of `semivae` that train a job from its beginning. */
function beginning({ setting: { fields }, seed, run }: Job, folder: string): string[] {
  const sets = Object.entries(fields).flatMap(([path, value]) => ['--set', `${path}=${showValue(value)}`]);
  // a table takes every label unless told by this flag
  const labels = 'data.labels' in fields ? ['--labels', String(fields['data.labels'])] : [];
  const to = ['--seed', String(seed), '--out', join(folder, run)];
  return ['train', '--recipe', join(folder, RECIPE), ...sets, ...labels, ...to];
}

/** Training of a sweep that was killed saves and stops, which may take a moment; who holds a run for longer is left alone. */
const PATIENCE = 60_000;

async function freed(run: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + PATIENCE;
  while (!signal.aborted && performance.now() < until && (await isLocked(run))) await pause(100);
}

/** Goes on with a run that has begun; one that was cut while its folder was made begins again. */
async function wordsOf(job: Job, { folder, begin, signal }: Circumstances): Promise<string[]> {
  const run = join(folder, job.run);
  await freed(run, signal);
  const begun = await readFile(join(run, RUN_FILE)).then(
    () => true,
    () => false,
  );
  if (begun) return ['train', '--resume', run];
  if (!(await isLocked(run))) await rm(run, { recursive: true, force: true });
  return [...beginning(job, folder), ...begin];
}

interface Exit {
  readonly code: number | null;
  readonly stdout: string;
}

/** Runs `semivae` as a process of its own, which is asked to stop by its channel to this one being closed. */
async function runSemivae(words: readonly string[], log: string, signal: AbortSignal): Promise<Exit> {
  const file = await open(log, 'a');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words], {
    stdio: ['ignore', 'pipe', file.fd, 'ipc'],
    env: { ...process.env, [STOP_WITH_PARENT]: '1' },
  });
  const stop = () => child.connected && child.disconnect();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  let stdout = '';
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
  });
  try {
    // not 'close', which does not come once this side has closed the channel
    const [[code]] = await Promise.all([once(child, 'exit'), once(child.stdout!, 'close')]);
    return { code, stdout };
  } finally {
    signal.removeEventListener('abort', stop);
    await file.close();
  }
}

/** What a training said of its failure under --json; of one that was killed nothing is said. */
function failureOf({ code, stdout }: Exit, run: string, log: string): Failure {
  try {
    const { failure } = JSON.parse(stdout) as { failure?: Failure };
    if (failure) return failure;
  } catch {
    // it ended before it could say why
  }
  const message = code === null ? 'its process was killed' : `its process ended with exit code ${code}`;
  return { code: 'TRAINING_ENDED', place: run, message, remedy: `See ${log}, and run the command again.` };
}

/** Where a run stands: its lines so far. */
export const linesOf = (folder: string, { run }: Job): Promise<MetricsLine[]> =>
  readMetrics(join(folder, run)).catch(() => []);

/** Trains a job in a process of its own, to its end unless it is stopped or fails; what it says goes to a log. */
export async function runJob(job: Job, circumstances: Circumstances): Promise<Ended> {
  const { folder, flags, signal } = circumstances;
  const log = join(folder, `${job.run}.log`);
  const exit = await runSemivae([...(await wordsOf(job, circumstances)), ...flags, '--json'], log, signal);
  if (exit.code === exitCodes.interrupted) return 'stopped';
  if (exit.code !== 0) return { failed: { job, failure: failureOf(exit, job.run, log), code: exit.code } };
  const lines = await readMetrics(join(folder, job.run));
  const { fields, recipe } = job.setting;
  const { minutes } = lines.at(-1)!;
  const metrics = lines[shippedEpoch(recipe, lines)]!;
  return { result: { fields, seed: job.seed, run: job.run, minutes, metrics } };
}

/** Does all of some work, so many at a time, beginning nothing new once aborted; throws the first error, when all are done. */
export async function someAtATime<T>(
  work: readonly T[],
  most: number,
  signal: AbortSignal,
  does: (each: T) => Promise<void>,
): Promise<void> {
  const waiting = work.values();
  const worker = async () => {
    for (const each of waiting) {
      if (signal.aborted) return;
      await does(each);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: most }, worker));
  const broken = ended.find((each) => each.status === 'rejected');
  if (broken) throw broken.reason;
}
