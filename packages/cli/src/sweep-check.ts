import { chooseRows, type Dataset, imageSet, type TrainingSet } from '@semivae/data';
import type { Recipe } from '@semivae/recipe';
import { assemble, goesByBound, shapeOf } from '@semivae/train/node';
import { openData } from './data.ts';
import { checkInterruption } from './interruption.ts';
import type { Output } from './output.ts';
import type { Setting } from './sweep-settings.ts';
import { isTableName } from './table-data.ts';

/** Figures that a training of images tells; throws where the recipe asks what the data does not have. */
function figuresOf(recipe: Recipe, set: TrainingSet): string[] {
  const rows = chooseRows(recipe, set, 1);
  const { model, step } = assemble(recipe, shapeOf(set, rows.train.length));
  const isHeld = rows.validation.length > 0;
  return [
    ...Object.keys(step.reported),
    ...(model.y ? ['testError', ...(isHeld ? ['validationError'] : [])] : []),
    ...(isHeld && goesByBound(recipe) ? ['validationBound'] : []),
  ];
}

const isTable = ({ data }: Recipe): boolean => data.sql !== undefined || isTableName(data.name);

/**
 * Follows every setting that is of images as far as its first step, so that a mistake is found before anything is
 * trained, and data that must be fetched is fetched once: the figures that there will be, undefined where tables are
 * among them. Throws the errors of data, of recipes and of models.
 */
export async function foreseenFigures(
  settings: readonly Setting[],
  dataDir: string | undefined,
  output: Output,
): Promise<string[] | undefined> {
  const figures = new Set<string>();
  let opened: Dataset | undefined;
  let name: string | undefined;
  const images = settings.map(({ recipe }) => recipe).filter((recipe) => !isTable(recipe));
  for (const recipe of images.toSorted((a, b) => (a.data.name < b.data.name ? -1 : 1))) {
    if (recipe.data.name !== name)
      opened = await openData(recipe.data.name, dataDir, output, recipe.data.unlabelled);
    name = recipe.data.name;
    await checkInterruption(name);
    for (const each of figuresOf(recipe, imageSet(opened!.train))) figures.add(each);
  }
  return images.length === settings.length ? [...figures] : undefined;
}
