import { type Images, imageSet } from '@semivae/data';
import { errorPercent, mostProbable, openAveragedClassifier, shapeOf } from '@semivae/train/node';
import type { TrainedRun } from './image-source.ts';
import { checkInterruption } from './interruption.ts';
import { openRowProgress } from './row-progress.ts';
import { showPercent } from './table.ts';

/** The error where class probabilities are averaged over draws. */
export interface AveragedError {
  readonly draws: number;
  /** What was drawn: variables of q, and `shown` for noise on the input; where nothing is, the error is the plain one. */
  readonly drawn: readonly string[];
  /** Percent of the test rows. */
  readonly error: number;
}

/** Classifies test images with noise drawn `draws` times; `classes` says which class each class of the model stands for. */
export async function averagedError(
  { info, model, engine, checkpoint }: TrainedRun,
  test: Images,
  draws: number,
  classes: readonly number[],
): Promise<AveragedError> {
  const set = imageSet(test);
  const { inputNoise } = info.recipe.objective;
  const shape = shapeOf(set, info.data.trainRows);
  const { drawn, classify } = await openAveragedClassifier(engine, model, shape, { draws, inputNoise });
  const answers = new Int32Array(test.rows);
  const progress = openRowProgress(`${draws} draws`, test.rows);
  try {
    for await (const { start, probabilities } of classify((await checkpoint()).state, set)) {
      const found = mostProbable(probabilities, classes.length).map((each) => classes[each]!);
      answers.set(found, start);
      progress.rows(start + found.length);
      await checkInterruption(test.name);
    }
  } finally {
    progress.stop();
  }
  return { draws, drawn, error: errorPercent(answers, test.labels) };
}

const inWords = (drawn: readonly string[]): string => {
  const hidden = drawn.filter((name) => name !== 'shown');
  return [...hidden, ...(hidden.length < drawn.length ? ['noise on the input'] : [])].join(' and ');
};

/** An averaged error in words. */
export const showAveraged = ({ draws, drawn, error }: AveragedError): string =>
  drawn.length
    ? `error ${showPercent(error)} with class probabilities averaged over ${draws} ${draws === 1 ? 'draw' : 'draws'} of ${inWords(drawn)}`
    : 'the classifier draws nothing and was trained without noise on the input: draws change nothing';
