import { graph, type Tensors as StoredTensors } from '@semivae/graph';
import { encodeImages, type Model, query, rawInput } from '@semivae/model';
import type { DataShape } from './assemble.ts';
import type { Images } from './data/dataset.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';

const CHUNK = 1000;

/** The most probable class of each row of some probabilities; the first one at a tie. */
export function mostProbable(probabilities: Float32Array, classes: number): Uint8Array {
  const rows = probabilities.length / classes;
  return Uint8Array.from({ length: rows }, (_, row) => {
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

/** The most probable class of each image, by a trained classifier with this state. */
export type Classifier = (
  state: StoredTensors,
  images: Pick<Images, 'bytes' | 'rows'>,
) => Promise<Uint8Array>;

/** Opens q(y|x) for calling with any state of the same model, which must have classes. */
export async function openClassifier(
  engine: Engine,
  model: Model,
  { columns, classes }: DataShape,
): Promise<Classifier> {
  const raw = rawInput(columns, 'batch');
  const { probabilities } = query(model.q, model.y!, { x: encodeImages(raw) }).answers;
  const classifier = graph('classifier', { probabilities: probabilities! });
  const evaluator = await engine.openGraph(classifier);
  return async (state, { bytes, rows }) => {
    const parameters = Object.fromEntries(
      classifier.parameters.map(({ leaf }) => [leaf.name, fed(state[leaf.name]!)]),
    );
    const width = bytes.length / rows;
    const predicted = new Uint8Array(rows);
    for (let start = 0; start < rows; start += CHUNK) {
      const data = bytes.subarray(start * width, Math.min(rows, start + CHUNK) * width);
      const x = { type: 'uint8', dims: [data.length / width, width], data } as const;
      const answers = await evaluator.run({ x, ...parameters });
      predicted.set(mostProbable(answers.probabilities!.data as Float32Array, classes), start);
    }
    return predicted;
  };
}

/** A trained classifier's error on labelled images, in percent. */
export type Tester = (state: StoredTensors, images: Images) => Promise<number>;

/** `openClassifier`, its answers held against the labels. */
export async function openTester(engine: Engine, model: Model, shape: DataShape): Promise<Tester> {
  const classify = await openClassifier(engine, model, shape);
  return async (state, images) => errorPercent(await classify(state, images), images.labels);
}
