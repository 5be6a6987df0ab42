import type { Model } from '@semivae/runtime';
import { type Command, Option } from 'commander';
import { flagOf, forOtherBundles, positive, rate, type SharedOptions, shared } from '../arguments.ts';
import { TABLE_FLAGS, withTableFlags } from '../bundle-table.ts';
import { CommandFailure } from '../failure.ts';
import { checkNotInput } from '../inputs.ts';
import { openOutput } from '../output.ts';
import { backgrounds } from '../pictures.ts';
import { withFormulaFlag } from '../row-output.ts';
import { loadBundle } from '../source.ts';
import { withReference } from '../table-model.ts';
import { type ScoreImagesOptions, scoreImages } from './score-images.ts';
import { type ScoreTableOptions, scoreTable } from './score-table.ts';

interface ScoreOptions extends SharedOptions, ScoreImagesOptions, ScoreTableOptions {}

const help = `
Examples:
  semivae score models/digits-m2 scan1.png scan2.png
  semivae score models/digits-m2 --data digits --limit 500 --out scores.csv
  semivae score models/mnist-m2 t10k-images-idx3-ubyte.gz --out scores.jsonl
  semivae score models/payments new.csv --out scored.parquet
  semivae score models/payments 'logs/*.parquet' --fpr 0.001 --contributions --out scored.csv
  semivae score models/payments --sql "SELECT * FROM 'payments.parquet' WHERE day = DATE '2024-05-01'"

The score: the higher, the stranger; semivae inspect <bundle> tells what it is.

Images: a distance to training rows, with a p-value and a verdict as for tables. Of bundles without kept rows it is the negative
of a bound on log p(x), in nats, which ranks few anomalies: there, what counts as too strange is for you to choose.
Pictures are JPEG, PNG, WebP, AVIF, TIFF or GIF (the first frame), of 1 to 16 bits, and are read as a viewer shows them: turned
upright (EXIF), palettes looked up, transparent pixels over white; grey models see their luminance (Rec. 601).
Columns: index, file, score, p_value, anomaly and nll where the score is a distance, label and probability where the model has
classes.
Without --out the rows go to stdout as CSV and the summary to stderr.

Tables: CSV, TSV, Parquet, JSON, NDJSON (also .gz), npz. Columns are found by name, in any order; others are ignored. Cells are
read as they were written in training (semivae inspect tells how); --decimal, --date-format, --delimiter and --encoding say otherwise.
--out writes all columns of the input, and score, p_value and anomaly, nll (in nats), label and probability where the model
has classes, top_column and top_contribution (what adds most to the score), unseen (columns whose value did not occur in
training); with --contributions a column for what each adds. It comes into being when all rows are done, and not before.
Without --out the strangest rows are told, with reasons. --out - writes CSV to stdout.
Where far more rows are called anomalies than the calibration promises of ordinary ones, by more than chance (the exact test for
a threshold that is itself drawn: beta-binomial, p under 0.001), a warning says so and names the columns that have changed
most. --fail-on-drift then exits with 1; what is written is whole all the same.

Texts are written as they are; for a spreadsheet, --escape-formulas puts ' before those that it would run.`;

export function addScore(program: Command): void {
  const command = program
    .command('score')
    .summary('score images or rows of tables for strangeness, and classify them')
    .description(
      'Scores pictures, idx files, a named data set, or the rows of a table: how badly does the model explain each?',
    )
    .argument('<bundle>', 'the folder of a bundle')
    .argument('[files...]', 'pictures of the size of the model, or idx files; for a table, files or patterns')
    .option('--out <file>', 'where the rows go: images .csv, .jsonl; tables .parquet, .csv, .tsv, .ndjson, -')
    .option('--limit <n>', 'the first n rows only', positive)
    .option('--data <name>', 'images: a data set instead of files')
    .addOption(
      new Option(
        '--background <colour>',
        'images: what transparent pixels lie over (default: white)',
      ).choices(Object.keys(backgrounds)),
    )
    .option('--skip-unreadable', 'images: leave out files that cannot be read, and tell which')
    .option('--data-dir <folder>', 'images: read a named data set from here instead of downloading it')
    .option('--split <part>', 'images: train or test rows of --data (default: test)')
    .option('--fpr <rate>', "the rate of false alarms to keep (default: the bundle's own)", rate)
    .option('--contributions', 'tables: a column for what each column adds to the score')
    .option('--fail-on-drift', 'tables: exit with 1 where far more rows are anomalies than was promised');
  shared(withFormulaFlag(withTableFlags(command)), help).action(runScore);
}

async function runScore(bundle: string, files: string[], options: ScoreOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const { out, data, dataDir, sql } = options;
  await checkNotInput(out, { files: [bundle, ...files, data, dataDir], sql });
  const model = await loadBundle(bundle);
  try {
    checkFitting(model, bundle, options);
    const { kind } = model.manifest.input;
    if (kind === 'image') await scoreImages(model, bundle, files, options, output);
    else await scoreTable(await withReference(bundle, model), files, options, output);
  } finally {
    await model.dispose();
  }
}

const OF_IMAGES = ['data', 'dataDir', 'split', 'background', 'skipUnreadable'] as const;
const OF_TABLES = ['contributions', 'failOnDrift', ...TABLE_FLAGS] as const;

/** Throws `SCORE_OPTION` for an option that means nothing to the bundle. */
function checkFitting({ manifest }: Model, bundle: string, options: ScoreOptions): void {
  const isImage = manifest.input.kind === 'image';
  const strange = (isImage ? OF_TABLES : OF_IMAGES).find((each) => options[each] !== undefined);
  if (strange === undefined) return;
  const problem = forOtherBundles(flagOf(strange), isImage);
  throw new CommandFailure('SCORE_OPTION', bundle, problem, 'Leave it out.');
}
