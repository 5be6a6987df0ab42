import type { ImageAnswer, Images, Model, ScoreOptions } from '@semivae/runtime';

/** What is said of an image's score: all of it where the score is a distance, itself alone where it is the bound. */
export type ImageScore = Pick<ImageAnswer, 'score'> & Partial<Omit<ImageAnswer, 'score'>>;

/** Scores of images, by whatever a bundle scores them. Throws CALIBRATION_…. */
export async function imageScores(
  model: Model,
  images: Images,
  options: ScoreOptions = {},
): Promise<ImageScore[]> {
  const answers = await model.score<ImageAnswer | number>(images, options);
  return answers.map((each) => (typeof each === 'number' ? { score: each } : each));
}
