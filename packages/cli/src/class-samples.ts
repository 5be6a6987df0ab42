import { type Images, imageSet } from '@semivae/data';
import { parseRecipe, type Recipe } from '@semivae/recipe';
import { fillNormal, type Image, type Model, streamOf } from '@semivae/runtime';
import {
  collectBetweenSteps,
  errorPercent,
  fit,
  modelOf,
  onnxRuntimeEngine,
  openClassifier,
  shapeOf,
} from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import type { ImageSource, ThreadFlags } from './image-source.ts';
import { checkInterruption } from './interruption.ts';
import { openRowProgress } from './row-progress.ts';
import { showPercent, table } from './table.ts';

const AT_ONCE = 500;

/** Grey values from 0 to 1 as bytes. */
const bytesOf = ({ values }: Image): Uint8Array => Uint8Array.from(values, (each) => Math.round(255 * each));

/**
 * Images of p(x|y,z), their means, z drawn from the prior: so many of each class, classes in turn. `classes` says which
 * class of the data each class of the model stands for.
 */
export async function drawSamples(
  model: Model,
  perClass: number,
  data: Pick<Images, 'classes' | 'width' | 'height'>,
  classes: readonly number[],
): Promise<Images> {
  const { latent, name } = model.manifest;
  const rows = perClass * classes.length;
  const bytes = new Uint8Array(rows * data.width * data.height);
  const drawn = Array.from({ length: rows }, (_, row) => row % classes.length);
  const progress = openRowProgress('samples', rows);
  try {
    for (let start = 0; start < rows; start += AT_ONCE) {
      const labels = drawn.slice(start, start + AT_ONCE);
      const z = new Float32Array(labels.length * latent.size);
      fillNormal(z, { seed: 0, stream: streamOf('sampleSheet'), step: 0 }, start * latent.size);
      const images = await model.decode<Image>(z, labels);
      images.forEach((image, i) => bytes.set(bytesOf(image), (start + i) * data.width * data.height));
      progress.rows(start + labels.length);
      await checkInterruption(name);
    }
  } finally {
    progress.stop();
  }
  const labels = Int32Array.from(drawn, (each) => classes[each]!);
  return { ...data, name: `samples of ${name}`, rows, bytes, labels };
}

/** How often a class's samples are taken for it. */
export interface JudgedClass {
  readonly label: string;
  /** Percent of its samples. */
  readonly accuracy: number;
  /** The class that they are most often taken for instead, and what percent of them. */
  readonly mistaken?: { readonly label: string; readonly percent: number };
}

/** How well samples of classes are told apart by another classifier. */
export interface JudgedSamples {
  readonly judge: string;
  /** The judge's own error on the test rows, in percent. */
  readonly judgeError: number;
  readonly samplesPerClass: number;
  /** Percent of all samples that are taken for their class. */
  readonly accuracy: number;
  readonly classes: readonly JudgedClass[];
}

/** Throws `JUDGE_MISFIT` where a judge cannot tell the classes of these images. */
export function checkJudge(judge: ImageSource, { classes, width, height }: Images): void {
  const { expected, place } = judge;
  const misfit = (problem: string) =>
    new CommandFailure('JUDGE_MISFIT', place, problem, 'Name a classifier of the same data by --judge.');
  if (!judge.classify) throw misfit('it has no classes, so it cannot judge');
  if (judge.clusters !== undefined)
    throw misfit('it was trained without labels, so its classes are clusters');
  if (expected.classes.join() !== classes.join())
    throw misfit(`its classes are ${expected.classes.join(', ')}, those of the data ${classes.join(', ')}`);
  if (expected.width !== width || expected.height !== height)
    throw misfit(`it takes ${expected.width}×${expected.height} pixels, the data has ${width}×${height}`);
}

function judgedClass(counts: readonly number[], own: number, names: readonly string[]): JudgedClass {
  const all = counts.reduce((sum, each) => sum + each, 0);
  const percent = (count: number) => (100 * count) / all;
  const others = counts.map((count, label) => (label === own ? 0 : count));
  const most = others.indexOf(Math.max(...others));
  const found = { label: names[own]!, accuracy: percent(counts[own]!) };
  if (others[most] === 0) return found;
  return { ...found, mistaken: { label: names[most]!, percent: percent(others[most]!) } };
}

