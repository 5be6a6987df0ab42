import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DATASET_NAMES } from '@semivae/data/node';
import {
  builtInRecipe,
  countLikelihoods,
  IMAGE_SCORE,
  numericLikelihoods,
  parseRecipe,
  type Recipe,
  recipes,
  TABLE,
  TABLE_CLASSES,
  transforms,
  withField,
} from '@semivae/recipe';
import { dateOrders, dateUnits } from '@semivae/runtime/core';
import { parseJson } from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import type { ReadingFlags } from './reading-flags.ts';
import { isTableName } from './table-data.ts';

/** What the flags of `train` say of the recipe. */
export interface RecipeFlags extends ReadingFlags {
  readonly recipe?: string;
  readonly data?: string;
  readonly model?: string;
  readonly labels?: string;
  readonly epochs?: string;
  readonly set?: readonly string[];
  readonly labelColumn?: string;
  readonly unlabelled?: string;
  readonly anomalyLabel?: string;
  readonly calibrateOn?: string;
  readonly timeColumn?: string;
  readonly group?: string;
  readonly column?: readonly string[];
  readonly sql?: string;
}

const isFile = (name: string): boolean => /\.json$|[\\/]/.test(name);

async function recipeFile(path: string): Promise<Recipe> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const remedy = `Give a JSON file, or a built-in recipe: ${Object.keys(recipes).join(', ')}.`;
    throw new CommandFailure('RECIPE_FILE', path, `it cannot be read (${cause.code})`, remedy, { cause });
  });
  return parseRecipe(parseJson(text, path), path);
}

/** The built-in recipe for this data and model, or the defaults where there is none. */
function impliedRecipe(flags: RecipeFlags): Recipe {
  return isOfTable(flags) ? tableRecipe(flags) : imageRecipe(flags);
}

const isOfTable = ({ data, sql }: RecipeFlags): boolean =>
  sql !== undefined || (data !== undefined && isTableName(data));

/** A table's name without its endings. */
const stemOf = (data: string): string => basename(data).replace(/(\.\w+)+$/, '') || TABLE;

/** The recipe for tables: m2 where a column names classes, m1 where there is none, or it marks anomalies alone. */
function tableRecipe({ data = 'query', model, labelColumn, anomalyLabel }: RecipeFlags): Recipe {
  const implied = labelColumn !== undefined && anomalyLabel === undefined ? 'm2' : 'm1';
  const base = builtInRecipe((model ?? implied) === 'm2' ? TABLE_CLASSES : TABLE);
  return { ...base, name: stemOf(data), data: { ...base.data, name: data } };
}

function imageRecipe({ data = 'digits', model = 'm2' }: RecipeFlags): Recipe {
  const name = `${basename(data) || 'data'}-${model}`;
  const builtIn = DATASET_NAMES.includes(data) ? recipes[name] : undefined;
  const labels = model === 'm1' ? { labels: 0 } : {};
  return (
    builtIn ??
    parseRecipe(
      { name, data: { name: data, ...labels }, model: { kind: model }, score: IMAGE_SCORE },
      '--model',
    )
  );
}

/** A field and its text, with the flag that says so. */
type Setting = readonly [path: string, text: string | undefined, place: string];

function parsedSet(text: string): Setting {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim(), '--set'];
  const remedy = 'Write --set path=value, such as --set optimizer.learningRate=3e-4.';
  throw new CommandFailure('SET_FORM', `--set ${text}`, 'there is no = after a path', remedy);
}

function parsedColumn(text: string): readonly [name: string, kind: string] {
  const at = text.lastIndexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  const remedy = 'Write --column name=kind, such as --column code=categorical or --column paid=numeric:log.';
  throw new CommandFailure('COLUMN_FORM', `--column ${text}`, 'there is no = after a name', remedy);
}

const LIKELIHOODS: readonly string[] = [...numericLikelihoods, ...countLikelihoods];
const TRANSFORMS: readonly string[] = transforms;
const DATES: readonly string[] = [...dateOrders, ...dateUnits];

/** What stands behind a kind: of a timestamp that its trend counts or how it is written, of numbers and counts how they are modelled. */
function furtherOf(text: string, flag: string) {
  if (text === 'trend') return { trend: true };
  if (DATES.includes(text)) return { date: text };
  if (LIKELIHOODS.includes(text)) return { likelihood: text };
  if (TRANSFORMS.includes(text)) return { transform: text };
  const remedy = `Known there: ${['trend', ...DATES, ...TRANSFORMS, ...LIKELIHOODS].join(', ')}.`;
  throw new CommandFailure(
    'COLUMN_FORM',
    `--column ${flag}`,
    `nothing is called '${text}' behind a kind`,
    remedy,
  );
}

/** What the flags say of columns: a kind, and perhaps more of it. */
function withColumns(recipe: Recipe, columns: readonly string[] = []): Recipe {
  if (columns.length === 0) return recipe;
  const said = columns.map(parsedColumn).map(([name, text]) => {
    const [kind, ...further] = text.split(':');
    const more = further.map((each) => furtherOf(each, `${name}=${text}`));
    return [name, Object.assign({ kind }, ...more)];
  });
  const all = { ...recipe.data.columns, ...Object.fromEntries(said) };
  return parseRecipe({ ...recipe, data: { ...recipe.data, columns: all } }, '--column');
}

/** Flags that override a recipe, in order; choosing m1 gives up the labels unless they are asked for. */
function settings(flags: RecipeFlags): Setting[] {
  const {
    data,
    model,
    labels,
    labelColumn,
    unlabelled,
    anomalyLabel,
    missing,
    header,
    sql,
    epochs,
    set = [],
  } = flags;
  return [
    ['data.name', data, '--data'],
    ['model.kind', model, '--model'],
    ['data.labels', labels ?? (model === 'm1' ? '0' : undefined), '--labels'],
    ['data.labelColumn', labelColumn, '--label-column'],
    ['data.unlabelled', unlabelled, '--unlabelled'],
    ['data.anomalyLabel', anomalyLabel, '--anomaly-label'],
    ['data.calibrateOn', flags.calibrateOn, '--calibrate-on'],
    ['data.timeColumn', flags.timeColumn, '--time-column'],
    ['data.group', flags.group, '--group'],
    ['data.missing', missing, '--missing'],
    ['data.header', header === undefined ? undefined : String(header), '--header'],
    ['data.delimiter', flags.delimiter, '--delimiter'],
    ['data.quote', flags.quote, '--quote'],
    ['data.encoding', flags.encoding, '--encoding'],
    ['data.decimal', flags.decimal, '--decimal'],
    ['data.dateFormat', flags.dateFormat, '--date-format'],
    ['data.sql', sql, '--sql'],
    ['epochs', epochs, '--epochs'],
    ...set.map(parsedSet),
  ];
}

/**
 * The recipe that the flags ask for: a built-in one or a file, then what overrides it. Throws `RECIPE_…`, `JSON`,
 * `SET_FORM`.
 */
export async function chooseRecipe(flags: RecipeFlags): Promise<Recipe> {
  const { recipe: named } = flags;
  const base =
    named === undefined
      ? impliedRecipe(flags)
      : isFile(named)
        ? await recipeFile(named)
        : builtInRecipe(named);
  const chosen = settings(flags).reduce(
    (recipe, [path, text, place]) => (text === undefined ? recipe : withField(recipe, path, text, place)),
    base,
  );
  return withColumns(chosen, flags.column);
}
