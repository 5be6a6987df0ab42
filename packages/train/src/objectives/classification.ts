import { add, constant, logSoftmax, mean, mul, neg, sum, type Value } from '@semivae/graph';
import {
  type Categorical,
  classDensity,
  evidence,
  type Known,
  type Model,
  type Variable,
} from '@semivae/model';
import { RecipeError } from '@semivae/recipe';
import type { Objective } from './objective.ts';

/** The classes of a model. Throws `MODEL_NO_CLASSES`. */
export function classesOf({ name, y }: Model): Variable {
  if (y) return y;
  throw new RecipeError(
    'MODEL_NO_CLASSES',
    `model ${name}`,
    'it has no classes',
    'Choose m2, or leave labels out.',
  );
}

/** One-hot rows with a share of each spread evenly over all classes (Szegedy et al. 2016, section 7). */
export const smoothed = (truth: Value, share: number): Value =>
  share === 0 ? truth : add(mul(truth, 1 - share), share / (truth.shape.at(-1) as number));

/** What a row counts by its class, of one-hot rows. */
export const countedBy = (truth: Value, classWeights: readonly number[]): Value =>
  sum(mul(truth, constant(Float32Array.from(classWeights), [classWeights.length])), [-1]);

/** −mean Σ truth·log softmax(logits): rows [n, classes] of both; each row times what it counts, where that is told. */
export function crossEntropy(logits: Value, truth: Value, counts?: Value): Objective {
  const each = sum(mul(truth, logSoftmax(logits)), [-1]);
  const loss = neg(mean(counts ? mul(each, counts) : each));
  return { loss, metrics: { crossEntropy: loss } };
}

/** −mean log q(y|x) over labelled rows: the classifier's own loss; `classWeights` say what a row of each class counts. */
export function classification(model: Model, labelled: Known, classWeights?: readonly number[]): Objective {
  const y = classesOf(model);
  const seen = {
    ...labelled,
    values: { [model.x.name]: evidence(labelled)[model.x.name]! },
    scope: `${labelled.scope}classifier/`,
  };
  const { logits } = classDensity(model, y, seen) as Categorical;
  const truth = labelled.values[y.name]!;
  return crossEntropy(logits, truth, classWeights && countedBy(truth, classWeights));
}
