import {
  add,
  bounded,
  cast,
  div,
  input,
  less,
  max,
  min,
  mul,
  noise,
  oneHot,
  scalar,
  sub,
  type Value,
} from '@semivae/graph';
import {
  type Bound,
  bernoulli,
  blurred,
  type Columns,
  elbo,
  featuresOf,
  iwae,
  type Known,
  known,
  layoutOf,
  type Model,
  m1,
  type Stacked,
  shared,
  stagesOf,
  tableLikelihood,
  trainingPass,
  trainingRows,
} from '@semivae/model';
import { type Recipe, RecipeError } from '@semivae/recipe';
import { areMoved } from './augmentation/moves.ts';
import { labelledModel, networksFor } from './models.ts';
import {
  classification,
  conditional,
  fewLabels,
  type Learner,
  type MovedRows,
  type Objective,
  type Start,
  semiSupervised,
  stacked,
  unsupervised,
} from './objectives/index.ts';
import { adam, averaged, type Optimizer, ramp, stepCount, warmupAndDecay } from './optimizers.ts';
import { type TrainingStep, trainingStep } from './step.ts';

/** What a recipe needs to know of the data before it becomes a graph. */
export interface DataShape {
  readonly columns: Columns;
  readonly classes: number;
  /** How the classes share the rows, as far as is known; equally unless told. */
  readonly classShares?: readonly number[];
  /** How the classes share the rows whose labels are seen, where that is told. */
  readonly labelShares?: readonly number[];
  /** Training rows that an epoch goes through. */
  readonly rows: number;
}

/** Features of the latent: what the recipe says, or 50 for images and half a table's features, from 2 to 32. */
export const latentOf = ({ model }: Recipe, columns: Columns): number => {
  if (model.latent !== undefined || columns.kind === 'image') return model.latent ?? 50;
  return Math.min(32, Math.max(2, Math.ceil(layoutOf(columns).features.length / 2)));
};

/** What q is shown of a table: a value far out pulls it no further than this, so that it does not blur all the others. */
const REACH = 3;
const withinReach = (x: Value): Value => bounded(x, REACH);

export interface ModelOptions {
  /** Whether features made of others count in a table's density: they do in training, not in what is told of it. */
  readonly derived?: boolean;
}

/** Whether a recipe asks for classes without labels: q(y|x) is then held to give rows to all classes alike. */
const clusters = ({ data, objective }: Recipe): boolean => data.labels === 0 && objective.balance > 0;

