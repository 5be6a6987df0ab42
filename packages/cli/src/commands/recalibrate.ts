import type { Cells, Chunk, Table } from '@semivae/data';
import {
  type BundleFiles,
  card,
  fileNames,
  readBundleFiles,
  verify,
  writeBundle,
} from '@semivae/export/node';
import {
  type Calibration,
  folderFiles,
  formatVersion,
  load,
  type Manifest,
  type Model,
  manifestFile,
  permutation,
  requireRows,
  sealManifest,
  thresholdFor,
} from '@semivae/runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { flagOf, forOtherBundles, rate, type SharedOptions, shared } from '../arguments.ts';
import {
  asking,
  type BundleTable,
  openBundleTable,
  ROWS_IN_A_CHUNK,
  TABLE_FLAGS,
  type TableFlags,
  withTableFlags,
} from '../bundle-table.ts';
import type { DataFlags } from '../data.ts';
import { CommandFailure } from '../failure.ts';
import { checkInterruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { openRecognition, type Recognised, type Recognition, recognisedInWords } from '../recognition.ts';
import { openRowProgress, showRate } from '../row-progress.ts';
import { loadBundle } from '../source.ts';
import { showPercent } from '../table.ts';
import { type TableModel, withReference } from '../table-model.ts';
import { calibratedImages } from './recalibrate-images.ts';

interface RecalibrateOptions extends SharedOptions, TableFlags, DataFlags {
  readonly split?: string;
  readonly fpr?: number;
  readonly out?: string;
  readonly normalLabel?: Wanted;
}

/** Rows whose cell in a column is this text. */
interface Wanted {
  readonly column: string;
  readonly value: string;
}

const help = `
Examples:
  semivae recalibrate models/payments lately.parquet
  semivae recalibrate models/payments lately.csv --fpr 0.001 --out models/payments-may
  semivae recalibrate models/payments checked.csv --normal-label fraud=0
  semivae recalibrate models/fashion lately/*.png

Scores rows that are known to be ordinary, and keeps those scores in the bundle: p-values and the threshold then hold for
rows drawn as these were. Nothing is trained. The rows must not have been trained on: where rows of a table were, a
warning says so. For a rate r, 1/r − 1 rows are needed
at least; of more than 10,000, as many are taken at random.
Without --out the bundle's manifest.json, and its README.md, are replaced.`;

function wanted(text: string): Wanted {
  const at = text.indexOf('=');
  if (at > 0) return { column: text.slice(0, at), value: text.slice(at + 1) };
  throw new InvalidArgumentError('Write <column>=<value>, such as fraud=0.');
}

export function addRecalibrate(program: Command): void {
  const command = program
    .command('recalibrate')
    .summary('keep a rate of false alarms on new data, without training')
    .description(
      'Replaces the calibration scores of a bundle by those of rows or images known to be ordinary.',
    )
    .argument('<bundle>', 'the folder of a bundle')
    .argument('[files...]', 'files of ordinary rows that training never saw, or patterns of them')
    .option('--fpr <rate>', "the rate of false alarms to keep (default: the bundle's own)", rate)
    .option('--data <name>', 'images: a data set instead of files')
    .option('--data-dir <folder>', 'images: read a named data set from here instead of downloading it')
    .option('--split <part>', 'images: train or test rows of --data (default: test)')
    .option('--normal-label <column=value>', 'take only rows with this value in this column', wanted)
    .option('--out <folder>', 'write a bundle there instead of changing this one');
  shared(withTableFlags(command), help).action(runRecalibrate);
}

const FALSE_ALARMS = 0.01;

async function runRecalibrate(bundle: string, files: string[], options: RecalibrateOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const { out = bundle } = options;
  const model = await loadBundle(bundle);
  try {
    checkFolder(bundle);
    checkFitting(bundle, options, model.manifest.input.kind === 'image');
    const { fpr = model.manifest.calibration?.fpr ?? FALSE_ALARMS } = options;
    const asked = { ...options, fpr };
    const { calibration, recognised } =
      model.manifest.input.kind === 'image'
        ? await ofImages(model, bundle, files, asked, output)
        : await calibrated(await withReference(bundle, model), files, asked, output);
    const changed = await changedFiles(bundle, model.manifest, calibration);
    await checkInterruption(out);
    await writeBundle(out, { ...(await readBundleFiles(bundle)), ...changed });
    await checkWritten(out, calibration);
    report(out, { before: model.manifest.calibration, now: calibration, recognised }, output);
  } finally {
    await model.dispose();
  }
}

const ofImages = async (...asked: Parameters<typeof calibratedImages>): Promise<Calibrated> => ({
  calibration: await calibratedImages(...asked),
});

const OF_IMAGES = ['data', 'dataDir', 'split'] as const;
const OF_TABLES = ['normalLabel', ...TABLE_FLAGS] as const;

/** Throws `RECALIBRATE_OPTION` for an option that means nothing to the bundle. */
function checkFitting(bundle: string, options: RecalibrateOptions, isImage: boolean): void {
  const idle = (isImage ? OF_TABLES : OF_IMAGES).find((each) => options[each] !== undefined);
  if (idle === undefined) return;
  const problem = forOtherBundles(flagOf(idle), isImage);
  throw new CommandFailure('RECALIBRATE_OPTION', bundle, problem, 'Leave it out.');
}

function checkFolder(bundle: string): void {
  if (!/^https?:/.test(bundle)) return;
  const remedy = 'Fetch its files into a folder, and name that.';
  throw new CommandFailure('NOT_A_FOLDER', bundle, 'only a bundle in a folder can be changed', remedy);
}

interface Calibrating extends TableFlags {
  readonly fpr: number;
  readonly normalLabel?: Wanted;
}

interface Calibrated {
  readonly calibration: Calibration;
  /** Where rows are among them that training saw. */
  readonly recognised?: Recognised | undefined;
}

/** Scores of ordinary rows, as a calibration. Throws CALIBRATION_TOO_FEW, SCORE_NOT_FINITE. */
async function calibrated(
  { model, trained }: TableModel,
  files: readonly string[],
  { fpr, normalLabel, ...flags }: Calibrating,
  output: Output,
): Promise<Calibrated> {
  const besides = normalLabel && !sees(model.manifest, normalLabel.column) ? [normalLabel.column] : [];
  const opened = await openBundleTable(model.manifest, files, { ...flags, besides }, output);
  try {
    const rows = await ordinaryRows(opened.table, normalLabel);
    requireRows(rows.length, fpr);
    const recognition = trained && openRecognition(trained, opened.names);
    const scores = await scoresOf(model, opened, someOf(rows), recognition);
    const calibration = {
      rows: scores.length,
      fpr,
      threshold: thresholdFor(scores, fpr),
      scores,
      data: described(scores, opened.table, normalLabel),
      scorer: model.manifest.heads.scorer.sha256,
    };
    return { calibration, recognised: await recognition?.recognised() };
  } finally {
    await opened.table.close();
  }
}

const sees = ({ input }: Manifest, name: string): boolean =>
  input.kind === 'table' && input.columns.some((column) => column.name === name && column.kind !== 'ignored');

function described({ length }: readonly number[], { place }: Table, normal: Wanted | undefined): string {
  const of = normal ? ` with ${normal.column} = ${normal.value}` : '';
  return `${length} rows of ${fileNames(place)}${of}, said to be ordinary`;
}

/** The numbers of the rows that are taken for ordinary, from 0. */
async function ordinaryRows(table: Table, normal: Wanted | undefined): Promise<Uint32Array> {
  if (!normal) return Uint32Array.from({ length: table.rows }, (_, row) => row);
  const rows: number[] = [];
  for await (const { start, columns } of table.chunks([normal.column])) {
    const cells = columns[normal.column]!;
    for (let i = 0; i < cells.length; i++) if (String(cells[i]) === normal.value) rows.push(start + i);
  }
  return Uint32Array.from(rows);
}

/** Scores beyond these would make a manifest large and no p-value that anybody asks for finer. */
const MOST = 10_000;

/** So many rows at random, in their order. */
const someOf = (rows: Uint32Array): Uint32Array =>
  rows.length <= MOST
    ? rows
    : permutation(rows.length, 0, 0)
        .subarray(0, MOST)
        .map((at) => rows[at]!)
        .sort();

/** The scores of some rows, ascending. */
async function scoresOf(
  model: Model,
  { table, names }: BundleTable,
  rows: Uint32Array,
  recognition: Recognition | undefined,
): Promise<readonly number[]> {
  const progress = openRowProgress('scoring', rows.length);
  const scores: number[] = [];
  try {
    for await (const chunk of table.chunks(names, ROWS_IN_A_CHUNK)) {
      const places = placesIn(chunk, rows, scores.length);
      if (places.length > 0) scores.push(...(await scoresAt(model, table, chunk, places, recognition)));
      progress.rows(scores.length);
      await checkInterruption(table.place);
      if (scores.length === rows.length) break;
    }
  } finally {
    progress.stop();
  }
  return scores.sort((a, b) => a - b);
}

/** Where the rows from `next` on stand in a chunk. */
function placesIn({ start, rows: length }: Chunk, rows: Uint32Array, next: number): number[] {
  const places: number[] = [];
  for (let i = next; i < rows.length && rows[i]! < start + length; i++) places.push(rows[i]! - start);
  return places;
}

const picked = (cells: Cells, places: readonly number[]): Cells =>
  cells instanceof Float64Array
    ? Float64Array.from(places, (at) => cells[at]!)
    : places.map((at) => cells[at]!);

async function scoresAt(
  model: Model,
  table: Table,
  chunk: Chunk,
  places: readonly number[],
  recognition: Recognition | undefined,
): Promise<Float32Array> {
  const columns = Object.fromEntries(
    Object.entries(chunk.columns).map(([name, cells]) => [name, picked(cells, places)]),
  );
  recognition?.add(columns, places.length);
  const rowOf = (row: number) => chunk.start + places[row]!;
  const { score } = await asking(table, rowOf, () => model.scoreColumns(columns));
  return score;
}

/** manifest.json with a calibration, and README.md where it tells of one. */
async function changedFiles(
  bundle: string,
  manifest: Manifest,
  calibration: Calibration,
): Promise<BundleFiles> {
  const { read } = folderFiles(bundle);
  const decoded = async (name: string) => new TextDecoder().decode(await read(name));
  const stored = JSON.parse(await decoded(manifestFile)) as Manifest;
  const readme = await decoded(README).catch(() => undefined);
  const encoded = (text: string) => new TextEncoder().encode(text);
  return {
    [manifestFile]: await sealManifest({ ...stored, formatVersion, calibration }),
    ...(readme !== undefined && { [README]: encoded(retold(readme, manifest, calibration)) }),
  };
}

const README = 'README.md';

/** Where a model card says what it was calibrated on. */
const CALIBRATED = /^Calibrated on .*?average\.$/ms;

/** Of the data a bundle keeps too little to write its card again. */
const NO_DATA: Parameters<typeof card>[1] = {
  ...{ name: '', source: '', licence: '', citation: '' },
  ...{ columns: { kind: 'table', columns: [] }, classes: [], trainRows: 0, testRows: 0 },
  examples: { rows: [], labels: [] },
};

/** A model card with another calibration. */
function retold(readme: string, manifest: Manifest, calibration: Calibration): string {
  const now = CALIBRATED.exec(card({ ...manifest, calibration }, NO_DATA))?.[0];
  if (now === undefined) return readme;
  return CALIBRATED.test(readme)
    ? readme.replace(CALIBRATED, () => now)
    : readme.replace(/^## Training$/m, () => `${now}\n\n## Training`);
}

/** Reads the bundle back. Throws `NOT_AS_WRITTEN`, `BUNDLE_…`. */
async function checkWritten(out: string, written: Calibration): Promise<void> {
  const model = await load(out);
  const { calibration } = model.manifest;
  await model.dispose();
  const comparison = await verify(folderFiles(out));
  const same = JSON.stringify(calibration) === JSON.stringify(written);
  if (same && comparison.every(({ ok }) => ok)) return;
  const remedy = 'Export the bundle again, and see whether the disk is sound.';
  throw new CommandFailure('NOT_AS_WRITTEN', out, 'what was written reads back as something else', remedy);
}

interface Changed {
  readonly before: Calibration | undefined;
  readonly now: Calibration;
  readonly recognised: Recognised | undefined;
}

function report(out: string, { before, now, recognised }: Changed, output: Output): void {
  const { rows, fpr, threshold, data } = now;
  const old = before && {
    ...{ rows: before.rows, fpr: before.fpr, threshold: before.threshold },
    share: now.scores.filter((score) => score > before.threshold).length / rows,
  };
  output.say(`calibrated on ${data}`);
  if (old)
    output.say(`before: scores above ${shown(old.threshold)}, ${showPercent(100 * old.share)} of these rows`);
  output.say(`now:    scores above ${shown(threshold)}, ${showRate(fpr)} of ordinary rows on average`);
  output.say(`bundle in ${out}`);
  for (const line of recognised ? recognisedInWords(recognised) : []) output.note(line);
  const about = { ...(old && { before: old }), ...(recognised && { trainedOn: recognised }) };
  output.answer({ bundle: out, rows, fpr, threshold, ...about });
}

const shown = (threshold: number): string => String(Number(threshold.toPrecision(6)));
