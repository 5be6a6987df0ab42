import { extname } from 'node:path';
import { escapedFormula, writeAtomically } from '@semivae/data/node';
import { type ImageInput, imageInput, type Manifest, type Model } from '@semivae/runtime';
import { checkFits, type DataFlags, openData } from '../data.ts';
import { CommandFailure } from '../failure.ts';
import { imageScores } from '../image-scores.ts';
import { checkInterruption } from '../interruption.ts';
import type { Output } from '../output.ts';
import { type Background, type Pictures, readPictures } from '../pictures.ts';
import { showRate } from '../row-progress.ts';
import { table } from '../table.ts';

/** What `score` may be told about images. */
export interface ScoreImagesOptions extends DataFlags {
  readonly background?: Background;
  readonly skipUnreadable?: boolean;
  readonly split?: string;
  readonly limit?: number;
  readonly fpr?: number;
  readonly out?: string;
  readonly escapeFormulas?: boolean;
}

interface ScoredRow {
  readonly index: number;
  readonly file: string;
  readonly score: number;
  readonly pValue?: number;
  readonly anomaly?: boolean;
  readonly nll?: number;
  readonly label?: string;
  readonly probability?: number;
}

/** Scores picture files, idx files or a data set, and classifies them where the model has classes. Throws `OUT_FORMAT`, `SCORE_WHAT`. */
export async function scoreImages(
  model: Model,
  bundle: string,
  files: readonly string[],
  options: ScoreImagesOptions,
  output: Output,
): Promise<void> {
  checkOut(options.out);
  const pictures = limited(await picturesOf(bundle, files, options, model.manifest, output), options.limit);
  const rows = await scored(model, pictures, options);
  if (options.out !== undefined)
    await writeAtomically(options.out, encoded(rows, options.out, spellingOf(options)));
  report(rows, options, model.manifest, output);
}

function checkOut(out: string | undefined): void {
  if (out === undefined || ['.csv', '.jsonl'].includes(extname(out)) || out.startsWith('/dev/')) return;
  throw new CommandFailure(
    'OUT_FORMAT',
    out,
    'rows are written as .csv or .jsonl',
    'Give --out such an ending.',
  );
}

/** The pictures that files or a data set hold. Throws `SCORE_WHAT`, `SPLIT_UNKNOWN`, `DATA_…`. */
export async function picturesOf(
  bundle: string,
  files: readonly string[],
  options: ScoreImagesOptions,
  manifest: Manifest,
  output: Output,
): Promise<Pictures> {
  if (files.length > 0 === (options.data !== undefined)) {
    const problem = files.length > 0 ? 'files and --data were both given' : 'there is nothing to score';
    throw new CommandFailure('SCORE_WHAT', bundle, problem, 'Name files, or a data set by --data.');
  }
  const { name, labels } = manifest;
  const input = imageInput(manifest);
  if (options.data === undefined) return picturesIn(files, input, options, output);
  const { split = 'test' } = options;
  if (split !== 'train' && split !== 'test') {
    const problem = `there is no split '${split}'`;
    throw new CommandFailure('SPLIT_UNKNOWN', '--split', problem, 'Choose train or test.');
  }
  const images = (await openData(options.data, options.dataDir, output, markOf(manifest, options.data)))[
    split
  ];
  checkFits(images, { name, ...input, classes: images.classes.length > 0 ? labels : [] });
  return { bytes: images.bytes, names: Array.from({ length: images.rows }, () => images.name) };
}

/** What means no label in the data that the model was trained on. */
function markOf({ training }: Manifest, data: string): string | undefined {
  const { data: asked } = (training.recipe ?? {}) as {
    readonly data?: { readonly name?: string; readonly unlabelled?: string };
  };
  return asked?.name === data ? asked.unlabelled : undefined;
}

/** The pictures of files. Throws `SCORE_WHAT` where none of them can be read. */
async function picturesIn(
  files: readonly string[],
  input: ImageInput,
  { background, skipUnreadable }: ScoreImagesOptions,
  output: Output,
): Promise<Pictures> {
  let skipped = 0;
  const skip = ({ message }: CommandFailure) => {
    skipped++;
    output.note(`left out: ${message}`);
  };
  const pictures = await readPictures(files, input, {
    note: output.note,
    ...(background && { background }),
    ...(skipUnreadable && { skip }),
  });
  if (skipped > 0) output.note(`${skipped} of ${files.length} files left out`);
  if (pictures.names.length > 0) return pictures;
  throw new CommandFailure('SCORE_WHAT', files[0]!, 'none of the files can be read', 'Name other files.');
}

function limited({ bytes, names }: Pictures, limit: number = names.length): Pictures {
  const rows = Math.min(limit, names.length);
  return { bytes: bytes.subarray(0, (bytes.length / names.length) * rows), names: names.slice(0, rows) };
}

const ROWS_AT_ONCE = 250;

