import { join } from 'node:path';
import type { Recipe } from '@semivae/recipe';
import { readRun } from '@semivae/train/node';
import type { SharedOptions } from '../arguments.ts';
import type { EngineFlags } from '../engine.ts';
import { CommandFailure, exitCodes, Interrupted } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { chooseRecipe } from '../recipe-choice.ts';
import { foreseenFigures } from '../sweep-check.ts';
import {
  checkDecidable,
  checkTold,
  figureWords,
  isOfHeldOut,
  orderingFigure,
  showFigure,
} from '../sweep-figures.ts';
import { appendResult, beginSweep, finishedOf, type Result, type Sweep } from '../sweep-folder.ts';
import { openSweepProgress, showFailed } from '../sweep-progress.ts';
import { keyOf, parsedGrid, parsedRange, type Setting, settingsOf, showFields } from '../sweep-settings.ts';
import { type Summary, showSummaries, summariesOf } from '../sweep-table.ts';
import { type Circumstances, type Failed, type Job, jobOf, runJob, someAtATime } from '../sweep-training.ts';
import { showMinutes } from '../table.ts';

/** What the flags of `sweep` say. */
export interface SweepOptions extends SharedOptions, EngineFlags {
  readonly grid?: readonly string[];
  readonly random?: number;
  readonly range?: readonly string[];
  readonly seed?: number;
  readonly seeds: number;
  readonly set?: readonly string[];
  readonly epochs?: string;
  readonly initFrom?: string;
  readonly dataDir?: string;
  readonly jobs: number;
  readonly by?: string;
  readonly out?: string;
}

/** What a sweep is, once all mistakes in it are found. */
interface Plan {
  readonly folder: string;
  readonly sweep: Sweep;
  readonly settings: readonly Setting[];
}

const quoted = (word: string): string =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** This command, to be typed again. */
const sameCommand = (): string => ['semivae', ...process.argv.slice(2)].map(quoted).join(' ');

/** Throws `SWEEP_FORM` where --random, --range and --seed do not go together. */
function checkDraws({ random, range = [], seed }: SweepOptions): void {
  const needed = (flag: string, problem: string, remedy: string) =>
    new CommandFailure('SWEEP_FORM', flag, problem, remedy);
  const range1 = '--range optimizer.learningRate=1e-4..1e-2:log';
  if (random !== undefined && range.length === 0)
    throw needed('--random', 'there is nothing to draw', `Say what from, such as ${range1}.`);
  if (random === undefined && range.length > 0)
    throw needed('--range', 'nothing says how often to draw', 'Add --random 20, or write --grid for a list.');
  if (random === undefined && seed !== undefined)
    throw needed('--seed', 'it is for what --random draws', 'For seeds of trainings write --seeds 5.');
}

function planOf(recipe: Recipe, options: SweepOptions): Plan {
  const { grid = [], range = [], random: draws = 0, seed = 1, seeds, initFrom } = options;
  const settings = settingsOf(recipe, {
    grid: grid.map(parsedGrid),
    ranges: range.map(parsedRange),
    draws,
    seed,
  });
  const { out: folder = join('sweeps', recipe.name.replace(/[^\w.-]+/g, '-')) } = options;
  const asked = { recipe, settings: settings.map(({ fields }) => fields), seeds, command: sameCommand() };
  return { folder, sweep: { ...asked, ...(initFrom !== undefined && { initFrom }) }, settings };
}

/** A plan, and what is finished of it. */
interface Begun extends Plan {
  readonly before: readonly Result[];
}

/** The figures that are told, and will be, as far as that is known; settings that are trained are not followed again. */
async function figuresOf({ settings, before }: Begun, options: SweepOptions, output: Output) {
  const known = new Set(before.map(({ fields }) => keyOf(fields)));
  const unknown = settings.filter(({ fields }) => !known.has(keyOf(fields)));
  const foreseen = await foreseenFigures(unknown, options.dataDir, output);
  return foreseen && [...foreseen, ...before.flatMap(({ metrics }) => Object.keys(metrics))];
}

/** Finds every mistake that can be found before anything is trained or written. */
async function checkedPlan(name: string, options: SweepOptions, output: Output): Promise<Begun> {
  checkDraws(options);
  const { set, epochs, by, initFrom } = options;
  if (initFrom !== undefined) await readRun(initFrom);
  const recipe = await chooseRecipe({ recipe: name, ...(set && { set }), ...(epochs && { epochs }) });
  const plan = planOf(recipe, options);
  checkDecidable(
    plan.settings.map((each) => each.recipe),
    by,
  );
  const begun = { ...plan, before: await finishedOf(plan.folder, plan.sweep) };
  const figures = await figuresOf(begun, options, output);
  if (figures) checkTold(figures, by);
  return begun;
}

/** Flags that every training is given. */
function handedOn({ dataDir, engine, threads, jobs }: SweepOptions): string[] {
  const each = threads ?? (jobs > 1 ? 1 : undefined);
  return [
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ...(engine === undefined ? [] : ['--engine', engine]),
    ...(each === undefined ? [] : ['--threads', String(each)]),
  ];
}

const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;

