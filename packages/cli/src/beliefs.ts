import {
  believed,
  chooseRows,
  type Engine,
  modelOf,
  type Recipe,
  shapeOf,
  shippedParameters,
  type TrainedModel,
  type TrainingSet,
} from '@semivae/train/node';
import type { Predecessor } from './initial.ts';
import type { Output } from './output.ts';

/** What is believed of rows before training, and how long it took to find. */
export interface Beliefs {
  readonly beliefs: Float32Array;
  readonly minutes: number;
}

const trainedModel = ({ info: { recipe, data }, checkpoint }: Predecessor): TrainedModel => ({
  model: modelOf(recipe, shapeOf(data, data.trainRows)),
  parameters: shippedParameters(checkpoint.state),
});

/** Guesses the classes of all rows from their neighbours, where a recipe starts with that. Throws `START_LATENT`. */
export async function openBeliefs(
  engine: Engine,
  recipe: Recipe,
  set: TrainingSet,
  seed: number,
  predecessor: Predecessor | undefined,
  output: Output,
): Promise<Beliefs | undefined> {
  const { weight, neighbours } = recipe.objective.start;
  if (weight === 0) return undefined;
  const near = predecessor ? `the latent of ${predecessor.folder}` : 'x itself';
  output.note(`start   classes are guessed from ${neighbours} neighbours in ${near}`);
  const from = predecessor && trainedModel(predecessor);
  const { labelled } = chooseRows(recipe, set, seed);
  const began = performance.now();
  const beliefs = await believed(engine, set, { neighbours, labelled, from, seed });
  return { beliefs, minutes: (performance.now() - began) / 60_000 };
}
