import {
  adgm,
  type Columns,
  cvae,
  imageDecoder,
  imageEncoder,
  type M2Sizes,
  type Model,
  m1m2,
  m2,
  mlp,
  type Network,
  type Networks,
  sdgm,
  vade,
} from '@semivae/model';
import { type Recipe, RecipeError } from '@semivae/recipe';

/** Convolutions for images, where a recipe asks for them. */
export function networksFor({ model }: Recipe, columns: Columns): { readonly networks?: Partial<Networks> } {
  const { channels, blocks = 0, hidden, activation } = model;
  if (!channels || columns.kind !== 'image') return {};
  const options = { image: columns, channels, blocks, hidden, activation };
  return { networks: { encoder: imageEncoder(options), decoder: imageDecoder(options) } };
}

type OwnClassifier = Exclude<Recipe['model']['classifier'], readonly number[] | undefined>;

/** A classifier of convolutions, or a perceptron. Throws `MODEL_FOR_IMAGES`. */
function ownClassifier({ name }: Recipe, columns: Columns, classifier: OwnClassifier): Network {
  const { channels, kernels, ...options } = classifier;
  if (!channels) return mlp(classifier.hidden, classifier);
  const place = `recipe ${name}, model.classifier`;
  if (columns.kind === 'table')
    throw new RecipeError('MODEL_FOR_IMAGES', place, 'a table has no pixels', 'Leave its channels out.');
  return imageEncoder({ ...options, image: columns, channels, ...(kernels && { kernels }) });
}

/** q(y|x) where it is not as the other networks: of other sizes, or a network of its own. */
function classifierOf(recipe: Recipe, columns: Columns, { networks }: M2Sizes): Partial<M2Sizes> {
  const { classifier } = recipe.model;
  if (classifier === undefined) return {};
  if (Array.isArray(classifier)) return { classifier };
  return { networks: { ...networks, classifier: ownClassifier(recipe, columns, classifier) } };
}

/** The model with classes that a recipe names. Throws `MODEL_FOR_IMAGES` where it is not of tables. */
export function labelledModel(recipe: Recipe, columns: Columns, sizes: M2Sizes): Model {
  const { kind, auxiliary = 100, below = 50 } = recipe.model;
  if (kind !== 'm2' && columns.kind === 'table') {
    const place = `recipe ${recipe.name}, model.kind`;
    throw new RecipeError('MODEL_FOR_IMAGES', place, `${kind} is not yet for tables`, 'Choose m1 or m2.');
  }
  const all = { ...sizes, auxiliary, below, ...classifierOf(recipe, columns, sizes) };
  const build = { m1: m2, m2, 'm1+m2': m1m2, sdgm, adgm, cvae, vade }[kind];
  return build(all);
}
