import type { RawRows } from '@semivae/data';
import {
  type Files,
  isDateUnit,
  type Manifest,
  type Model,
  type Row,
  readChecked,
} from '@semivae/runtime/core';
import type { ImageParity, Parity, TableParity } from './parity.ts';

/** The largest difference between a bundle's answers and the trained model's own, and what is allowed. */
export interface Comparison {
  readonly answer: string;
  readonly difference: number;
  readonly limit: number;
  readonly ok: boolean;
}

/** Absolute for probabilities, latents and pixels; relative for the score. */
export const PARITY_LIMIT = 1e-5;
/** Of tables: their scores are sums of squares over many features. */
export const TABLE_PARITY_LIMIT = 1e-4;

function compare(
  answer: string,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  relative = false,
  limit = PARITY_LIMIT,
): Comparison {
  let difference = got.length === wanted.length ? 0 : Infinity;
  for (let i = 0; i < wanted.length; i++) {
    const gap = Math.abs(got[i]! - wanted[i]!) / (relative ? Math.max(1, Math.abs(wanted[i]!)) : 1);
    difference = Math.max(difference, gap); // NaN stays NaN, and is not ok
  }
  return { answer, difference, limit, ok: difference <= limit };
}

const flat = (rows: readonly ArrayLike<number>[]): number[] => rows.flatMap((row) => Array.from(row));

/** Asks a loaded bundle what the trained model was asked, through the calls that an app makes. */
export const compareAnswers = (model: Model, parity: Parity): Promise<Comparison[]> =>
  'rows' in parity ? compareTable(model, parity) : compareImages(model, parity);

/** Contributions are compared by the largest of a row, of which they are parts. */
/** Raw numbers of moments are milliseconds, whatever the column's numbers count elsewhere. */
function withDates(row: TableParity['rows'][number], { input }: Manifest): Row {
  const columns = input.kind === 'table' ? input.columns : [];
  const moments = columns.filter(({ written }) => isDateUnit(written?.date)).map(({ name }) => name);
  const cells = Object.entries(row).map(([name, cell]) => {
    const isMoment = typeof cell === 'number' && moments.includes(name);
    return [name, isMoment ? new Date(cell) : cell] as const;
  });
  return Object.fromEntries(cells);
}

async function compareTable(model: Model, { rows, answers }: TableParity): Promise<Comparison[]> {
  const found = await model.score(rows.map((row) => withDates(row, model.manifest)));
  const agrees = (answer: string, got: ArrayLike<number>, wanted: ArrayLike<number>, relative = false) =>
    compare(answer, got, wanted, relative, TABLE_PARITY_LIMIT);
  const flatOf = (pick: (answer: (typeof found)[number]) => ArrayLike<number>) => flat(found.map(pick));
  return [
    ...(answers.probabilities
      ? [
          agrees(
            'probabilities',
            flatOf((each) => each.probabilities!),
            flat(answers.probabilities),
          ),
        ]
      : []),
    agrees(
      'mean',
      flatOf((each) => each.mean),
      flat(answers.mean),
    ),
    agrees(
      'score',
      flatOf((each) => [each.score]),
      answers.score,
      true,
    ),
    agrees(
      'nll',
      flatOf((each) => [each.nll]),
      answers.nll,
      true,
    ),
    agrees(
      'contributions',
      flatOf((each) => Object.values(each.contributions)),
      flat(answers.contributions),
      true,
    ),
  ];
}

/** The bound alone, or a distance, which is a sum over many features, and the bound. */
async function compareScores(
  model: Model,
  rows: readonly Uint8Array[],
  { score, nll }: ImageParity['answers'],
): Promise<Comparison[]> {
  if (!nll) return [compare('score', await model.score<number>(rows), score, true)];
  const found = await model.score(rows);
  const [scores, bounds] = [found.map((each) => each.score), found.map((each) => each.nll)];
  return [
    compare('score', scores, score, true, TABLE_PARITY_LIMIT),
    compare('nll', bounds, nll, true, TABLE_PARITY_LIMIT),
  ];
}

async function compareImages(model: Model, { x, labels, z, answers }: ImageParity): Promise<Comparison[]> {
  const rows = x.map((row) => Uint8Array.from(row));
  const given = labels ? { labels } : {};
  const codes = await model.encode(rows, given);
  const images = await model.decode(
    z.map((row) => Float32Array.from(row)),
    labels,
  );
  const classes = answers.probabilities ? await model.classify(rows) : [];
  return [
    ...(answers.probabilities
      ? [
          compare(
            'probabilities',
            flat(classes.map((each) => each.probabilities)),
            flat(answers.probabilities),
          ),
        ]
      : []),
    compare('mean', flat(codes.map((each) => each.mean)), flat(answers.mean)),
    compare(
      'standard deviation',
      flat(codes.map((each) => each.standardDeviation)),
      flat(answers.standardDeviation),
    ),
    compare('image', flat(images.map((each) => each.values)), flat(answers.image)),
    ...(await compareScores(model, rows, answers)),
  ];
}

/** Rows that are asked again, one by one. */
const ASKED_AGAIN = 30;

/** How far a score lies from the nearest of the ascending ones, relative to the larger of 1 and itself. */
function distanceTo(ascending: readonly number[], score: number): number {
  const above = ascending.findIndex((each) => each >= score);
  const near = [ascending[above], ascending.at(above < 0 ? -1 : above - 1)].map((each) =>
    Math.abs((each ?? Infinity) - score),
  );
  return Math.min(...near) / Math.max(1, Math.abs(score));
}

/** Asks a loaded bundle, one row at a time, for raw rows that it was calibrated on: its calibration must have their scores. */
export async function compareCalibration(model: Model, { rows, columns }: RawRows): Promise<Comparison> {
  const { scores } = model.manifest.calibration!;
  const gaps: number[] = [];
  for (let row = 0; row < Math.min(ASKED_AGAIN, rows); row++) {
    const alone = Object.fromEntries(
      Object.entries(columns).map(([name, cells]) => [name, cells.slice(row, row + 1)]),
    );
    gaps.push(distanceTo(scores, (await model.scoreColumns(alone)).score[0]!));
  }
  const difference = Math.max(0, ...gaps);
  return { answer: 'calibration', difference, limit: PARITY_LIMIT, ok: difference <= PARITY_LIMIT };
}

/** A bundle's parity inputs and answers, checked against its manifest. Throws `BUNDLE_…`. */
export async function readParity(files: Files, model: Model): Promise<Parity> {
  const bytes = await readChecked(files, model.manifest.parity);
  return JSON.parse(new TextDecoder().decode(bytes)) as Parity;
}
