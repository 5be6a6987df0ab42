import { chooseRows, type Rows, range, someRows, type TrainingSet } from '@semivae/data';
import type { Tensors } from '@semivae/graph';
import type { Model } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import { type DataShape, modelOf } from './assemble.ts';
import { errorPercent, openClassifier, openTester } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import { shapeOf } from './fit.ts';
import { openJudge } from './judge.ts';
import { openLatentFigures } from './latent-figures.ts';
import { type Figures, goesByBound } from './monitor.ts';

/** A training of which figures are to be told. */
export interface Judged {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly set: TrainingSet;
  /** Rows that the error is told of. */
  readonly test?: TrainingSet;
  readonly engine: Engine;
}

/** What is told of a state. */
export type Figured = (state: Tensors) => Promise<Figures>;

const labelledRows = (held: TrainingSet): TrainingSet =>
  someRows(held, Int32Array.from(range(held.rows).filter((row) => held.labels[row]! >= 0)));

/** The name of a figure that a class has of its own: `recall/Coat`. */
export const ofClass = (figure: 'precision' | 'recall', name: string): string => `${figure}/${name}`;

const MOST_CLASSES = 100;

/** Percent of the rows of each class that are found, and of those taken for it that are of it, where there are such rows. */
export function classFigures(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  names: readonly string[],
): Figures {
  const [right, taken, there] = [names, names, names].map(() => new Float64Array(names.length));
  for (let row = 0; row < labels.length; row++) {
    const [label, answer] = [labels[row]!, predicted[row]!];
    there![label]!++;
    taken![answer]!++;
    if (label === answer) right![label]!++;
  }
  const percents = (figure: 'precision' | 'recall', of: Float64Array) =>
    names.flatMap((name, i) => (of[i] ? [[ofClass(figure, name), (100 * right![i]!) / of[i]]] : []));
  return Object.fromEntries([...percents('precision', taken!), ...percents('recall', there!)]);
}

type ErrorName = 'testError' | 'validationError';

/** The error of the rows that have a label, and where it is asked for what is found of each class. */
async function openError(
  { recipe, engine }: Judged,
  model: Model,
  shape: DataShape,
  rows: TrainingSet | undefined,
  name: ErrorName,
  byClass: boolean,
): Promise<Figured> {
  const known = rows && labelledRows(rows);
  if (!known || known.rows === 0) return async () => ({});
  if (recipe.data.labels === 0) {
    const ask = await openTester(engine, model, shape, { clusters: true });
    return async (state) => ({ [name]: await ask(state, known) });
  }
  const classify = await openClassifier(engine, model, shape);
  return async (state) => {
    const predicted = await classify(state, known);
    const each = byClass ? classFigures(predicted, known.labels, known.classes) : {};
    return { [name]: errorPercent(predicted, known.labels), ...each };
  };
}

/** Errors on the test rows, and on the labelled ones of those held out; nothing for a model without classes. */
async function openErrors(judged: Judged, shape: DataShape, held: TrainingSet): Promise<Figured> {
  const { recipe, test } = judged;
  const model = modelOf(recipe, shape);
  if (!model.y) return async () => ({});
  const few = shape.classes <= MOST_CLASSES;
  const tested = await openError(judged, model, shape, test, 'testError', few);
  const validated = await openError(judged, model, shape, held, 'validationError', few && !test);
  return async (state) => ({ ...(await tested(state)), ...(await validated(state)) });
}

/** What the latent carries of rows held out, or of those trained on where none are; a classifier alone has none. */
async function openLatent(
  { recipe, set, engine }: Judged,
  shape: DataShape,
  { train, validation }: Rows,
): Promise<Figured> {
  if (recipe.objective.kind === 'supervised') return async () => ({});
  const rows = validation.length > 0 ? validation : train;
  return openLatentFigures(engine, modelOf(recipe, shape), shape, set, rows);
}

/** The bound on the rows held out, where something is decided by it. */
async function openBound({ recipe, engine }: Judged, shape: DataShape, held: TrainingSet): Promise<Figured> {
  if (!goesByBound(recipe) || held.rows === 0) return async () => ({});
  const judge = await openJudge(engine, modelOf(recipe, shape), shape);
  return async (state) => ({ validationBound: await judge(state, held) });
}

/**
 * Opens what is told of a training at the end of an epoch: `testError` and `validationError` in percent, for a model with
 * classes, precision and recall of each, `validationBound` in nats a row where the recipe goes by it, and what the latent
 * carries: `divergence`, `activeUnits`, `reconstruction`.
 */
export async function openFigures(judged: Judged): Promise<Figured> {
  const rows = chooseRows(judged.recipe, judged.set, judged.seed);
  const shape = shapeOf(judged.set, rows.train.length);
  const held = someRows(judged.set, rows.validation);
  const all = [
    await openErrors(judged, shape, held),
    await openBound(judged, shape, held),
    await openLatent(judged, shape, rows),
  ];
  return async (state) => {
    const found: Figures[] = [];
    for (const each of all) found.push(await each(state));
    return Object.assign({}, ...found);
  };
}