async function scored(
  model: Model,
  { bytes, names }: Pictures,
  { fpr }: ScoreImagesOptions,
): Promise<ScoredRow[]> {
  const width = bytes.length / names.length;
  const rows: ScoredRow[] = [];
  for (let start = 0; start < names.length; start += ROWS_AT_ONCE) {
    const portion = bytes.subarray(start * width, (start + ROWS_AT_ONCE) * width);
    const scores = await imageScores(model, portion, fpr === undefined ? {} : { fpr });
    const classes = model.manifest.heads.classifier ? await model.classify(portion) : [];
    scores.forEach(({ score, pValue, anomaly, nll }, i) => {
      const answer = classes[i];
      const known = answer && { label: answer.label, probability: answer.probability };
      const judged = pValue === undefined ? {} : { pValue, anomaly: anomaly! };
      const bound = nll === undefined ? {} : { nll };
      rows.push({ index: start + i, file: names[start + i]!, score, ...judged, ...bound, ...known });
    });
    await checkInterruption('score');
  }
  return rows;
}

/** How a text stands in a CSV. */
type Spelling = (text: string) => string;

const quoted: Spelling = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const spellingOf = ({ escapeFormulas }: ScoreImagesOptions): Spelling =>
  escapeFormulas ? (text) => quoted(escapedFormula(text)) : quoted;

const cellsOf = (
  { index, file, score, pValue, anomaly, nll, label, probability }: ScoredRow,
  spelt: Spelling,
): string[] => [
  String(index),
  spelt(file),
  nll === undefined ? score.toFixed(4) : score.toPrecision(6),
  ...(pValue === undefined ? [] : [pValue.toPrecision(6), String(anomaly)]),
  ...(nll === undefined ? [] : [nll.toFixed(4)]),
  ...(label === undefined ? [] : [spelt(label), probability!.toFixed(6)]),
];

function toCsv(rows: readonly ScoredRow[], spelt: Spelling): string {
  const [first] = rows;
  const head = [
    ...['index', 'file', 'score'],
    ...(first?.pValue === undefined ? [] : ['p_value', 'anomaly']),
    ...(first?.nll === undefined ? [] : ['nll']),
    ...(first?.label === undefined ? [] : ['label', 'probability']),
  ];
  return [head, ...rows.map((row) => cellsOf(row, spelt))].map((cells) => `${cells.join(',')}\n`).join('');
}

const encoded = (rows: readonly ScoredRow[], out: string, spelt: Spelling): string =>
  extname(out) === '.jsonl' ? rows.map((row) => `${JSON.stringify(row)}\n`).join('') : toCsv(rows, spelt);

const QUANTILES = [0, 0.05, 0.5, 0.95, 0.99, 1] as const;
const STRANGEST = 5;

function quantilesOf(rows: readonly ScoredRow[]): Record<string, number> {
  const sorted = rows.map(({ score }) => score).sort((a, b) => a - b);
  return Object.fromEntries(
    QUANTILES.map((share) => [`${100 * share}%`, sorted[Math.round(share * (sorted.length - 1))]!]),
  );
}

const figure = (score: number): string => (Math.abs(score) < 10 ? score.toPrecision(3) : score.toFixed(1));

function report(
  rows: readonly ScoredRow[],
  options: ScoreImagesOptions,
  { score: { unit }, calibration }: Manifest,
  output: Output,
): void {
  const { out } = options;
  const quantiles = quantilesOf(rows);
  const strangest = [...rows].sort((a, b) => b.score - a.score).slice(0, STRANGEST);
  const tell = out === undefined ? output.note : output.say;
  if (out === undefined) output.rows(toCsv(rows, spellingOf(options)).trimEnd());
  const anomalies = rows.filter(({ anomaly }) => anomaly).length;
  const { fpr = calibration?.fpr } = options;
  tell(
    `${rows.length} rows; score ${unit === 'nats' ? 'in nats' : 'as a distance'}, the higher the stranger`,
  );
  if (fpr !== undefined)
    tell(`${anomalies} anomalies, where ${showRate(fpr)} of ordinary rows are called so on average`);
  tell(table([Object.keys(quantiles), Object.values(quantiles).map(figure)]));
  tell('the strangest');
  tell(toTable(strangest));
  if (out !== undefined) tell(`rows in ${out}`);
  const where = out === undefined ? { rows } : { out };
  const told = fpr === undefined ? {} : { fpr, anomalies };
  output.answer({ n: rows.length, unit, ...told, quantiles, strangest, ...where });
}

const toTable = (rows: readonly ScoredRow[]): string =>
  table([
    ['index', 'score', 'p-value', 'label', 'probability', 'file'],
    ...rows.map(({ index, file, score, pValue, label = '', probability }) => [
      String(index),
      figure(score),
      pValue?.toPrecision(2) ?? '',
      label,
      probability?.toFixed(3) ?? '',
      file,
    ]),
  ]);
