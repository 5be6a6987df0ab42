import type { Images } from '@semivae/data';
import { clustering } from '@semivae/train/node';
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
import { type Evaluation, evaluation, showEvaluation } from '../evaluation.ts';
import { type AveragedError, averagedError, showAveraged } from '../image-draws.ts';
import { type MeanLikelihood, showLikelihood, testLikelihood } from '../image-likelihood.ts';
import { checkAsked, type EvaluateImagesOptions } from '../image-options.ts';
import { imageScores } from '../image-scores.ts';
import { type ImageSource, inPortions, openImageSource, testImagesFor } from '../image-source.ts';
import type { Output } from '../output.ts';
import { showPercent } from '../table.ts';

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
  if (source.clusters === undefined) return { data, rows, classes: evaluation(predicted, labels, classes) };
  const clusters = clustering(predicted, labels, classes.length);
  const named = Array.from(predicted, (cluster) => clusters.classes[cluster]!);
  return { data, rows, classes: evaluation(named, labels, classes), clusters };
}

async function meanScore(source: ImageSource, test: Images): Promise<number> {
  const model = await source.bundle();
  const scores = await inPortions(test, (bytes) => imageScores(model, bytes));
  return scores.reduce((sum, { score, nll = score }) => sum + nll, 0) / test.rows;
}

/** What was told of images beside the error: parts of the answer. */
interface Told {
  readonly averaged?: AveragedError;
  readonly judge?: JudgedSamples;
  readonly trainedOnSamples?: LearnedFromSamples;
  readonly likelihood?: MeanLikelihood;
  readonly sheets?: readonly string[];
}

/** The class of the data that each class of the model stands for. */
const classesIn = ({ clusters }: TestedImages, { classes }: Images): readonly number[] =>
  clusters?.classes ?? classes.map((_, label) => label);

async function tellDraws(
  { run }: ImageSource,
  test: Images,
  tested: TestedImages,
  { draws }: EvaluateImagesOptions,
  output: Output,
): Promise<Told> {
  if (!run || draws === undefined) return {};
  const averaged = await averagedError(run, test, draws, classesIn(tested, test));
  if (averaged.drawn.length > 0) output.say(showAveraged(averaged));
  else output.note(`note: ${showAveraged(averaged)}`);
  return { averaged };
}

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

/** The libraries that draw are imported only here. */
async function tellSheets(
  source: ImageSource,
  test: Images,
  tested: TestedImages,
  { sheets: folder }: EvaluateImagesOptions,
  output: Output,
): Promise<Told> {
  if (folder === undefined) return {};
  const { writeSheets } = await import('../image-sheets.ts');
  const of = { model: await source.bundle(), test, named: classesIn(tested, test) };
  const sheets = await writeSheets(folder, { ...of, ...(tested.classes && { classes: tested.classes }) });
  output.say(`sheets ${sheets.join(', ')}`);
  return { sheets };
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
  try {
    checkJudge(source, test);
    return source;
  } catch (error) {
    await source.dispose();
    throw error;
  }
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
    const averaged = await tellDraws(source, test, tested, options, output);
    const samples = await tellSamples(source, judge, test, tested, options, output);
    const sheets = await tellSheets(source, test, tested, options, output);
    const likelihood = await tellLikelihood(source, test, options, output);
    output.answer({ ...testedAnswer(tested), ...averaged, ...samples, ...sheets, ...likelihood });
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
