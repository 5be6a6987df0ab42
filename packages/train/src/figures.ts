import type { Tensors } from '@semivae/graph';
import { type DataShape, modelOf } from './assemble.ts';
import { openTester } from './classify.ts';
import { range } from './data/shuffle.ts';
import { someRows, type TrainingSet } from './data/training-set.ts';
import type { Engine } from './engines/engine.ts';
import { chooseRows, shapeOf } from './fit.ts';
import { openJudge } from './judge.ts';
import { type Figures, isMonitored } from './monitor.ts';
import type { Recipe } from './recipe.ts';

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

/** Errors on the test rows, and on the labelled ones of those held out; nothing for a model without classes. */
async function openErrors(
  { recipe, test, engine }: Judged,
  shape: DataShape,
  held: TrainingSet,
): Promise<Figured> {
  const model = modelOf(recipe, shape);
  if (!model.y) return async () => ({});
  const ask = await openTester(engine, model, shape, { clusters: recipe.data.labels === 0 });
  const known = labelledRows(held);
  return async (state) => ({
    ...(test && { testError: await ask(state, test) }),
    ...(known.rows > 0 && { validationError: await ask(state, known) }),
  });
}

/** The bound on the rows held out, where something is decided by it. */
async function openBound({ recipe, engine }: Judged, shape: DataShape, held: TrainingSet): Promise<Figured> {
  if (!isMonitored(recipe) || recipe.monitor !== 'bound' || held.rows === 0) return async () => ({});
  const judge = await openJudge(engine, modelOf(recipe, shape), shape);
  return async (state) => ({ validationBound: await judge(state, held) });
}

/**
 * Opens what is told of a training at the end of an epoch: `testError` and `validationError` in percent, for a model with
 * classes, and `validationBound` in nats a row where the recipe goes by it.
 */
export async function openFigures(judged: Judged): Promise<Figured> {
  const { train, validation } = chooseRows(judged.recipe, judged.set, judged.seed);
  const shape = shapeOf(judged.set, train.length);
  const held = someRows(judged.set, validation);
  const all = [await openErrors(judged, shape, held), await openBound(judged, shape, held)];
  return async (state) => {
    const found: Figures[] = [];
    for (const each of all) found.push(await each(state));
    return Object.assign({}, ...found);
  };
}
