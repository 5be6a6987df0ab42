import { graph, type Tensors as StoredTensors } from '@semivae/graph';
import { classDensity, known, type Model, trainingRows } from '@semivae/model';
import { streamOf } from '@semivae/runtime/core';
import { type DataShape, noisy } from './assemble.ts';
import { type BareRows, chunksOf } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';
import { shippedParameters } from './optimizers.ts';
import { rowNoise } from './row-noise.ts';

export interface DrawsOptions {
  /** Draws of each row that probabilities are averaged over. */
  readonly draws: number;
  /** Deviation of the noise on what q is shown of an image, as in training; 0 unless told. */
  readonly inputNoise?: number;
  readonly seed?: number;
}

/** Class probabilities [rows, classes] of the rows from `start` on. */
export interface AveragedPortion {
  readonly start: number;
  readonly probabilities: Float32Array;
}

/** A classifier whose answers are means over draws. */
export interface AveragedClassifier {
  /** What is drawn, by name: variables of q, and `shown` for noise on the input; empty where nothing is. */
  readonly drawn: readonly string[];
  readonly classify: (state: StoredTensors, rows: BareRows) => AsyncGenerator<AveragedPortion>;
}

/**
 * Opens E q(y|x, drawn) for calling with any state of a model of images, which must have classes: over what q draws before
 * y (Maaløe et al. 2016, section 3.2) and over noise on the input. A row's answer does not depend on the rows beside it.
 */
export async function openAveragedClassifier(
  engine: Engine,
  model: Model,
  { columns, classes }: Pick<DataShape, 'columns' | 'classes'>,
  { draws, inputNoise = 0, seed = 0 }: DrawsOptions,
): Promise<AveragedClassifier> {
  const { x } = trainingRows(columns, 'batch', 'x');
  const seen = known({ [model.x.name]: noisy(x, inputNoise, '') }, ['batch']);
  const { probabilities } = classDensity(model, model.y!, seen).answers;
  const classifier = graph('averaged classifier', { probabilities: probabilities! });
  const evaluator = await engine.openGraph(classifier);
  const times = classifier.noises.length === 0 ? 1 : draws;
  return {
    drawn: classifier.noises.map(({ leaf }) => leaf.name.replace(/^noise\((.*)\)$/, '$1')),
    async *classify(state, rows) {
      const shipped = shippedParameters(state);
      const parameters = Object.fromEntries(
        classifier.parameters.map(({ leaf }) => [leaf.name, fed(shipped[leaf.name]!)]),
      );
      for (const { start, x } of chunksOf(rows)) {
        const sums = new Float64Array(x.dims[0]! * classes);
        for (let step = 0; step < times; step++) {
          const noise = rowNoise(classifier.noises, x.dims[0]!, start, (_, index) => ({
            seed,
            stream: streamOf('averagedClassifier', index),
            step,
          }));
          const found = (await evaluator.run({ x, ...parameters, ...noise })).probabilities!;
          (found.data as Float32Array).forEach((each, i) => {
            sums[i] = sums[i]! + each;
          });
        }
        yield { start, probabilities: Float32Array.from(sums, (each) => each / times) };
      }
    },
  };
}
