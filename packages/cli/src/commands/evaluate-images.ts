import { clustering, type Images } from '@semivae/train/node';
import {
  checkJudge,
  drawSamples,
  type JudgedSamples,
  judgeSamples,
  type LearnedFromSamples,
  learnFromSamples,
  showJudged,
  showLearned,
} from '../class-samples.ts';
import type { DataFlags } from '../data.ts';
import { type Evaluation, evaluation, showEvaluation } from '../evaluation.ts';
import { CommandFailure } from '../failure.ts';
import {
  type LikelihoodFlags,
  type MeanLikelihood,
  showLikelihood,
  testLikelihood,
} from '../image-likelihood.ts';
import {
  type ImageSource,
  inPortions,
  openImageSource,
  type ThreadFlags,
  testImagesFor,
} from '../image-source.ts';
import type { Output } from '../output.ts';
import { showPercent } from '../table.ts';

/** What `evaluate` may be told about images. */
export interface EvaluateImagesOptions extends DataFlags, LikelihoodFlags, ThreadFlags {
  /** A run or a bundle that judges samples. */
  readonly judge?: string;
  readonly trainOnSamples?: boolean;
  /** Samples of each class. */
  readonly samples?: number;
}

/** What came of asking a model for the images of a test set. */
export interface TestedImages {
  readonly data: string;
  readonly rows: number;
  /** Where the model has classes. */
  readonly classes?: Evaluation;
  /** Where its classes are clusters: the class that each of them is named by, and percent of rows that are of it. */
  readonly clusters?: { readonly accuracy: number; readonly classes: readonly number[] };
  /** The mean score, where it has no classes. */
  readonly score?: number;
}

/** Holds a model's classes against the labels of a test set; a model without classes tells its mean score. */
export async function testImages(source: ImageSource, test: Images): Promise<TestedImages> {
  const { name: data, rows, labels, classes } = test;
  if (!source.classify) return { data, rows, score: await meanScore(source, test) };
  const predicted = await source.classify(test);
  if (source.labelled) return { data, rows, classes: evaluation(predicted, labels, classes) };
  const clusters = clustering(predicted, labels, classes.length);
  const named = Array.from(predicted, (cluster) => clusters.classes[cluster]!);
  return { data, rows, classes: evaluation(named, labels, classes), clusters };
}

async function meanScore(source: ImageSource, test: Images): Promise<number> {
  const model = await source.bundle();
  const scores = await inPortions(test, (bytes) => model.score(bytes));
  return scores.reduce((sum, each) => sum + each, 0) / test.rows;
}

function refused(code: string, place: string, problem: string, remedy: string): CommandFailure {
  return new CommandFailure(code, place, problem, remedy);
}

/** Throws `RUN_NEEDED`, `NOT_GENERATIVE`, `MODEL_NO_CLASSES`, `OPTION_ALONE`: before anything long is begun. */
function checkAsked({ place, run, classify }: ImageSource, options: EvaluateImagesOptions): void {
  const { likelihood, rows, judge, trainOnSamples, samples } = options;
  const drawsSamples = judge !== undefined || trainOnSamples === true;
  if (rows !== undefined && likelihood === undefined)
    throw refused(
      'OPTION_ALONE',
      '--rows',
      'it says for how many rows the likelihood is told',
      'Add --likelihood.',
    );
  if (samples !== undefined && !drawsSamples)
    throw refused(
      'OPTION_ALONE',
      '--samples',
      'there is nobody to judge them',
      'Add --judge or --train-on-samples.',
    );
  if (likelihood !== undefined && !run)
    throw refused(
      'RUN_NEEDED',
      place,
      'a bundle has no p(x) to tell the likelihood by',
      'Name the run that it was made of.',
    );
  if (likelihood === undefined && !drawsSamples) return;
  if (run?.info.recipe.objective.kind === 'supervised')
    throw refused(
      'NOT_GENERATIVE',
      place,
      'a supervised baseline has neither p(x) nor samples',
      'Name a run of another objective.',
    );
  if (drawsSamples && !classify)
    throw refused(
      'MODEL_NO_CLASSES',
      place,
      'the model has no classes to draw samples of',
      'Leave --judge and --train-on-samples out.',
    );
}

