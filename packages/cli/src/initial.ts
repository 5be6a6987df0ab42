import { basename, resolve } from 'node:path';
import type { Recipe } from '@semivae/recipe';
import type { EarlierRun, Origin } from '@semivae/runtime';
import {
  type HashedCheckpoint,
  isFinished,
  minutesBefore,
  type RunInfo,
  readHashed,
  readMetrics,
  readRun,
  type State,
  type Transfer,
  transferred,
} from '@semivae/train/node';
import type { Output } from './output.ts';

/** A run that another is to begin with. */
export interface Predecessor extends HashedCheckpoint {
  readonly folder: string;
  readonly info: RunInfo;
  readonly minutes: number;
}

/** Reads what a training is to begin with. Throws `RUN_FILE`, `SAFETENSORS`, `CHECKPOINT`. */
export async function openPredecessor(folder: string, output: Output): Promise<Predecessor> {
  const [info, lines, read] = await Promise.all([readRun(folder), readMetrics(folder), readHashed(folder)]);
  if (!isFinished(info, lines))
    output.note(`note    ${folder} is not finished: what it has found so far is taken`);
  const minutes = (lines.at(-1)?.minutes ?? 0) + minutesBefore(info);
  return { folder, info, minutes, ...read };
}

/** A run that another learns from, for the record. */
export function recordOf({ folder, info, minutes, checkpoint, sha256 }: Predecessor): EarlierRun {
  const { recipe, data, seed } = info;
  return {
    run: basename(resolve(folder)),
    recipe: recipe.name,
    data: data.name,
    labels: recipe.data.labels,
    seed,
    step: checkpoint.step,
    minutes,
    sha256,
  };
}

/** What of another run a training begins with, and how that is recorded. */
export interface Begin {
  readonly transfer: Transfer;
  readonly origin: Origin;
}

/** Throws `INITIAL_MISFIT` where nothing of the other run fits. */
export function beginWith(
  predecessor: Predecessor,
  to: Pick<RunInfo, 'recipe' | 'data'> & { readonly states: readonly State[] },
): Begin {
  const { folder, info, checkpoint } = predecessor;
  const { recipe, data } = info;
  const transfer = transferred(to, { recipe, data, state: checkpoint.state }, folder);
  const [taken, fresh] = [transfer.taken.length, transfer.fresh.length];
  const origin: Origin = { ...recordOf(predecessor), taken, parameters: taken + fresh };
  return { transfer, origin };
}

/** The factors of some parameters, `q(z|x)` of `q(z|x)/1/weight`, each once. */
const factorsOf = (names: readonly string[]): string =>
  [...new Set(names.map((name) => name.slice(0, name.indexOf('/'))))].join(', ');

/** What was seen in training before, where that is more than this run's own recipe and seed say. */
export function seenBefore({ info }: Predecessor, recipe: Recipe, seed: number): string | undefined {
  const before = info.recipe.data;
  const same = before.name === recipe.data.name && info.seed === seed;
  if (before.labels > 0 && !(same && before.labels === recipe.data.labels))
    return `its ${before.labels} labels of seed ${info.seed} have been learned from, beside those of this run`;
  const heldAlike = same && before.validation === recipe.data.validation;
  if (recipe.data.validation > 0 && before.name === recipe.data.name && !heldAlike)
    return 'it has learned from rows that are held out here: figures on validation rows look too good';
  return undefined;
}

/** Tells what was taken over, and what was not. */
export function introduceBegin(
  predecessor: Predecessor,
  { transfer: { taken, fresh, unused }, origin }: Begin,
  { recipe, seed }: RunInfo,
  output: Output,
): void {
  const anew = fresh.length > 0 ? `; begun anew: ${factorsOf(fresh)}` : '';
  output.note(
    `begin   with ${predecessor.folder}: ${taken.length} of ${origin.parameters} parameters taken over${anew}`,
  );
  const misfits = unused.filter((name) => fresh.includes(name));
  if (misfits.length > 0) output.note(`note    of another shape there: ${misfits.join(', ')}`);
  const useless = unused.filter((name) => !fresh.includes(name));
  if (useless.length > 0) output.note(`note    of no use here: ${factorsOf(useless)}`);
  const seen = seenBefore(predecessor, recipe, seed);
  if (seen) output.note(`note    ${seen}`);
}
