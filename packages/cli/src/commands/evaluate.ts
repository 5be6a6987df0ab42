import { readRun } from '@semivae/train/node';
import { type Command, Option } from 'commander';
import { positive, rate, type SharedOptions, shared } from '../arguments.ts';
import { withTableFlags } from '../bundle-table.ts';
import { checkNoImageOptions, type EvaluateImagesOptions } from '../image-options.ts';
import { bundleSource, type ImageSource, runSource } from '../image-source.ts';
import { checkNotInput } from '../inputs.ts';
import { type Output, openOutput } from '../output.ts';
import { kindOf, loadBundle } from '../source.ts';
import { evaluateImages } from './evaluate-images.ts';
import type { EvaluateTableOptions } from './evaluate-table.ts';

type EvaluateOptions = SharedOptions & EvaluateImagesOptions & EvaluateTableOptions;

const help = `
Examples:
  semivae evaluate runs/digits-m2-seed1
  semivae evaluate models/mnist-m2 --data mnist --data-dir ~/data
  semivae evaluate runs/sdgm --draws 20                         the error averaged over what the classifier draws
  semivae evaluate runs/mnist-m1 --likelihood --rows 1000       log p(x) of 1000 test images, 5000 samples each
  semivae evaluate models/mnist-m2 --judge runs/baseline        are its sevens sevens, to another classifier?
  semivae evaluate models/mnist-m2 --train-on-samples --samples 2000
  semivae evaluate runs/mnist-m2 --sheets sheets                samples, analogies, reconstructions, latent space
  semivae evaluate runs/people                                  its calibration rows that have a label
  semivae evaluate models/people --data labelled.csv --label-column income --positive '>50K'
  semivae evaluate models/payments --data checked.parquet --label-column fraud --anomaly-label 1
  semivae evaluate models/connections --data test.csv --label-column attack --normal-label normal

Images: the rows are the test set of the data that the model was trained on, unless --data names another of its kind.
A model without classes (m1) has no error: its mean score is told instead. Where no label was trained on, classes are
clusters: each is named by the class that fits best, and the clustering accuracy is told.
--draws and --likelihood need a run, for a bundle has no densities; --judge, --train-on-samples and --sheets take either.
--likelihood takes long: about the product of rows and samples; Ctrl-C stops it. Where processors are shared,
--threads 1 is often faster. --judge names any classifier of the same classes, best one trained with all labels:
  semivae train --data mnist --labels 60000 --set objective.kind=supervised --out runs/baseline
Tables: the rows are those of --data; a run is judged without, on its calibration rows, which training never saw, or, where it
knows anomalies and no classes, on its own data, of which it knows the anomalies: new ones judge better.
Where anomalies alone have a label, all other rows are ordinary, as in training.
--anomaly-label or --normal-label judges the anomaly score: AUROC, average precision, and what its threshold does.
Next: semivae score <bundle> for each row's own score, semivae report for a page to look at.`;

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a run or a bundle on test data')
    .description(
      'Tells the error on test data, for each class and as a confusion matrix; of images also log-likelihood, how samples are judged, and pictures; of a table how well anomalies are found.',
    )
    .argument('<run|bundle>', 'the folder of a run or of a bundle')
    .option('--data <name>', 'the data to test on: images by name, or labelled files of a table')
    .option('--data-dir <folder>', 'read a named data set from here instead of downloading it')
    .option('--label-column <name>', 'the column with labels (default: as in training)')
    .option('--positive <class>', 'the class whose ranking is judged (default: the second of two)')
    .option('--anomaly-label <label>', 'rows with this label are anomalies (default: as in training)')
    .option('--normal-label <label>', 'rows with this label are ordinary, all others with a label anomalies')
    .option(
      '--fpr <rate>',
      "the rate of false alarms that the threshold keeps (default: the bundle's own)",
      rate,
    )
    .option(
      '--draws <n>',
      'of a run of images: also the error with class probabilities averaged over so many draws',
      positive,
    )
    .addOption(
      new Option('--likelihood [samples]', 'log p(x) of the test images of a run, by importance samples')
        .preset('5000')
        .argParser(positive),
    )
    .option('--rows <n>', 'how many of the test images --likelihood takes (default: all)', positive)
    .option('--judge <run|bundle>', 'a classifier that says whether samples are of their class')
    .option('--train-on-samples', 'the test accuracy of a classifier that learns from samples alone')
    .option('--samples <n>', 'samples of each class for these two (default: 1000)', positive)
    .option(
      '--sheets <folder>',
      'write pictures: samples, analogies, reconstructions, latent space, confusion',
    )
    .option('--threads <n>', 'threads of ONNX Runtime (default: it chooses)', positive);
  shared(withTableFlags(command), help).action(runEvaluate);
}

async function runEvaluate(path: string, options: EvaluateOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const { sheets, data, dataDir } = options;
  await checkNotInput(sheets, { files: [path, data, dataDir] });
  const isRun = !/^https?:/.test(path) && (await kindOf(path)) === 'run';
  return (isRun ? evaluateRun : evaluateBundle)(path, options, output);
}

async function evaluateRun(path: string, options: EvaluateOptions, output: Output): Promise<void> {
  const info = await readRun(path);
  if (info.data.columns.kind !== 'table') return ofImages(runSource(path, info, options), options, output);
  checkNoImageOptions(path, options);
  return (await ofTables()).evaluateTableRun(path, info, options, output);
}

async function evaluateBundle(path: string, options: EvaluateOptions, output: Output): Promise<void> {
  const model = await loadBundle(path, options.threads === undefined ? {} : { threads: options.threads });
  if (model.manifest.input.kind === 'image') return ofImages(bundleSource(model, path), options, output);
  await model.dispose();
  checkNoImageOptions(path, options);
  return (await ofTables()).evaluateTableBundle(path, options, output);
}

async function ofImages(source: ImageSource, options: EvaluateOptions, output: Output): Promise<void> {
  try {
    return await evaluateImages(source, options, output);
  } finally {
    await source.dispose();
  }
}

/** The library that judges scores is imported only here: other commands need not wait for it. */
const ofTables = () => import('./evaluate-table.ts');
