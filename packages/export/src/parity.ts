import { rawTensors } from '@semivae/data';
import type { Tensors as StoredTensors } from '@semivae/graph';
import { rawOrder, type TableColumns } from '@semivae/model';
import { fillNormal, streamOf, type Tensor, type Tensors } from '@semivae/runtime/core';
import { type Engine, type Examples, latentOf, type RunInfo } from '@semivae/train';
import { ask } from './ask.ts';
import type { HeadGraphs } from './heads.ts';

type Rows = readonly (readonly number[])[];
type CellRow = Readonly<Record<string, number | string | null>>;

/** Images, and the trained model's own answers to them: what the shipped files must answer too. */
export interface ImageParity {
  readonly x: Rows;
  /** The class that each row is encoded and decoded with; absent for a model without classes. */
  readonly labels?: readonly number[];
  readonly z: Rows;
  readonly answers: {
    readonly probabilities?: Rows;
    readonly mean: Rows;
    readonly standardDeviation: Rows;
    readonly image: Rows;
    readonly score: readonly number[];
    /** Where the score is a distance. */
    readonly nll?: readonly number[];
  };
}

/** Rows of a table, and the trained model's own answers to them. */
export interface TableParity {
  readonly rows: readonly CellRow[];
  readonly answers: {
    readonly probabilities?: Rows;
    readonly mean: Rows;
    readonly contributions: Rows;
    readonly score: readonly number[];
    readonly nll: readonly number[];
  };
}

export type Parity = ImageParity | TableParity;

/** Digits enough to give back a float32 exactly. */
const rounded = (number: number): number => Number(number.toPrecision(9));

const rowsOf = (tensor: Tensor): Rows => {
  const width = tensor.dims.slice(1).reduce((product, each) => product * each, 1);
  const data = Array.from(tensor.data as Float32Array, rounded);
  return Array.from({ length: tensor.dims[0]! }, (_, row) => data.slice(row * width, (row + 1) * width));
};

const matrix = (type: 'uint8' | 'float32', rows: Rows): Tensor => ({
  type,
  dims: [rows.length, rows[0]!.length],
  data: (type === 'uint8' ? Uint8Array : Float32Array).from(rows.flat()),
});

const oneHot = (labels: readonly number[], classes: number): Rows =>
  labels.map((label) => Array.from({ length: classes }, (_, i) => Number(i === label)));

async function imageAnswers(
  engine: Engine,
  graphs: HeadGraphs,
  state: StoredTensors,
  { x = [], labels }: Examples,
  { classes, latent }: { readonly classes: number; readonly latent: number },
): Promise<ImageParity> {
  const noise = new Float32Array(x.length * latent);
  fillNormal(noise, { seed: 0, stream: streamOf('parity'), step: 0 });
  const z = rowsOf({ type: 'float32', dims: [x.length, latent], data: noise });
  const feeds = {
    x: matrix('uint8', x),
    y: matrix('float32', oneHot(labels, classes)),
    z: matrix('float32', z),
  };
  const { probabilities } = graphs.classifier ? await ask(engine, graphs.classifier, state, feeds) : {};
  const { mean, logVariance } = await ask(engine, graphs.encoder, state, feeds);
  const { mean: image } = await ask(engine, graphs.decoder, state, feeds);
  const { score, nll } = await ask(engine, graphs.scorer, state, feeds);
  return {
    x,
    ...(graphs.classifier && { labels }),
    z,
    answers: {
      ...(probabilities && { probabilities: rowsOf(probabilities) }),
      mean: rowsOf(mean!),
      standardDeviation: rowsOf(logVariance!).map((row) => row.map((each) => rounded(Math.exp(each / 2)))),
      image: rowsOf(image!),
      score: rowsOf(score!).flat(),
      ...(nll && { nll: rowsOf(nll).flat() }),
    },
  };
}

/** Rows as raw tensors. */
function tensorsOf(columns: TableColumns, rows: readonly CellRow[]): Tensors {
  const { numbers, texts } = rawOrder(columns);
  const cells = Object.fromEntries([
    ...numbers.map((name) => [name, Float64Array.from(rows, (row) => (row[name] ?? Number.NaN) as number)]),
    ...texts.map((name) => [name, rows.map((row) => String(row[name] ?? ''))]),
  ]);
  return rawTensors(columns, cells, rows.length);
}

