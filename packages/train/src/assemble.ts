import { cast, input, type LeafValue, less, noise, oneHot, type Value } from '@semivae/graph';
import {
  encodeImages,
  featuresOf,
  type ImageColumns,
  type Known,
  known,
  type Model,
  m1,
  m2,
  rawInput,
} from '@semivae/model';
import { type Bound, elbo, iwae } from './bounds.ts';
import { RecipeError } from './errors.ts';
import { classification, type Objective, semiSupervised, unsupervised } from './objectives.ts';
import { adam, type Optimizer, warmupAndDecay } from './optimizers.ts';
import type { Recipe } from './recipe.ts';
import { type TrainingStep, trainingStep } from './step.ts';

/** What a recipe needs to know of the data before it becomes a graph. */
export interface DataShape {
  readonly columns: ImageColumns;
  readonly classes: number;
  /** Training rows that an epoch goes through. */
  readonly rows: number;
}

/** The model that a recipe names, for data of this shape. Throws `MODEL_NO_CLASSES`, `LABELS_NEEDED`. */
export function modelOf({ model, data, name }: Recipe, { columns, classes }: DataShape): Model {
  const sizes = {
    x: featuresOf(columns),
    latent: model.latent,
    hidden: model.hidden,
    activation: model.activation,
  };
  if (model.kind === 'm1') {
    if (data.labels === 0) return m1(sizes);
    throw new RecipeError(
      'MODEL_NO_CLASSES',
      `recipe ${name}, data.labels`,
      'm1 has no classes to learn',
      'Set labels to 0, or choose m2.',
    );
  }
  if (data.labels > 0) return m2({ ...sizes, classes });
  throw new RecipeError(
    'LABELS_NEEDED',
    `recipe ${name}, data.labels`,
    'm2 needs labels',
    `Give at least ${classes}, or choose m1.`,
  );
}

export const boundOf = ({ kind, samples }: Recipe['score']): Bound =>
  kind === 'iwae' ? iwae(samples) : elbo({ samples });

/** The names of a step's raw inputs. */
export const LABELLED_X = 'labelled/x';
export const LABELLED_Y = 'labelled/y';
export const UNLABELLED_X = 'unlabelled/x';

/** Pixels as the model sees them: grey, or a coin thrown for each (Salakhutdinov and Murray 2008). */
function pixels(raw: LeafValue<'input'>, binarize: boolean, scope: string): Value {
  const grey = encodeImages(raw);
  return binarize ? cast(less(noise(`${scope}noise(x)`, grey.shape, 'uniform'), grey), 'float32') : grey;
}

function unlabelledRows({ data, batch }: Recipe, { columns }: DataShape): Known {
  const raw = rawInput(columns, batch.unlabelled, UNLABELLED_X);
  return known({ x: pixels(raw, data.binarize, 'unlabelled/') }, [batch.unlabelled], 'unlabelled/');
}

function labelledRows({ data, batch }: Recipe, { columns, classes }: DataShape): Known {
  const raw = rawInput(columns, batch.labelled, LABELLED_X);
  const y = oneHot(input(LABELLED_Y, [batch.labelled], 'int64'), classes);
  return known({ x: pixels(raw, data.binarize, 'labelled/'), y }, [batch.labelled], 'labelled/');
}

/** What a recipe makes smaller: −bound for m1; −bounds plus the classifier's loss for m2. */
export function objectiveOf(recipe: Recipe, model: Model, shape: DataShape): Objective {
  const { kind, alpha, labelledWeight = recipe.data.labels / shape.rows } = recipe.objective;
  if (kind === 'supervised') return classification(model, labelledRows(recipe, shape));
  const bound = boundOf(recipe.objective.bound);
  const unlabelled = unlabelledRows(recipe, shape);
  if (!model.y) return unsupervised(model, unlabelled, bound);
  return semiSupervised(model, labelledRows(recipe, shape), unlabelled, { bound, alpha, labelledWeight });
}

/** Steps in an epoch: each unlabelled row once, but for a remainder smaller than a batch. */
export const stepsPerEpoch = ({ batch }: Recipe, { rows }: DataShape): number =>
  Math.max(1, Math.floor(rows / batch.unlabelled));

function optimizerOf(recipe: Recipe, shape: DataShape): Optimizer {
  const { warmup, decay, floor, ...settings } = recipe.optimizer;
  const steps = recipe.epochs * stepsPerEpoch(recipe, shape);
  return adam({ ...settings, schedule: warmupAndDecay({ steps, warmup, decay, floor }) });
}

/** A recipe and the shape of its data as a model and its training step. */
export function assemble(
  recipe: Recipe,
  shape: DataShape,
): { readonly model: Model; readonly step: TrainingStep } {
  const model = modelOf(recipe, shape);
  return {
    model,
    step: trainingStep(recipe.name, objectiveOf(recipe, model, shape), optimizerOf(recipe, shape)),
  };
}