function introduce({ folder, settings, sweep, before }: Begun, options: SweepOptions, output: Output): void {
  const done = before.length;
  const { seeds } = sweep;
  const trainings = many(settings.length * seeds, 'training');
  output.note(`sweep   ${many(settings.length, 'setting')} with ${many(seeds, 'seed')}: ${trainings}`);
  output.note(
    `run     ${folder}: ${options.jobs} at a time${done > 0 ? `; ${done} of them are finished` : ''}`,
  );
  const { random, by } = options;
  if (random !== undefined && settings.length < random)
    output.note(`note    the ranges hold fewer settings than the ${random} that are to be drawn`);
  if (by !== undefined && settings.length > 1 && !isOfHeldOut(by))
    output.note(
      `note    ${figureWords(by)} is not of rows held out: the best of many settings looks better by it than it is`,
    );
}

/** Every setting with the first seed, then with the next: an early look tells of all. */
const jobsOf = ({ settings, sweep }: Plan): Job[] =>
  Array.from({ length: sweep.seeds }, (_, at) => settings.map((setting) => jobOf(setting, at + 1))).flat();

const identity = ({ fields, seed }: Pick<Result, 'fields' | 'seed'>): string => `${seed} ${keyOf(fields)}`;

/** Figures of a finished training, in a line. */
function showResult({ metrics, minutes }: Result, by: string | undefined): string {
  const figures = [...new Set([orderingFigure([metrics], by), 'testError'])].filter(
    (each) => each in metrics,
  );
  const shown = figures.map((each) => `${figureWords(each)} ${showFigure(each, metrics[each]!)}`);
  return `${shown.join(', ')}  ${showMinutes(minutes)}`;
}

/** Trains what is not finished; what failed, and what finished besides. Throws `INTERRUPTED`, `WRITE`. */
async function trainAll(plan: Begun, options: SweepOptions) {
  const { folder, before } = plan;
  const known = new Set(before.map(identity));
  const all = jobsOf(plan);
  const left = all.filter(({ setting, seed }) => !known.has(identity({ ...setting, seed })));
  const broken = new AbortController();
  const signal = AbortSignal.any([interruption, broken.signal]);
  const { initFrom } = options;
  const begin = initFrom === undefined ? [] : ['--init-from', initFrom];
  const circumstances: Circumstances = { folder, begin, flags: handedOn(options), signal };
  const results = [...before];
  const failures: Failed[] = [];
  let stopped = false;
  const progress = openSweepProgress(folder, all.length, all.length - left.length);

  async function work(job: Job): Promise<void> {
    await progress.begin(job);
    const ended = await runJob(job, circumstances);
    if (ended === 'stopped') {
      stopped = true;
    } else if ('failed' in ended) {
      failures.push(ended.failed);
      progress.end(job, showFailed(ended.failed));
    } else {
      await appendResult(folder, ended.result);
      results.push(ended.result);
      progress.end(job, showResult(ended.result, options.by));
    }
  }

  try {
    await someAtATime(left, options.jobs, signal, (job) =>
      work(job).catch((error) => {
        broken.abort();
        throw error;
      }),
    );
  } finally {
    progress.stop();
  }
  const unfinished = all.length - results.length - failures.length;
  if (stopped || unfinished > 0)
    throw new Interrupted(
      folder,
      `${results.length} of ${all.length} trainings are finished. Go on with: ${sameCommand()}`,
    );
  return { results, failures };
}

const toldOf = ({ job, failure }: Failed) => ({
  fields: job.setting.fields,
  seed: job.seed,
  run: job.run,
  failure,
});

function conclude(
  { folder, sweep }: Plan,
  summaries: readonly Summary[],
  failures: readonly Failed[],
  by: string,
  output: Output,
): void {
  const [best] = summaries;
  output.say(showSummaries(summaries, by));
  output.say();
  if (failures.length > 0) output.say(`${many(failures.length, 'training')} failed: see above`);
  if (best?.runs[0] !== undefined) {
    const words = showFields(best.fields);
    if (words && summaries.length > 1) output.say(`best by ${figureWords(by)}: ${words}`);
    output.say(`next: semivae inspect ${quoted(join(folder, best.runs[0]))}`);
  }
  const { name: recipe } = sweep.recipe;
  output.answer({ sweep: folder, recipe, by, settings: summaries, failures: failures.map(toldOf) });
}

function exitCodeOf(results: readonly Result[], failures: readonly Failed[]): number {
  if (failures.length === 0) return 0;
  const mended = results.length === 0 && failures.every(({ code }) => code === exitCodes.mistake);
  return mended ? exitCodes.mistake : exitCodes.failed;
}

/** Trains what is asked for, and tells of it: `semivae sweep`. */
export async function sweep(name: string, options: SweepOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const asked = await checkedPlan(name, options, output);
  const { folder, sweep: words } = asked;
  const lock = await beginSweep(folder, words);
  const renewing = setInterval(lock.renew, RENEW_EVERY).unref();
  try {
    await sweepLocked({ ...asked, before: await finishedOf(folder, words) }, options, output);
  } finally {
    clearInterval(renewing);
    await lock.release();
  }
}

const RENEW_EVERY = 120_000;

async function sweepLocked(plan: Begun, options: SweepOptions, output: Output): Promise<void> {
  introduce(plan, options, output);
  const { results, failures } = await trainAll(plan, options);
  const all = results.map(({ metrics }) => metrics);
  if (all.length > 0) checkTold(all.flatMap(Object.keys), options.by);
  const by = orderingFigure(all, options.by);
  conclude(plan, summariesOf(plan.settings, results, by), failures, by, output);
  process.exitCode = exitCodeOf(results, failures);
}