/** What a judge takes samples for. */
export async function judgeSamples(
  judge: ImageSource,
  samples: Images,
  test: Images,
): Promise<JudgedSamples> {
  const { classes: names, labels } = samples;
  const taken = await judge.classify!(samples);
  const counts = names.map(() => names.map(() => 0));
  for (let row = 0; row < samples.rows; row++) counts[labels[row]!]![taken[row]!]!++;
  return {
    judge: judge.place,
    judgeError: errorPercent(await judge.classify!(test), test.labels),
    samplesPerClass: samples.rows / names.length,
    accuracy: 100 - errorPercent(taken, labels),
    classes: counts.map((each, label) => judgedClass(each, label, names)),
  };
}

/** Judged samples as a table, and the total below it. */
export function showJudged({ judge, judgeError, samplesPerClass, accuracy, classes }: JudgedSamples): string {
  const rows = classes.map(({ label, accuracy: own, mistaken }) => [
    label,
    showPercent(own),
    ...(mistaken ? [mistaken.label, showPercent(mistaken.percent)] : ['·', '']),
  ]);
  const total = `${showPercent(accuracy)} of ${samplesPerClass * classes.length} samples are taken for their class`;
  const shown = table([['samples of', 'taken for it', 'else for', ''], ...rows]);
  return `${shown}\n\n${total} by ${judge}, whose own test error is ${showPercent(judgeError)}`;
}

/** What came of learning from samples alone. */
export interface LearnedFromSamples {
  readonly samplesPerClass: number;
  readonly epochs: number;
  /** Percent of the test rows. */
  readonly accuracy: number;
}

const BATCH = 100;
const FEWEST_STEPS = 500;

/** Ten epochs, or as many as make up the fewest steps. */
const epochsFor = (rows: number): number =>
  Math.max(10, Math.ceil(FEWEST_STEPS / Math.max(1, Math.floor(rows / BATCH))));

/** A plain classifier, 500 rectified units between pixels and classes. */
const classifierRecipe = ({ name, rows }: Images): Recipe =>
  parseRecipe({
    name,
    data: { name, labels: rows },
    model: { kind: 'm2', hidden: [500] },
    objective: { kind: 'supervised' },
    batch: { labelled: Math.min(BATCH, rows), unlabelled: Math.min(BATCH, rows) },
    optimizer: { learningRate: 1e-3 },
    epochs: epochsFor(rows),
  });

/** The accuracy on real test rows of a classifier that has seen samples alone (Ravuri and Vinyals 2019); seed 0. */
export async function learnFromSamples(
  samples: Images,
  test: Images,
  { threads }: ThreadFlags,
): Promise<LearnedFromSamples> {
  const [recipe, set] = [classifierRecipe(samples), imageSet(samples)];
  const engine = onnxRuntimeEngine(threads === undefined ? {} : { threads });
  const progress = openRowProgress('training on samples', recipe.epochs * samples.rows);
  const shape = shapeOf(set, set.rows);
  const classify = await openClassifier(engine, modelOf(recipe, shape), shape);
  collectBetweenSteps();
  try {
    for await (const report of fit(recipe, set, { seed: 0, engine })) {
      progress.rows(report.step * recipe.batch.labelled);
      await checkInterruption(samples.name);
      if (report.step < report.steps) continue;
      const predicted = await classify((await report.checkpoint()).state, imageSet(test));
      const accuracy = 100 - errorPercent(predicted, test.labels);
      return { samplesPerClass: samples.rows / samples.classes.length, epochs: recipe.epochs, accuracy };
    }
  } finally {
    progress.stop();
  }
  throw new Error('a training without steps');
}

/** What came of learning from samples, in words. */
export const showLearned = (
  { samplesPerClass, accuracy }: LearnedFromSamples,
  { name, rows }: Images,
): string =>
  `accuracy ${showPercent(accuracy)} on ${rows} rows of ${name}, of a classifier trained on ${samplesPerClass} samples of each class alone`;
