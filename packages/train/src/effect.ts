import { parseRecipe, type Recipe, RecipeError } from '@semivae/recipe';

/** Fields that mean nothing where the data are of the other kind. */
const FIELDS = {
  table: [
    ...['sql', 'header', 'missing', 'delimiter', 'quote', 'encoding', 'decimal', 'dateFormat'],
    ...['labelColumn', 'anomalyLabel', 'calibration', 'calibrateOn', 'timeColumn', 'group', 'columns'],
    ...['citation', 'licence'],
  ]
    .map((field) => `data.${field}`)
    .concat('objective.hide'),
  image: ['data.binarize', 'augmentation', 'model.channels', 'model.blocks', 'objective.consistency'],
} as const;

const WORDS = { table: 'a table', image: 'images' } as const;

const valueAt = (recipe: Recipe, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], recipe);

/** A field that lacks what it goes with, and what that is. */
function withoutPartner(
  { data: { unlabelled, labelColumn, timeColumn, calibrateOn } }: Recipe,
  kind: 'table' | 'image',
): readonly [field: string, partner: string] | undefined {
  if (kind === 'image') return undefined;
  if (unlabelled !== undefined && labelColumn === undefined) return ['data.unlabelled', 'data.labelColumn'];
  return timeColumn !== undefined && calibrateOn !== 'latest'
    ? ['data.timeColumn', 'data.calibrateOn=latest']
    : undefined;
}

/** Throws `WITHOUT_EFFECT` where a recipe sets a field that has no effect on data of this kind, or none by itself. */
export function checkEffect(recipe: Recipe, kind: 'table' | 'image'): void {
  const other = kind === 'table' ? 'image' : 'table';
  const defaults = parseRecipe({});
  const isSet = (path: string) =>
    JSON.stringify(valueAt(recipe, path)) !== JSON.stringify(valueAt(defaults, path));
  const [alone, partner] = withoutPartner(recipe, kind) ?? [];
  if (alone !== undefined)
    throw new RecipeError(
      'WITHOUT_EFFECT',
      `recipe ${recipe.name}, ${alone}`,
      `it has no effect without ${partner}`,
      `Set ${partner} too, or leave it out.`,
    );
  const idle = FIELDS[other].find(isSet);
  if (idle === undefined) return;
  const problem = `it is for ${WORDS[other]}, and the data are ${WORDS[kind]}: it has no effect`;
  throw new RecipeError('WITHOUT_EFFECT', `recipe ${recipe.name}, ${idle}`, problem, 'Leave it out.');
}