/** What was told of images beside the error: parts of the answer. */
interface Told {
  readonly judge?: JudgedSamples;
  readonly trainedOnSamples?: LearnedFromSamples;
  readonly likelihood?: MeanLikelihood;
}

/** The class of the data that each class of the model stands for. */
const classesIn = ({ clusters }: TestedImages, { classes }: Images): readonly number[] =>
  clusters?.classes ?? classes.map((_, label) => label);

/** Judges samples, and learns from them, as far as was asked. */
async function tellSamples(
  source: ImageSource,
  judge: ImageSource | undefined,
  test: Images,
  tested: TestedImages,
  options: EvaluateImagesOptions,
  output: Output,
): Promise<Told> {
  if (!judge && !options.trainOnSamples) return {};
  const drawn = await drawSamples(
    await source.bundle(),
    options.samples ?? 1000,
    test,
    classesIn(tested, test),
  );
  const judged = judge && (await judgeSamples(judge, drawn, test));
  if (judged) output.say(`\n${showJudged(judged)}`);
  const learned = options.trainOnSamples ? await learnFromSamples(drawn, test, options) : undefined;
  if (learned) output.say(showLearned(learned, test));
  return { ...(judged && { judge: judged }), ...(learned && { trainedOnSamples: learned }) };
}

async function tellLikelihood(
  { run }: ImageSource,
  test: Images,
  options: EvaluateImagesOptions,
  output: Output,
): Promise<Told> {
  if (!run || options.likelihood === undefined) return {};
  const likelihood = await testLikelihood(run, test, options);
  output.say(showLikelihood(likelihood, test.name));
  return { likelihood };
}

/** Opens the judge that was named. Throws `JUDGE_MISFIT`. */
async function openJudgeFor(
  { judge, threads }: EvaluateImagesOptions,
  test: Images,
): Promise<ImageSource | undefined> {
  if (judge === undefined) return undefined;
  const source = await openImageSource(judge, threads === undefined ? {} : { threads });
  checkJudge(source, test);
  return source;
}

/** Tells the error of a model of images on a test set, and whatever else was asked for. */
export async function evaluateImages(
  source: ImageSource,
  options: EvaluateImagesOptions,
  output: Output,
): Promise<void> {
  checkAsked(source, options);
  const test = await testImagesFor(source, options, output);
  const judge = await openJudgeFor(options, test);
  try {
    const tested = await testImages(source, test);
    for (const line of testedLines(tested)) output.say(line);
    const samples = await tellSamples(source, judge, test, tested, options, output);
    const likelihood = await tellLikelihood(source, test, options, output);
    output.answer({ ...testedAnswer(tested), ...samples, ...likelihood });
  } finally {
    await judge?.dispose();
  }
}

/** The error of each class, or the mean score where there are none. */
function testedLines({ classes, clusters, score, rows, data }: TestedImages): string[] {
  const on = `on ${rows} rows of ${data}`;
  if (!classes) return [`mean score ${score!.toFixed(2)} nats ${on} (the model has no classes)`];
  const figure = clusters
    ? `clustering accuracy ${showPercent(clusters.accuracy)} ${on}, the clusters named by their best classes`
    : `error ${showPercent(classes.error)} ${on}`;
  return [showEvaluation(classes), '', figure];
}

const testedAnswer = ({ classes, clusters, score, rows, data }: TestedImages): object =>
  classes
    ? { ...classes, data, ...(clusters && { clusteringAccuracy: clusters.accuracy }) }
    : { score, unit: 'nats', n: rows, data };
