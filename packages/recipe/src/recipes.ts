import { closest } from 'fastest-levenshtein';
import { RecipeError } from './errors.ts';
import { parseRecipe, type Recipe, type RecipeInput } from './recipe.ts';

/** What any table is trained by, unless something else is asked for. */
export const TABLE = 'table';

/** A table whose labels name classes. */
export const TABLE_CLASSES = 'table-classes';

const table = {
  name: TABLE,
  data: { name: 'a table', labels: 0, validation: 0.1, calibration: 0.2 },
  model: { kind: 'm1', hidden: [192, 192], activation: 'silu' },
  objective: { klWarmup: 300, inputNoise: 0.1, hide: 0.25 },
  batch: { unlabelled: 128, labelled: 64 },
  optimizer: { learningRate: 2e-3, warmup: 50, decay: 1, floor: 0.03, weightDecay: 1e-2, average: 0.98 },
  epochs: 15,
  keep: 'best',
  score: { kind: 'elbo', samples: 4, neighbours: 2000 },
} as const satisfies RecipeInput;

/** What any images are scored by, unless something else is asked for. */
export const IMAGE_SCORE = { kind: 'elbo', samples: 4, neighbours: 2000 } as const;

const images: readonly RecipeInput[] = [
  { name: 'digits-m2', model: { latent: 16, hidden: [256] }, epochs: 15 },
  { name: 'digits-m1', data: { labels: 0 }, model: { kind: 'm1', latent: 16, hidden: [256] }, epochs: 15 },
  { name: 'mnist-m2', data: { name: 'mnist' } },
  { name: 'mnist-m1', data: { name: 'mnist', labels: 0 }, model: { kind: 'm1' }, epochs: 30 },
  { name: 'fashion-mnist-m2', data: { name: 'fashion-mnist' } },
];

const builtIn: readonly RecipeInput[] = [
  ...images.map((each) => ({ ...each, score: IMAGE_SCORE })),
  table,
  {
    ...table,
    name: TABLE_CLASSES,
    model: { ...table.model, kind: 'm2', classifier: [] },
    objective: { ...table.objective, hide: 0.5, alpha: 1 },
  },
];

/** The recipes that come with semivae, by name. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  builtIn.map((each) => [each.name!, parseRecipe(each, `built-in recipe ${each.name}`)]),
);

/** A built-in recipe. Throws `RECIPE_UNKNOWN`, with the nearest name. */
export function builtInRecipe(name: string): Recipe {
  const found = recipes[name];
  if (found) return found;
  const names = Object.keys(recipes);
  const remedy = `Did you mean '${closest(name, names)}'? Built in: ${names.join(', ')}; or give a JSON file.`;
  throw new RecipeError('RECIPE_UNKNOWN', name, 'there is no such recipe', remedy);
}