async function tableAnswers(
  engine: Engine,
  { scorer }: HeadGraphs,
  state: StoredTensors,
  columns: TableColumns,
  { rows = [] }: Examples,
): Promise<TableParity> {
  const answers = await ask(engine, scorer, state, tensorsOf(columns, rows));
  const { score, nll, contributions, mean, probabilities } = answers;
  return {
    rows,
    answers: {
      ...(probabilities && { probabilities: rowsOf(probabilities) }),
      mean: rowsOf(mean!),
      contributions: rowsOf(contributions!),
      score: rowsOf(score!).flat(),
      nll: rowsOf(nll!).flat(),
    },
  };
}

/** Latents drawn from the prior, and classes in turn: what rows are made up from. */
function drawnFeeds(rows: number, latent: number, classes: number): Tensors {
  const noise = new Float32Array(rows * latent);
  fillNormal(noise, { seed: 0, stream: streamOf('parity'), step: 1 });
  const labels = Array.from({ length: rows }, (_, row) => row % classes);
  return {
    z: { type: 'float32', dims: [rows, latent], data: noise },
    ...(classes > 0 && { y: matrix('float32', oneHot(labels, classes)) }),
  };
}

const DRAWN_ROWS = 10;
/** Of a drawn row every so many cells are missing, but none of the first. */
const HOLES = 5;

/** Cells of decoded rows; a number beyond float64 is missing. */
function drawnCells(columns: TableColumns, decoded: Tensors): CellRow[] {
  const { numbers, texts } = rawOrder(columns);
  const cellAt = (row: number) => [
    ...numbers.map((name, i) => [name, decoded['cells/numbers']!.data[row * numbers.length + i]!] as const),
    ...texts.map((name, i) => [name, decoded['cells/texts']!.data[row * texts.length + i]!] as const),
  ];
  const isHole = (row: number, column: number) => row > 0 && (row + column) % HOLES === 0;
  return Array.from({ length: DRAWN_ROWS }, (_, row) =>
    Object.fromEntries(
      cellAt(row).map(([name, cell], column) => {
        const known = typeof cell === 'string' ? cell !== '' : Number.isFinite(cell);
        return [name, known && !isHole(row, column) ? (cell as number | string) : null];
      }),
    ),
  );
}

/** Rows or images made up by a trained model: they hold nothing of the data but what the model has learned. */
export async function drawnExamples(
  engine: Engine,
  { decoder }: HeadGraphs,
  state: StoredTensors,
  { data: { columns, classes }, recipe }: RunInfo,
): Promise<Examples> {
  const given = decoder.inputs.some(({ leaf }) => leaf.name === 'y') ? classes.length : 0;
  const decoded = await ask(engine, decoder, state, drawnFeeds(DRAWN_ROWS, latentOf(recipe, columns), given));
  const labels = Array.from({ length: DRAWN_ROWS }, (_, row) => (given > 0 ? row % given : 0));
  if (columns.kind === 'table') return { rows: drawnCells(columns, decoded), labels };
  const x = rowsOf(decoded.mean!).map((row) =>
    row.map((each) => Math.min(255, Math.max(0, Math.round(255 * each)))),
  );
  return { x, labels };
}

/** Rows that are, of the columns that the model sees. */
export function realExamples({ data: { columns, examples } }: RunInfo): Examples {
  const { rows, labels } = examples;
  if (columns.kind !== 'table' || !rows) return examples;
  const { numbers, texts } = rawOrder(columns);
  const used = new Set([...numbers, ...texts]);
  const seen = (row: CellRow) => Object.fromEntries(Object.entries(row).filter(([name]) => used.has(name)));
  return { rows: rows.map(seen), labels };
}

/** Asks the trained model, its parameters fed and nothing frozen, what the bundle will be asked when it is verified. */
export function answersOf(
  engine: Engine,
  graphs: HeadGraphs,
  state: StoredTensors,
  { data, recipe }: RunInfo,
  examples: Examples,
): Promise<Parity> {
  const { columns, classes } = data;
  if (columns.kind === 'table') return tableAnswers(engine, graphs, state, columns, examples);
  const sizes = { classes: classes.length, latent: latentOf(recipe, columns) };
  return imageAnswers(engine, graphs, state, examples, sizes);
}

export const encodeParity = (parity: Parity): string => `${JSON.stringify(parity)}\n`;