/** The model that a recipe names, for data of this shape. Throws `MODEL_NO_CLASSES`, `LABELS_NEEDED`. */
export function modelOf(recipe: Recipe, shape: DataShape, options: ModelOptions = {}): Model {
  const { columns, classes, classShares } = shape;
  const { model, data, name } = recipe;
  const sizes = {
    x: featuresOf(columns),
    latent: latentOf(recipe, columns),
    hidden: model.hidden,
    activation: model.activation,
    ...networksFor(recipe, columns),
    ...(columns.kind === 'image'
      ? { likelihood: bernoulli }
      : { likelihood: tableLikelihood(layoutOf(columns), options), show: withinReach }),
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
  if (classes === 0)
    throw new RecipeError(
      'LABELS_NEEDED',
      `recipe ${name}, model.kind`,
      `${model.kind} has classes, and the data name none`,
      'Give labels, or choose m1, which needs none.',
    );
  const own = classShares?.length === classes && { prior: shared(classShares) };
  if (data.labels > 0 || model.kind === 'vade' || clusters(recipe))
    return labelledModel(recipe, columns, { ...sizes, classes, ...own });
  throw new RecipeError(
    'LABELS_NEEDED',
    `recipe ${name}, data.labels`,
    `${model.kind} needs labels`,
    `Give at least ${classes}, or choose m1.`,
  );
}

export const boundOf = ({ kind, samples }: Recipe['objective']['bound']): Bound =>
  kind === 'iwae' ? iwae(samples) : elbo({ samples });

/** The names of a step's raw inputs. */
export const LABELLED_X = 'labelled/x';
export const LABELLED_Y = 'labelled/y';
export const UNLABELLED_X = 'unlabelled/x';
/** What is believed of the classes of unlabelled rows. */
export const UNLABELLED_Y = 'unlabelled/y';
export const LABELLED_MOVED = 'labelled/moved/x';
export const UNLABELLED_MOVED = 'unlabelled/moved/x';

/** A coin thrown for each pixel (Salakhutdinov and Murray 2008). */
const thrown = (grey: Value, scope: string): Value =>
  cast(less(noise(`${scope}noise(x)`, grey.shape, 'uniform'), grey), 'float32');

/** Rows with normal noise of this deviation; the rows themselves where it is 0. */
export const noisy = (x: Value, deviation: number, scope: string): Value =>
  deviation === 0 ? x : add(x, mul(noise(`${scope}noise(shown)`, x.shape), deviation));

/** What q is shown in place of x: noisy images, noisy or partly hidden rows of a table; x itself unless a recipe says so. */
function shownOf({ objective }: Recipe, columns: Columns, x: Value, scope: string): Value {
  const { inputNoise, hide } = objective;
  if (columns.kind === 'image' || inputNoise + hide === 0) return noisy(x, inputNoise, scope);
  return blurred(layoutOf(columns), x, { noise: inputNoise, hide }, scope);
}

/** A batch of rows as the bound is of them, and as q is shown them. */
function batchOf(
  recipe: Recipe,
  columns: Columns,
  rows: number,
  scope: string,
): { readonly x: Value; readonly shown?: { readonly x: Value } } {
  const { x: grey } = trainingRows(columns, rows, `${scope}x`);
  const x = columns.kind === 'image' && recipe.data.binarize ? thrown(grey, scope) : grey;
  const shown = shownOf(recipe, columns, x, scope);
  return { x, ...(shown !== x && { shown: { x: shown } }) };
}

function unlabelledRows(recipe: Recipe, { columns }: DataShape): Known {
  const { x, shown } = batchOf(recipe, columns, recipe.batch.unlabelled, 'unlabelled/');
  return known({ x }, [recipe.batch.unlabelled], 'unlabelled/', shown, trainingPass('unlabelled/'));
}

function labelledRows(recipe: Recipe, { columns, classes }: DataShape): Known {
  const rows = recipe.batch.labelled;
  const { x, shown } = batchOf(recipe, columns, rows, 'labelled/');
  const y = oneHot(input(LABELLED_Y, [rows], 'int64'), classes);
  return known({ x, y }, [rows], 'labelled/', shown, trainingPass('labelled/'));
}

function refuseMoves({ name }: Recipe, problem: string, remedy: string): never {
  throw new RecipeError('AUGMENTATION', `recipe ${name}, augmentation`, problem, remedy);
}

/** Throws `AUGMENTATION` where a recipe moves what cannot be moved, or moves nothing that it must. */
function checkMoves(recipe: Recipe, { columns }: DataShape): void {
  const { model, objective, augmentation } = recipe;
  const moves = areMoved(augmentation);
  if (moves && columns.kind === 'table')
    refuseMoves(recipe, 'rows of a table cannot be moved', 'Leave it out.');
  if (moves && !['m2', 'sdgm', 'adgm'].includes(model.kind))
    refuseMoves(
      recipe,
      `${model.kind} has no classifier to be shown moved images`,
      'Choose m2, or leave it out.',
    );
  if (!moves && objective.inputNoise === 0 && objective.consistency.weight > 0)
    refuseMoves(
      recipe,
      'nothing moves, but objective.consistency counts',
      'Say how far: shift, rotation, scale, or objective.inputNoise.',
    );
}

/**
 * The rows of a step as they are moved; those without labels only where something is learned from them. Where nothing
 * moves, but what is said must be consistent, they are the same rows with other noise.
 */
function movedRows(recipe: Recipe, shape: DataShape, { values }: Known): MovedRows | undefined {
  checkMoves(recipe, shape);
  const { augmentation, batch, objective } = recipe;
  const scope = 'unlabelled/moved/';
  if (!areMoved(augmentation)) {
    if (objective.consistency.weight === 0) return undefined;
    return { unlabelled: shownOf(recipe, shape.columns, values.x!, scope) };
  }
  const moved = (rows: number, of: string) => {
    const { x, shown } = batchOf(recipe, shape.columns, rows, of);
    return shown?.x ?? x;
  };
  const labelled = moved(batch.labelled, 'labelled/moved/');
  if (objective.consistency.weight === 0 && objective.pseudoLabels.weight === 0) return { labelled };
  return { labelled, unlabelled: moved(batch.unlabelled, scope) };
}

/** Throws `FREE_BITS` where no divergence has the closed form that free bits are of. */
function checkFreeBits({ name, model, objective: { bound, freeBits } }: Recipe): void {
  if (freeBits === 0 || (bound.kind !== 'iwae' && model.kind !== 'vade')) return;
  const what = bound.kind === 'iwae' ? 'an importance-weighted bound samples' : 'vade samples';
  const remedy =
    bound.kind === 'iwae'
      ? "Set objective.bound.kind to 'elbo', or freeBits to 0."
      : 'Set freeBits to 0; klWarmup is an alternative.';
  const place = `recipe ${name}, objective.freeBits`;
  throw new RecipeError('FREE_BITS', place, `${what} the divergence, and has none in closed form`, remedy);
}

/**
 * The bound that is trained: its divergence, but for free bits (Kingma et al. 2016), rises to its full weight over the
 * warm-up (Sønderby et al. 2016). Throws `FREE_BITS`.
 */
function trainedBound(recipe: Recipe): Bound {
  const { bound, klWarmup, beta, freeBits } = recipe.objective;
  checkFreeBits(recipe);
  const isWeighted = klWarmup > 0 || beta !== 1;
  if ((!isWeighted && freeBits === 0) || bound.kind === 'iwae') return boundOf(bound);
  const risen = klWarmup === 0 ? scalar(1) : min(div(add(stepCount, 1), klWarmup), 1);
  const risenTo = beta === 1 ? risen : mul(risen, beta);
  return elbo({ samples: bound.samples, freeBits, ...(isWeighted && { beta: risenTo }) });
}

/** Whether a parameter is of the M1 that m1+m2 is given, and stays as it is. */
export const isGiven = ({ model }: Recipe, name: string): boolean =>
  model.kind === 'm1+m2' && model.stages === 'trained' && /^(q\(z1\||p\(x\|z1\))/.test(name);

const hasOwnNetwork = ({ classifier }: Recipe['model']): boolean =>
  classifier !== undefined && !Array.isArray(classifier);

/** Whether a recipe holds the classifier to more than its labels and the bounds. */
const asksMore = ({ model, batch, objective, augmentation }: Recipe): boolean =>
  hasOwnNetwork(model) ||
  areMoved(augmentation) ||
  batch.bound !== undefined ||
  objective.boundWeight !== 1 ||
  [
    objective.labelSmoothing,
    objective.adversarial.weight,
    objective.entropy,
    objective.balance,
    objective.pseudoLabels.weight,
    objective.consistency.weight,
    objective.start.weight,
  ].some((weight) => weight > 0);

/** Throws `TEACHER_MISSING` where the running means of weights are to teach, but are not kept. */
function checkAverage({ name, objective: { consistency }, optimizer }: Recipe): void {
  if (consistency.weight === 0 || consistency.teacher === 'itself' || optimizer.average !== undefined) return;
  throw new RecipeError(
    'TEACHER_MISSING',
    `recipe ${name}, objective.consistency.teacher`,
    'no running mean of the weights is kept that could teach',
    "Set optimizer.average, 0.99 for a start, or let the classifier teach 'itself'.",
  );
}

/** What unlabelled rows are believed to be, and a factor that falls from 1 to 0 over the start of the training. */
function startOf(recipe: Recipe, shape: DataShape): Start {
  const {
    objective: { start },
    batch,
    epochs,
  } = recipe;
  const steps = start.until * epochs * stepsPerEpoch(recipe, shape);
  return {
    weight: start.weight,
    beliefs: input(UNLABELLED_Y, [batch.unlabelled, shape.classes]),
    factor: max(sub(1, div(stepCount, Math.max(1, steps))), 0),
  };
}

/** What a labelled row of each class counts: 1 / (classes · its share), so that classes count alike; undefined where rows do. */
function classWeightsOf(
  { objective }: Recipe,
  { labelShares, classes }: DataShape,
): readonly number[] | undefined {
  if (objective.classWeights === 'none') return undefined;
  return labelShares?.map((share) => (share > 0 ? 1 / (classes * share) : 0));
}

/** Throws `CLASS_WEIGHTS` where classes are to count alike, but no label is learned from. */
function checkClassWeights({ name, model, data, objective }: Recipe): void {
  const learns = data.labels > 0 && model.kind !== 'cvae' && model.kind !== 'm1';
  if (objective.classWeights === 'none' || learns) return;
  const place = `recipe ${name}, objective.classWeights`;
  const problem = 'nothing is classified by labels here, so no class can count more than another';
  throw new RecipeError('CLASS_WEIGHTS', place, problem, "Leave it out, or set it to 'none'.");
}

/** How a model with classes is learned: by its bounds and its labels, and by more where a recipe asks for it. */
function learnerOf(recipe: Recipe, shape: DataShape, rows: Known): Learner {
  checkAverage(recipe);
  const { alpha, labelledWeight = recipe.data.labels / shape.rows } = recipe.objective;
  const classWeights = classWeightsOf(recipe, shape);
  const options = { bound: trainedBound(recipe), alpha, labelledWeight, classWeights };
  const moved = movedRows(recipe, shape, rows);
  if (!asksMore(recipe))
    return (model, labelled, unlabelled) =>
      labelled
        ? semiSupervised(model, labelled, unlabelled, options)
        : unsupervised(model, unlabelled, options.bound);
  const start = startOf(recipe, shape);
  const all = { ...recipe.objective, ...options, classWeights, boundRows: recipe.batch.bound, start, moved };
  return (model, labelled, unlabelled) => fewLabels(model, labelled, unlabelled, all);
}

/** The classifier's own loss alone, on moved rows where they are. */
function supervised(recipe: Recipe, model: Model, shape: DataShape): Objective {
  const seen = labelledRows(recipe, shape);
  const x = movedRows(recipe, shape, seen)?.labelled;
  return classification(model, x ? { ...seen, shown: { x } } : seen, classWeightsOf(recipe, shape));
}

/** What a recipe makes smaller: −bound for m1; −bounds plus the classifier's loss for m2. */
export function objectiveOf(recipe: Recipe, model: Model, shape: DataShape): Objective {
  checkClassWeights(recipe);
  if (recipe.objective.kind === 'supervised') return supervised(recipe, model, shape);
  const { kind, stages = 'together' } = recipe.model;
  const bound = trainedBound(recipe);
  if (kind === 'cvae') return conditional(model, labelledRows(recipe, shape), bound);
  const unlabelled = unlabelledRows(recipe, shape);
  if (!model.y) {
    checkMoves(recipe, shape);
    return unsupervised(model, unlabelled, bound);
  }
  const labelled = recipe.data.labels > 0 ? labelledRows(recipe, shape) : undefined;
  const learn = learnerOf(recipe, shape, unlabelled);
  if (kind !== 'm1+m2' || stages === 'joint') return learn(model, labelled, unlabelled);
  return stacked(stagesOf(model as Stacked), labelled, unlabelled, {
    learn,
    bound,
    trained: stages === 'trained',
  });
}

/** Steps in an epoch: what the recipe says, or each unlabelled row once, but for a remainder smaller than a batch. */
export const stepsPerEpoch = (
  { batch, stepsPerEpoch: said }: Recipe,
  { rows }: Pick<DataShape, 'rows'>,
): number => said ?? Math.max(1, Math.floor(rows / batch.unlabelled));

function optimizerOf(recipe: Recipe, shape: DataShape): Optimizer {
  const { warmup, schedule: fall, decay, floor, average, ...rest } = recipe.optimizer;
  const { beta1: from, beta1End: to = from, clipNorm, ...settings } = rest;
  const steps = recipe.epochs * stepsPerEpoch(recipe, shape);
  const beta1 = from === to ? from : ramp({ steps, decay, from, to });
  const schedule = warmupAndDecay({ steps, warmup, decay, floor, shape: fall });
  const optimizer = adam({ ...settings, beta1, schedule, ...(clipNorm !== undefined && { clipNorm }) });
  return average === undefined ? optimizer : averaged(optimizer, average);
}

/** A recipe and the shape of its data as a model and its training step. */
export function assemble(
  recipe: Recipe,
  shape: DataShape,
): { readonly model: Model; readonly step: TrainingStep } {
  const model = modelOf(recipe, shape);
  return {
    model,
    step: trainingStep(recipe.name, objectiveOf(recipe, model, shape), optimizerOf(recipe, shape), {
      fixed: (name) => isGiven(recipe, name),
    }),
  };
}
