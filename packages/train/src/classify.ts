import { range, type TrainingSet } from '@semivae/data';
import { graph, type Tensors as StoredTensors } from '@semivae/graph';
import { type Columns, classDensity, known, type Model, trainingRows } from '@semivae/model';
import type { Tensor } from '@semivae/runtime/core';
import type { DataShape } from './assemble.ts';
import { clustering } from './clusters.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';
import { shippedParameters } from './optimizers.ts';

const CHUNK = 1000;

/** The most probable class of each row of some probabilities; the first one at a tie. */
export function mostProbable(probabilities: Float32Array, classes: number): Int32Array {
  const rows = probabilities.length / classes;
  return Int32Array.from({ length: rows }, (_, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    return own.reduce((best, each, label) => (each > own[best]! ? label : best), 0);
  });
}

/** The share of rows, in percent, whose predicted class is not their label. */
export function errorPercent(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  let wrong = 0;
  for (let row = 0; row < labels.length; row++) if (predicted[row] !== labels[row]) wrong++;
  return (100 * wrong) / labels.length;
}

/** Rows without anything that is known of them. */
export type BareRows = Pick<TrainingSet, 'rows' | 'width' | 'type' | 'copy'>;

/** The most probable class of each row, by a trained classifier with this state. */
export type Classifier = (state: StoredTensors, set: BareRows) => Promise<Int32Array>;

/** All rows of a set as tensors of at most so many rows. */
export function* chunksOf(
  { rows, width, type, copy }: BareRows,
  atOnce = CHUNK,
): Generator<{ start: number; x: Tensor }> {
  for (let start = 0; start < rows; start += atOnce) {
    const count = Math.min(atOnce, rows - start);
    const data = type === 'uint8' ? new Uint8Array(count * width) : new Float32Array(count * width);
    copy(
      range(count).map((row) => start + row),
      data,
    );
    yield { start, x: { type, dims: [count, width], data } };
  }
}

/** Class probabilities of raw rows, row by row. */
export type Answers = (x: Tensor) => Promise<Float32Array>;

/** q(y|x) of a model that has classes, for any parameters of it. */
export interface Answerer {
  with(parameters: StoredTensors): Answers;
  close(): Promise<void>;
}

/** Opens q(y|x) of a model, which must have classes; what q draws before y stands at its mean. */
export async function openAnswerer(engine: Engine, model: Model, columns: Columns): Promise<Answerer> {
  const { x } = trainingRows(columns, 'batch', 'x');
  const seen = { ...known({ [model.x.name]: x }, ['batch']), still: true };
  const { probabilities } = classDensity(model, model.y!, seen).answers;
  const classifier = graph('classifier', { probabilities: probabilities! });
  const evaluator = await engine.openGraph(classifier);
  return {
    with(parameters) {
      const given = Object.fromEntries(
        classifier.parameters.map(({ leaf }) => [leaf.name, fed(parameters[leaf.name]!)]),
      );
      return async (x) => (await evaluator.run({ x, ...given })).probabilities!.data as Float32Array;
    },
    close: () => evaluator.close(),
  };
}

/** Opens q(y|x) for calling with any state of the same model. */
export async function openClassifier(
  engine: Engine,
  model: Model,
  { columns, classes }: DataShape,
): Promise<Classifier> {
  const answerer = await openAnswerer(engine, model, columns);
  return async (state, set) => {
    const answers = answerer.with(shippedParameters(state));
    const predicted = new Int32Array(set.rows);
    for (const { start, x } of chunksOf(set)) predicted.set(mostProbable(await answers(x), classes), start);
    return predicted;
  };
}

/** A trained classifier's error on labelled rows, in percent. */
export type Tester = (state: StoredTensors, set: BareRows & Pick<TrainingSet, 'labels'>) => Promise<number>;

export interface TesterOptions {
  /** Whether no label was trained on: the error is then that of clusters under their best naming. */
  readonly clusters?: boolean;
}

/** `openClassifier`, its answers held against the labels. */
export async function openTester(
  engine: Engine,
  model: Model,
  shape: DataShape,
  { clusters = false }: TesterOptions = {},
): Promise<Tester> {
  const classify = await openClassifier(engine, model, shape);
  return async (state, set) => {
    const predicted = await classify(state, set);
    if (!clusters) return errorPercent(predicted, set.labels);
    return 100 - clustering(predicted, set.labels, shape.classes).accuracy;
  };
}
