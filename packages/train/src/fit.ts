import { chooseRows, labelShares, type TrainingSet } from '@semivae/data';
import type { Tensors as StoredTensors } from '@semivae/graph';
import type { Recipe } from '@semivae/recipe';
import { assemble, type DataShape, isGiven, stepsPerEpoch } from './assemble.ts';
import type { Engine, Metrics, Stepper } from './engines/engine.ts';
import { TrainingError } from './errors.ts';
import { openFeeder } from './feeds.ts';
import { stateFrom } from './initial.ts';
import { checkMonitored } from './monitor.ts';
import type { State } from './optimizers.ts';

/** Where a training stands: enough to go on from here, bit for bit. */
export interface Checkpoint {
  readonly step: number;
  /** Sums of the metrics over the steps of the epoch so far. */
  readonly sums: Metrics;
  readonly state: StoredTensors;
  /** Time spent so far, over all sittings, where it is kept. */
  readonly minutes?: number;
}

/** What `fit` yields: after every `reportEvery` steps, and after each epoch. */
export interface Report {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly epochEnded: boolean;
  /** Means over the epoch so far, in nats per row unless named otherwise. */
  readonly metrics: Metrics;
  /** The training as it stands at this moment. */
  checkpoint(): Promise<Checkpoint>;
}

export interface FitOptions {
  readonly seed: number;
  readonly engine: Engine;
  readonly resume?: Checkpoint;
  /** What another training has found, to begin with: all that fits by name and shape. */
  readonly initial?: StoredTensors;
  readonly reportEvery?: number;
}

/** What a graph must know of a training on `rows` rows of this kind. */
export const shapeOf = (
  { columns, classes, classShares }: Pick<TrainingSet, 'columns' | 'classes' | 'classShares'>,
  rows: number,
): DataShape => ({ columns, classes: classes.length, rows, ...(classShares && { classShares }) });

function checkFinite(loss: number | undefined, step: number): void {
  if (Number.isFinite(loss)) return;
  const remedy = 'Lower optimizer.learningRate or set optimizer.clipNorm.';
  throw new TrainingError('LOSS_NOT_FINITE', `step ${step}`, `the loss is ${loss}`, remedy);
}

/** Throws `STATE_NOT_FINITE`, naming the tensor: such a state must not take the place of a good one. */
function checkState(state: StoredTensors, step: number): StoredTensors {
  const bad = Object.keys(state).find((name) => !state[name]!.data.every(Number.isFinite));
  if (bad === undefined) return state;
  const remedy = 'Lower optimizer.learningRate or set optimizer.clipNorm.';
  throw new TrainingError(
    'STATE_NOT_FINITE',
    `step ${step}, '${bad}'`,
    'it holds numbers that are not finite',
    remedy,
  );
}

/** The state to go on from. Throws `CHECKPOINT_MISFIT` where it is not of this training. */
function resumedState(states: readonly State[], { state }: Checkpoint): StoredTensors {
  const misfit = states.find(
    ({ name, leaf }) => state[name]?.shape.join() !== (leaf.shape as readonly number[]).join(),
  );
  if (!misfit) return state;
  const problem = `its '${misfit.name}' is missing or has another shape than the recipe asks`;
  const remedy = 'The recipe in the run was changed after training: train anew.';
  throw new TrainingError('CHECKPOINT_MISFIT', 'checkpoint', problem, remedy);
}

/**
 * Where a training begins, `initial` being what another has found: step 0. Throws `INITIAL_MISSING` where the recipe
 * builds on something that is not given.
 */
export function begun(
  recipe: Recipe,
  states: readonly State[],
  seed: number,
  initial: StoredTensors,
): Checkpoint {
  const state = stateFrom(states, seed, initial);
  const missing = states.find(({ name }) => isGiven(recipe, name) && state[name] !== initial[name]);
  if (!missing) return { step: 0, sums: {}, state };
  const remedy = 'Begin with a trained M1 of these sizes (--init-from), or set model.stages to together.';
  const problem = `'${missing.name}' is not given in its shape`;
  throw new TrainingError('INITIAL_MISSING', `recipe ${recipe.name}`, problem, remedy);
}

const added = (sums: Metrics, metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, each]) => [name, (sums[name] ?? 0) + each]));

const divided = (sums: Metrics, by: number): Metrics =>
  Object.fromEntries(Object.entries(sums).map(([name, each]) => [name, each / by]));

/**
 * Trains by a recipe. Every batch and every draw is a pure function of (seed, step), so a training resumed from any
 * checkpoint ends bit-identical to one that was never stopped. Throws `LOSS_NOT_FINITE`, naming the step;
 * `checkpoint()` throws `STATE_NOT_FINITE`.
 */
export async function* fit(recipe: Recipe, set: TrainingSet, options: FitOptions): AsyncGenerator<Report> {
  const { seed, engine, resume, initial = {}, reportEvery = 20 } = options;
  const rows = chooseRows(recipe, set, seed);
  checkMonitored(recipe, set, rows);
  const shape = { ...shapeOf(set, rows.train.length), labelShares: labelShares(set, rows) };
  const { step: training } = assemble(recipe, shape);
  const feeder = openFeeder(training.graph, recipe, set, rows, seed);
  const perEpoch = stepsPerEpoch(recipe, shape);
  const steps = perEpoch * recipe.epochs;
  const stepper: Stepper = await engine.openStep(
    training,
    resume ? resumedState(training.state, resume) : begun(recipe, training.state, seed, initial).state,
  );
  try {
    let sums: Metrics = resume?.sums ?? {};
    for (let step = resume?.step ?? 0; step < steps; step++) {
      const within = step % perEpoch;
      feeder.fill(step);
      const metrics = await stepper.step(feeder.feeds);
      checkFinite(metrics.loss, step + 1);
      sums = added(within === 0 ? {} : sums, metrics);
      const epochEnded = within === perEpoch - 1;
      if (!epochEnded && (step + 1) % reportEvery !== 0) continue;
      const [done, summed] = [step + 1, sums];
      yield {
        step: done,
        steps,
        epoch: Math.floor(step / perEpoch) + 1,
        epochs: recipe.epochs,
        epochEnded,
        metrics: divided(summed, within + 1),
        checkpoint: async () => ({
          step: done,
          sums: summed,
          state: checkState(await stepper.state(), done),
        }),
      };
    }
  } finally {
    await stepper.close();
  }
}
