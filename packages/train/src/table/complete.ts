import type { PreparedTable } from '@semivae/data';
import { validationSplit } from '@semivae/data';
import { layoutOf } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import { latentOf } from '../assemble.ts';

/** What a person has not said of a recipe for a table, and what its rows decide. */
export interface Unsaid {
  /** Every known label is used, unless so many were asked for. */
  readonly labels?: number;
}

/** Known labels among the rows that are trained on. */
function knownLabels({ data }: Recipe, { set }: PreparedTable, seed: number): number {
  if (set.classes.length === 0) return 0;
  const { train } = validationSplit(set.rows, data.validation, seed, set.groups);
  return train.filter((row) => set.labels[row]! >= 0).length;
}

/** A pass over the rows, but no fewer steps than a small table needs and no more than a large one has use for. */
function stepsOf({ batch }: Recipe, { set }: PreparedTable): number {
  return Math.min(MOST_STEPS, Math.max(LEAST_STEPS, Math.floor(set.rows / batch.unlabelled)));
}

const LEAST_STEPS = 100;
const MOST_STEPS = 300;

/** A recipe for a table with what hangs on the table filled in: labels, latent, steps, the limit of the slopes. */
export function completeRecipe(
  recipe: Recipe,
  prepared: PreparedTable,
  seed: number,
  { labels }: Unsaid = {},
): Recipe {
  const { columns } = prepared;
  const known = knownLabels(recipe, prepared, seed);
  const { clipNorm = 2 * layoutOf(columns).features.length } = recipe.optimizer;
  const { stepsPerEpoch = stepsOf(recipe, prepared) } = recipe;
  return {
    ...recipe,
    stepsPerEpoch,
    data: { ...recipe.data, labels: recipe.model.kind === 'm1' ? 0 : (labels ?? known) },
    model: { ...recipe.model, latent: latentOf(recipe, columns) },
    optimizer: { ...recipe.optimizer, clipNorm },
  };
}
