import { fileURLToPath } from 'node:url';
import { SemivaeError } from '@semivae/runtime/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type AdbenchOptions, benchAdbench } from './adbench.ts';
import { type AdultOptions, benchAdult } from './adult.ts';
import { benchEngines } from './engines.ts';
import { benchFalseAlarms, type FalseAlarmsOptions } from './false-alarms.ts';
import { benchImages, type ImagesOptions } from './images.ts';
import { benchKills, type KillsOptions } from './kills.ts';
import { benchLoad } from './load.ts';
import { benchNslKdd, type NslKddOptions } from './nsl-kdd.ts';
import { benchScore } from './score.ts';
import { benchScoreTable } from './score-table.ts';
import { benchSize } from './size.ts';
import { benchStep } from './step.ts';

const shipped = fileURLToPath(new URL('../../models/mnist-m2', import.meta.url));

const fashion = fileURLToPath(new URL('../../models/fashion-100', import.meta.url));

function positive(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 up.');
}

const progress = (text: string) => process.stderr.write(`${text}\n`);

/** A report as one line of JSON, or as a line for each figure. */
const lines = (report: object): string =>
  Object.entries(report)
    .map(
      ([name, figure]) => `${name.padEnd(24)}${typeof figure === 'object' ? JSON.stringify(figure) : figure}`,
    )
    .join('\n');

const print = (report: object, json: boolean | undefined): void =>
  console.log(json ? JSON.stringify(report) : lines(report));

interface Options {
  readonly json?: boolean;
  readonly threads?: number;
  readonly rounds?: number;
  readonly peers?: boolean;
}

const program = new Command('bench').description('Measures semivae; see bench/README.md.');

program
  .command('step')
  .description('a training step of M2 beside its matrix products, and beside plain tfjs on wasm')
  .option('--json', 'one line of JSON on stdout')
  .option('--threads <count>', "ONNX Runtime's threads; by default one for each core", positive)
  .option('--rounds <count>', 'rounds of alternation', positive)
  .option('--no-peers', 'leave tfjs out')
  .action(async ({ json, ...options }: Options) => print(await benchStep({ ...options, progress }), json));

program
  .command('images')
  .description(
    'how well the score of a bundle of images tells anomalies: other images, blank, inverted, noise, dimmed',
  )
  .argument('[bundle]', 'its folder', fashion)
  .option('--json', 'one line of JSON on stdout')
  .option('--data-dir <folder>', 'read data sets from here instead of downloading them')
  .option('--other <name>', 'a data set whose images are anomalies (default: mnist, or fashion-mnist)')
  .option('--rows <count>', 'anomalies of each kind (default: 1000)', positive)
  .action(async (bundle: string, { json, ...options }: Options & Omit<ImagesOptions, 'progress'>) =>
    print(await benchImages(bundle, { ...options, progress }), json),
  );

program
  .command('engines')
  .description('the same training step on each engine that is available')
  .option('--json', 'one line of JSON on stdout')
  .option('--threads <count>', "ONNX Runtime's threads; by default one for each core", positive)
  .option('--rounds <count>', 'rounds of alternation', positive)
  .action(async ({ json, ...options }: Options) => print(await benchEngines({ ...options, progress }), json));

program
  .command('adbench')
  .description('anomaly detection on the sets of ADBench, by the default recipe for tables')
  .requiredOption('--data-dir <folder>', 'the folder with the sets, *.npz with X and y')
  .option(
    '--only <name>',
    'sets whose names hold this; may be repeated',
    (name: string, all: string[] = []) => [...all, name],
  )
  .option('--known <count>', 'anomalies that training is told of; they are not judged', positive)
  .option('--jobs <count>', 'splits judged at once; by default one for each core', positive)
  .option('--json', 'one line of JSON on stdout')
  .action(async ({ json, ...options }: Options & AdbenchOptions) =>
    print(await benchAdbench({ ...options, progress }), json),
  );

program
  .command('adult')
  .description('classes from 1 % of labels, and holes filled, on Adult, by the default recipe for tables')
  .requiredOption('--data-dir <folder>', 'the folder with adult.data and adult.test')
  .option('--json', 'one line of JSON on stdout')
  .action(async ({ json, ...options }: Options & AdultOptions) =>
    print(await benchAdult({ ...options, progress }), json),
  );

program
  .command('nsl-kdd')
  .description('attacks found on NSL-KDD by a model of normal connections, by the default recipe for tables')
  .requiredOption('--data-dir <folder>', 'the folder with KDDTrain+_20Percent.txt and KDDTest+.txt')
  .option('--json', 'one line of JSON on stdout')
  .action(async ({ json, ...options }: Options & NslKddOptions) =>
    print(await benchNslKdd({ ...options, progress }), json),
  );

program
  .command('kills')
  .description('commands killed at random moments: what is torn, lost, or not bit for bit after that')
  .option('--count <kills>', 'how often each command is killed (default: 1000)', positive)
  .addOption(
    new Option('--only <commands...>', 'these alone').choices([
      'train',
      'export',
      'recalibrate',
      'score',
      'sweep',
    ]),
  )
  .option('--jobs <count>', 'how many at once; by default one for each core', positive)
  .option('--json', 'one line of JSON on stdout')
  .action(async ({ json, ...options }: Options & KillsOptions) =>
    print(await benchKills({ ...options, progress }), json),
  );

program
  .command('false-alarms')
  .description(
    'false alarms of shipped bundles at 0.01, 0.05 and 0.10, over many splits of very different tables',
  )
  .option('--data-dir <folder>', 'a folder with tables, to be used instead of ten made-up ones')
  .option(
    '--only <name>',
    'tables whose names hold this; may be repeated',
    (name: string, all: string[] = []) => [...all, name],
  )
  .option('--splits <count>', 'splits of each table (default: 50)', positive)
  .option('--json', 'one line of JSON on stdout')
  .action(async ({ json, ...options }: Options & FalseAlarmsOptions) =>
    print(await benchFalseAlarms({ ...options, progress }), json),
  );

const ofBundle = (name: string, description: string, measure: (folder: string) => Promise<object>) =>
  program
    .command(name)
    .description(description)
    .argument('[bundle]', "a bundle's folder", shipped)
    .option('--json', 'one line of JSON on stdout')
    .action(async (folder: string, { json }: Options) => print(await measure(folder), json));

ofBundle('score', 'rows scored and classified a second', benchScore);
program
  .command('score-table')
  .description('rows of a large table scored a second, beside the bare session')
  .option('--json', 'one line of JSON on stdout')
  .option('--rows <count>', 'rows of the table (default: 5000000)', positive)
  .action(async ({ json, rows }: Options & { readonly rows?: number }) =>
    print(await benchScoreTable({ ...(rows !== undefined && { rows }), progress }), json),
  );

ofBundle('load', 'time from a new process to the first score', benchLoad);
ofBundle('size', 'bytes of a bundle', benchSize);

await program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof SemivaeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
