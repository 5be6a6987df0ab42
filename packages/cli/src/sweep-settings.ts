import { createHash } from 'node:crypto';
import { type Recipe, recipeFields, withField } from '@semivae/recipe';
import { fillUniform } from '@semivae/runtime/core';
import { CommandFailure } from './failure.ts';

/** A field of a recipe and the values that it goes through, as texts. */
export interface Choices {
  readonly path: string;
  readonly texts: readonly string[];
}

/** A field of a recipe and the numbers between which it is drawn, evenly or evenly in its logarithm. */
export interface Range {
  readonly path: string;
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
}

export type Drawn = Choices | Range;

/** What is asked to be tried. */
export interface Asked {
  readonly grid: readonly Choices[];
  /** Fields to draw, so many times, each draw a function of the seed. */
  readonly ranges: readonly Drawn[];
  readonly draws: number;
  readonly seed: number;
}

/** Fields of a recipe by their path, with the values that they have. */
export type Fields = Readonly<Record<string, unknown>>;

/** One of the things that are tried: a whole recipe, and what is its own in it. */
export interface Setting {
  /** As files are named; empty where no field is its own. */
  readonly name: string;
  readonly fields: Fields;
  readonly recipe: Recipe;
}

/** A field and one of its texts, with the flag that says so. */
type Set = readonly [path: string, text: string, place: string];

/** The parts of `path=values`. Throws `SWEEP_FORM`. */
function partsOf(flag: string, text: string, example: string): readonly [path: string, values: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  throw new CommandFailure(
    'SWEEP_FORM',
    `${flag} ${text}`,
    'there is no = after a path',
    `Write ${example}.`,
  );
}

/** Values between commas; commas in brackets part the numbers of one value. */
export const listed = (text: string): string[] => text.split(/,(?![^[\]]*\])/).map((each) => each.trim());

/** `path=v1,v2,…` Throws `SWEEP_FORM`. */
export function parsedGrid(text: string): Choices {
  const [path, values] = partsOf('--grid', text, '--grid optimizer.learningRate=1e-3,3e-3');
  return { path, texts: listed(values) };
}

const RANGE =
  '--range optimizer.learningRate=1e-4..1e-2:log, --range model.latent=8..64 or --range keep=best,last';

