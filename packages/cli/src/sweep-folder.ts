import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  appendLine,
  type FolderLock,
  isLock,
  isPartial,
  lockFolder,
  writeAtomically,
} from '@semivae/data/node';
import { parseRecipe, type Recipe, recipeFields } from '@semivae/recipe';
import { printJson } from '@semivae/runtime/core';
import { type MetricsLine, parseJson } from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import { type Fields, keyOf, showFields, showValue, valueAt } from './sweep-settings.ts';

const SWEEP = 'sweep.json';
const RESULTS = 'results.jsonl';

/** The file with what all settings of a sweep have in common. */
export const RECIPE = 'recipe.json';

/** What a sweep was asked for. */
export interface Sweep {
  readonly recipe: Recipe;
  /** The fields of each setting. */
  readonly settings: readonly Fields[];
  /** Every setting is trained with the seeds 1 to this. */
  readonly seeds: number;
  /** The run that every training begins with. */
  readonly initFrom?: string;
  /** The words that asked for it. */
  readonly command: string;
}

/** One line of results.jsonl: a setting trained with a seed. */
export interface Result {
  readonly fields: Fields;
  readonly seed: number;
  /** Its folder, in that of the sweep. */
  readonly run: string;
  /** All that its training took. */
  readonly minutes: number;
  /** Of the epoch that ships. */
  readonly metrics: MetricsLine;
}

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    const remedy = 'Choose another --out.';
    throw new CommandFailure('SWEEP_FOLDER', folder, `it cannot be read (${cause.code})`, remedy, { cause });
  });

/** What a folder's sweep was asked for; undefined where nothing was begun. Throws `SWEEP_FOLDER`, `JSON`, `RECIPE_…`. */
async function readSweep(folder: string): Promise<Sweep | undefined> {
  const names = await namesIn(folder);
  const json = async (name: string) => {
    const path = join(folder, name);
    return parseJson(await readFile(path, 'utf8'), path);
  };
  if (names.includes(SWEEP) && names.includes(RECIPE)) {
    const recipe = parseRecipe(await json(RECIPE), join(folder, RECIPE));
    return { ...((await json(SWEEP)) as Omit<Sweep, 'recipe'>), recipe };
  }
  if (names.every((name) => name === RECIPE || isLock(name) || isPartial(name))) return undefined;
  const remedy = 'Choose another --out, or empty it.';
  throw new CommandFailure('SWEEP_FOLDER', folder, 'it is not empty, and no sweep', remedy);
}

const shown = (recipe: Recipe, path: string): string => showValue(valueAt(recipe, path)) ?? 'absent';

/** The first field that differs, in words. */
function changeOf(before: Recipe, now: Recipe): string | undefined {
  const path = recipeFields.map((each) => each.path).find((each) => shown(before, each) !== shown(now, each));
  return path && `its recipe had ${path} ${shown(before, path)}, not ${shown(now, path)}`;
}

/** Settings and seeds may be added to a sweep; nothing that was asked for may be left out. */
function droppedOf(before: Sweep, now: Sweep): string | undefined {
  const asked = new Set(now.settings.map(keyOf));
  const dropped = before.settings.find((fields) => !asked.has(keyOf(fields)));
  if (dropped)
    return `it was begun with ${showFields(dropped) || 'the recipe as it is'}, which is left out now`;
  if (before.initFrom !== now.initFrom)
    return `its trainings begin with ${before.initFrom ?? 'nothing'}, not with ${now.initFrom ?? 'nothing'}`;
  return before.seeds > now.seeds ? `it was begun with ${before.seeds} seeds, not ${now.seeds}` : undefined;
}

function checkContinues(folder: string, before: Sweep, now: Sweep): void {
  const problem = changeOf(before.recipe, now.recipe) ?? droppedOf(before, now);
  if (problem === undefined) return;
  const remedy = `Ask for all of it and what you like besides, or choose another --out. It was begun by: ${before.command}`;
  throw new CommandFailure('SWEEP_CHANGED', folder, problem, remedy);
}

/** The text of the lines of results that are whole: a crash may have cut the last. */
async function wholeLines(folder: string): Promise<string> {
  const text = await readFile(join(folder, RESULTS), 'utf8').catch(() => '');
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

/**
 * What is finished of a sweep, without writing anything; nothing where it was not begun. Throws `SWEEP_FOLDER` where
 * something else is, `SWEEP_CHANGED` where the sweep was begun with what is not asked for now.
 */
export async function finishedOf(folder: string, sweep: Sweep): Promise<Result[]> {
  const before = await readSweep(folder);
  if (!before) return [];
  checkContinues(folder, before, sweep);
  const lines = (await wholeLines(folder)).split('\n').filter(Boolean);
  return lines.map((line, at) => parseJson(line, `${join(folder, RESULTS)}, line ${at + 1}`) as Result);
}

/**
 * Makes the folder of a sweep, or keeps what is asked besides, and takes it for this process; what was cut of the results
 * is dropped. Throws `SWEEP_LOCKED`, `WRITE`.
 */
export async function beginSweep(folder: string, { recipe, ...rest }: Sweep): Promise<FolderLock> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const remedy = 'Choose a folder that can be written to with --out.';
    throw new CommandFailure('WRITE', folder, `it cannot be made (${cause.code})`, remedy, { cause });
  });
  const lock = await lockFolder(folder, 'SWEEP_LOCKED');
  try {
    await writeAtomically(join(folder, RECIPE), printJson(recipe));
    await writeAtomically(join(folder, SWEEP), printJson(rest));
    await writeAtomically(join(folder, RESULTS), await wholeLines(folder));
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Adds what is finished. Throws `WRITE`. */
export const appendResult = (folder: string, result: Result): Promise<void> =>
  appendLine(join(folder, RESULTS), JSON.stringify(result));
