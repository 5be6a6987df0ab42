import type { TrainingSet } from '@semivae/data';
import { featuresOf } from '@semivae/model';
import { RecipeError } from '@semivae/recipe';
import { streamOf, type Tensor } from '@semivae/runtime/core';
import { areMoved, type Moves, openMover } from './augmentation/moves.ts';
import { type Answers, chunksOf, openAnswerer } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import type { TrainedModel } from './neighbours/index.ts';

/** How often each row is moved, beside being asked about as it is. */
const VIEWS = 4;

/** A trained classifier, and what it is called: the folder of its run. */
export interface Teacher extends TrainedModel {
  readonly name: string;
}

export interface TeachingOptions {
  /** How images are moved before a teacher is asked again; no box is painted over. */
  readonly moves: Moves;
  /** The rows whose labels are seen: they are believed. */
  readonly labelled: Int32Array;
  readonly seed: number;
}

/** Throws `TEACHER_MISFIT` for a model that cannot tell the classes of these rows. */
function checkTeacher({ name, model: { x, y } }: Teacher, { columns, classes }: TrainingSet): void {
  if (y?.size === classes.length && x.size === featuresOf(columns)) return;
  const says = y ? `tells ${y.size} classes of ${x.size} features` : 'tells no classes';
  const needed = `${classes.length} classes of ${featuresOf(columns)} features are needed`;
  const remedy = 'Name finished runs of models with classes, on the same data.';
  throw new RecipeError('TEACHER_MISFIT', name, `it ${says}; ${needed}`, remedy);
}

/** Some rows as they are, and as they are moved each time. */
function* viewsOf(x: Tensor, start: number, { columns }: TrainingSet, { moves, seed }: TeachingOptions) {
  yield x;
  const still = { ...moves, erase: 0 };
  if (columns.kind !== 'image' || !areMoved(still)) return;
  const move = openMover(columns, x.dims[0]!, still, { seed, stream: streamOf('teachers') });
  for (let view = 0; view < VIEWS; view++) {
    const data = new Uint8Array(x.data.length);
    move(x.data as Uint8Array, data, start * VIEWS + view);
    yield { ...x, data };
  }
}

/** Adds the mean of what all say of all views of some rows to these rows' beliefs. */
async function addMean(beliefs: Float32Array, asked: readonly Answers[], views: readonly Tensor[]) {
  const share = 1 / (asked.length * views.length);
  for (const ask of asked)
    for (const view of views)
      (await ask(view)).forEach((said, i) => {
        beliefs[i]! += share * said;
      });
}

/** Rows whose labels are seen, as they are seen. */
function seeLabels(beliefs: Float32Array, { labels, classes }: TrainingSet, labelled: Int32Array): void {
  for (const row of labelled) {
    const own = beliefs.subarray(row * classes.length, (row + 1) * classes.length);
    own.fill(0);
    own[labels[row]!] = 1;
  }
}

/**
 * What trained classifiers say of the classes of all rows, [rows, classes] shares that sum to 1: the mean over them, and over
 * each row as it is and moved. Together they err less than each (Lakshminarayanan et al. 2017), and what they say can be
 * learned by one (Hinton et al. 2015). Throws `TEACHER_MISFIT`.
 */
export async function taught(
  engine: Engine,
  set: TrainingSet,
  teachers: readonly Teacher[],
  options: TeachingOptions,
): Promise<Float32Array> {
  for (const each of teachers) checkTeacher(each, set);
  const beliefs = new Float32Array(set.rows * set.classes.length);
  const answerers = await Promise.all(teachers.map(({ model }) => openAnswerer(engine, model, set.columns)));
  const asked = answerers.map((each, i) => each.with(teachers[i]!.parameters));
  try {
    for (const { start, x } of chunksOf(set)) {
      const views = [...viewsOf(x, start, set, options)];
      await addMean(beliefs.subarray(start * set.classes.length), asked, views);
    }
  } finally {
    await Promise.all(answerers.map((each) => each.close()));
  }
  seeLabels(beliefs, set, options.labelled);
  return beliefs;
}
