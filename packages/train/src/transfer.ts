import type { Tensors } from '@semivae/graph';
import { asBelow, type Columns, usedColumns } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import { TrainingError } from './errors.ts';
import { isParameter } from './initial.ts';
import { type State, shippedParameters } from './optimizers.ts';
import type { RunInfo } from './run-info.ts';

/** A trained state, and of what it is. */
export interface Trained {
  readonly recipe: Recipe;
  readonly data: Pick<RunInfo['data'], 'columns'>;
  /** All of a checkpoint's state. */
  readonly state: Tensors;
}

/** What a training begins with, by name as its own model has it, and what became of each parameter. */
export interface Transfer {
  readonly initial: Tensors;
  /** Parameters of the new model that are taken over. */
  readonly taken: readonly string[];
  /** Those that begin anew. */
  readonly fresh: readonly string[];
  /** What was given and is of another shape here, or of no use. */
  readonly unused: readonly string[];
}

/** What makes the features of two data sets the same: not how they are scaled. */
const kindOf = (columns: Columns): unknown =>
  columns.kind === 'image'
    ? columns
    : usedColumns(columns).map((column) => [
        column.name,
        column.kind,
        'likelihood' in column && column.likelihood,
        'levels' in column && column.levels,
      ]);

const inWords = (columns: Columns): string =>
  columns.kind === 'image'
    ? `images of ${columns.width}×${columns.height} pixels in ${columns.channels} ${columns.channels === 1 ? 'channel' : 'channels'}`
    : `${usedColumns(columns).length} columns, ${usedColumns(columns)
        .map(({ name }) => name)
        .join(', ')}`;

function checkSameKind(to: Columns, from: Columns, place: string): void {
  if (JSON.stringify(kindOf(to)) === JSON.stringify(kindOf(from))) return;
  const [here, there] = [inWords(to), inWords(from)];
  const problem =
    here === there
      ? 'its columns have other kinds or categories than those here'
      : `it was trained on ${there}, and here are ${here}`;
  throw new TrainingError('INITIAL_MISFIT', place, problem, 'Begin with a run of data of the same kind.');
}

/** A trained model's parameters as they ship, named as the new model names them: an m1 is the lower part of an m1+m2. */
function named({ recipe, state }: Trained, to: Recipe): Tensors {
  const shipped = shippedParameters(state);
  const own = Object.fromEntries(Object.entries(shipped).filter(([name]) => !name.startsWith('adam/')));
  return to.model.kind === 'm1+m2' && recipe.model.kind === 'm1' ? asBelow(own) : own;
}

/**
 * What another training found, as what a new one begins with: all parameters and kept statistics that fit by name and
 * shape, at their running means where those were kept, and nothing of its optimizer. Throws `INITIAL_MISFIT` where
 * nothing fits, or the data is of another kind; `place` names the other run.
 */
export function transferred(
  to: Pick<Trained, 'recipe' | 'data'> & { readonly states: readonly State[] },
  from: Trained,
  place: string,
): Transfer {
  checkSameKind(to.data.columns, from.data.columns, place);
  const given = named(from, to.recipe);
  const own = to.states.filter(isParameter);
  const fits = ({ name, leaf }: State) => given[name]?.shape.join() === leaf.shape.join();
  const taken = own.filter(fits).map(({ name }) => name);
  const fresh = own.filter((each) => !fits(each)).map(({ name }) => name);
  const unused = Object.keys(given).filter((name) => !taken.includes(name));
  if (taken.length === 0 && to.recipe.objective.start.weight === 0) {
    const problem = `nothing of it, a ${from.recipe.model.kind}, fits a ${to.recipe.model.kind} of these sizes by name and shape`;
    const remedy = 'Give a run of the same model.kind and sizes, or an m1 for an m1+m2.';
    throw new TrainingError('INITIAL_MISFIT', place, problem, remedy);
  }
  return { initial: Object.fromEntries(taken.map((name) => [name, given[name]!])), taken, fresh, unused };
}
