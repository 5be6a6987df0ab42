import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  builtInRecipe,
  DATASET_NAMES,
  parseJson,
  parseRecipe,
  type Recipe,
  recipes,
  withField,
} from '@semivae/train/node';
import { CommandFailure } from './failure.ts';

/** What the flags of `train` say of the recipe. */
export interface RecipeFlags {
  readonly recipe?: string;
  readonly data?: string;
  readonly model?: string;
  readonly labels?: string;
  readonly epochs?: string;
  readonly set?: readonly string[];
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
function impliedRecipe({ data = 'digits', model = 'm2' }: RecipeFlags): Recipe {
  const name = `${basename(data) || 'data'}-${model}`;
  const builtIn = DATASET_NAMES.includes(data) ? recipes[name] : undefined;
  const labels = model === 'm1' ? { labels: 0 } : {};
  return builtIn ?? parseRecipe({ name, data: { name: data, ...labels }, model: { kind: model } }, '--model');
}

/** A field and its text, with the flag that says so. */
type Setting = readonly [path: string, text: string | undefined, place: string];

function parsedSet(text: string): Setting {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim(), '--set'];
  const remedy = 'Write --set path=value, such as --set optimizer.learningRate=3e-4.';
  throw new CommandFailure('SET_FORM', `--set ${text}`, 'there is no = after a path', remedy);
}

/** Flags that override a recipe, in order; choosing m1 gives up the labels unless they are asked for. */
function settings({ data, model, labels, epochs, set = [] }: RecipeFlags): Setting[] {
  return [
    ['data.name', data, '--data'],
    ['model.kind', model, '--model'],
    ['data.labels', labels ?? (model === 'm1' ? '0' : undefined), '--labels'],
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
  return settings(flags).reduce(
    (recipe, [path, text, place]) => (text === undefined ? recipe : withField(recipe, path, text, place)),
    base,
  );
}