/** `path=low..high`, `path=low..high:log` or `path=v1,v2,…` Throws `SWEEP_FORM`. */
export function parsedRange(text: string): Drawn {
  const [path, values] = partsOf('--range', text, RANGE);
  const [, from, to, scale] = /^([^,]+?)\.\.([^,]+?)(:log)?$/.exec(values) ?? [];
  const [low, high] = [Number(from), Number(to)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { path, texts: listed(values) };
  const logarithmic = scale !== undefined;
  const problem =
    low >= high
      ? 'the lower end is not below the upper one'
      : logarithmic && low <= 0
        ? 'only numbers above 0 have a logarithm'
        : undefined;
  if (problem === undefined) return { path, low, high, logarithmic };
  throw new CommandFailure('SWEEP_FORM', `--range ${text}`, problem, `Write ${RANGE}.`);
}

/** Every way to take one of each list, the last changing fastest. */
export const combinations = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>(
    (before, list) => before.flatMap((start) => list.map((each) => [...start, each])),
    [[]],
  );

const DIGITS = 4;

/** A number of the range at a share of the way, in a few digits: `share` in [0, 1). */
function numberAt({ path, low, high, logarithmic }: Range, share: number): number {
  const whole = recipeFields.find((each) => each.path === path)?.type === 'integer';
  const end = whole ? high + 1 : high;
  const at = logarithmic ? low * (end / low) ** share : low + share * (end - low);
  const short = whole ? Math.floor(at) : Number(at.toPrecision(DIGITS));
  return Math.min(high, Math.max(low, short));
}

const textAt = (drawn: Drawn, share: number): string =>
  'texts' in drawn ? drawn.texts[Math.floor(share * drawn.texts.length)]! : String(numberAt(drawn, share));

/** One draw of every range; the i-th range has stream i, so that a range more leaves the others as they are. */
function draw(ranges: readonly Drawn[], seed: number, step: number): Set[] {
  return ranges.map((each, stream) => {
    const share = new Float32Array(1);
    fillUniform(share, { seed, stream, step });
    return [each.path, textAt(each, share[0]!), '--range'];
  });
}

const PATIENCE = 50;

/** So many draws that differ, or all that are found where there are fewer; the first are the same however many. */
function differentDraws({ ranges, draws, seed }: Asked): Set[][] {
  if (ranges.length === 0) return [[]];
  const found = new Map<string, Set[]>();
  for (let step = 0; found.size < draws && step < PATIENCE * draws; step++) {
    const each = draw(ranges, seed, step);
    found.set(String(each), found.get(String(each)) ?? each);
  }
  return [...found.values()];
}

function checkOnce(paths: readonly string[]): void {
  const twice = paths.find((path, at) => paths.indexOf(path) < at);
  if (twice === undefined) return;
  const remedy = 'Name all of its values in one --grid or one --range.';
  throw new CommandFailure('SWEEP_FORM', twice, 'it is given twice', remedy);
}

/** The value of a field, by its path. */
export const valueAt = (recipe: Recipe, path: string): unknown =>
  path.split('.').reduce<unknown>((within, key) => (within as Fields | undefined)?.[key], recipe);

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** The last name of a path, where it is no other's, else all of it. */
export const shortName = (path: string, paths: readonly string[]): string =>
  paths.filter((each) => lastName(each) === lastName(path)).length > 1 ? path : lastName(path);

/** A value of a field as people write it. */
export const showValue = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** Fields in words, such as `learningRate 0.001, latent 20`. */
export const showFields = (fields: Fields): string =>
  Object.entries(fields)
    .map(([path, value]) => `${shortName(path, Object.keys(fields))} ${showValue(value)}`)
    .join(', ');

const LONGEST = 100;

/** Fields as a name of files, such as `learningRate-0.001_hidden-600x600`; what is long ends in a hash of it all. */
export function fileName(fields: Fields): string {
  const text = (value: unknown) =>
    Array.isArray(value) ? value.join('x') : encodeURIComponent(showValue(value));
  const name = Object.entries(fields)
    .map(([path, value]) => `${shortName(path, Object.keys(fields))}-${text(value)}`)
    .join('_');
  if (name.length <= LONGEST) return name;
  return `${name.slice(0, LONGEST - 9)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

function settingOf(base: Recipe, sets: readonly Set[]): Setting {
  const recipe = sets.reduce((before, [path, text, place]) => withField(before, path, text, place), base);
  const own = recipeFields.filter(({ path }) => sets.some(([each]) => each === path));
  const fields = Object.fromEntries(own.map(({ path }) => [path, valueAt(recipe, path)]));
  return { name: fileName(fields), fields, recipe };
}

/** Settings are one where their fields have the same values. */
export const keyOf = (fields: Fields): string => JSON.stringify(fields);

/**
 * All that is to be tried: every draw with every combination of the grid, each once. Throws `SWEEP_FORM`,
 * `RECIPE_UNKNOWN_FIELD`, `RECIPE_FIELD`.
 */
export function settingsOf(base: Recipe, asked: Asked): Setting[] {
  checkOnce([...asked.ranges, ...asked.grid].map(({ path }) => path));
  const lists = asked.grid.map(({ path, texts }) => texts.map((text): Set => [path, text, '--grid']));
  const all = differentDraws(asked).flatMap((drawn) =>
    combinations(lists).map((chosen) => settingOf(base, [...drawn, ...chosen])),
  );
  return [...new Map(all.map((each) => [keyOf(each.fields), each])).values()];
}
