import { chooseRows, type TrainingSet } from '@semivae/data';
import type { Recipe } from '@semivae/recipe';
import {
  believed,
  type Engine,
  modelOf,
  shapeOf,
  shippedParameters,
  type TrainedModel,
  taught,
} from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import { type Predecessor, seenBefore } from './initial.ts';
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

/** What a training may start from: a run whose latent tells neighbours, or runs whose classifiers teach. */
export interface StartFrom {
  readonly predecessor?: Predecessor | undefined;
  readonly teachers: readonly Predecessor[];
}

/** Throws `TEACHER_UNUSED` where a recipe has no use for teachers. */
function checkUse({ name, objective: { start } }: Recipe, { teachers }: StartFrom): void {
  if (teachers.length === 0 || start.weight > 0) return;
  const problem = 'objective.start.weight is 0, so nothing is learned from the runs of --taught-by';
  const remedy = 'Set it, to 1 for a start, or leave --taught-by out.';
  throw new CommandFailure('TEACHER_UNUSED', `recipe ${name}`, problem, remedy);
}

/** Tells whom the beliefs are of. */
function introduceStart(recipe: Recipe, seed: number, { predecessor, teachers }: StartFrom, output: Output) {
  const near = predecessor ? `the latent of ${predecessor.folder}` : 'x itself';
  const { neighbours } = recipe.objective.start;
  output.note(
    teachers.length > 0
      ? `start   classes are taught by ${teachers.map(({ folder }) => folder).join(', ')}`
      : `start   classes are guessed from ${neighbours} neighbours in ${near}`,
  );
  for (const each of teachers) {
    const seen = seenBefore(each, recipe, seed);
    if (seen) output.note(`note    ${each.folder}: ${seen}`);
  }
}

/**
 * What is believed of the classes of all rows where a recipe starts with that: by its teachers, or else by neighbours.
 * Throws `START_LATENT`, `TEACHER_MISFIT`, `TEACHER_UNUSED`.
 */
export async function openBeliefs(
  engine: Engine,
  recipe: Recipe,
  set: TrainingSet,
  seed: number,
  from: StartFrom,
  output: Output,
): Promise<Beliefs | undefined> {
  checkUse(recipe, from);
  const { augmentation: moves, objective } = recipe;
  const { weight, neighbours } = objective.start;
  if (weight === 0) return undefined;
  introduceStart(recipe, seed, from, output);
  const { labelled } = chooseRows(recipe, set, seed);
  const began = performance.now();
  const teachers = from.teachers.map((each) => ({ ...trainedModel(each), name: each.folder }));
  const near = from.predecessor && trainedModel(from.predecessor);
  const beliefs = await (teachers.length > 0
    ? taught(engine, set, teachers, { moves, labelled, seed })
    : believed(engine, set, { neighbours, labelled, from: near, seed }));
  return { beliefs, minutes: (performance.now() - began) / 60_000 };
}
