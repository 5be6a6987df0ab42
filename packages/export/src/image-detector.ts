import {
  add,
  cast,
  clip,
  concat,
  constant,
  div,
  less,
  log,
  matmul,
  max,
  mean,
  mul,
  parameter,
  reduceMax,
  reshape,
  sigmoid,
  slice,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';
import { type Coded, codedRows, type Distribution, type ImageColumns, type Model } from '@semivae/model';
import { nearestParts, type Reference } from './detector.ts';

/** Residuals are summed over squares of so many pixels a side: a shape moved by a pixel stays near. */
const SIDE = 4;
/** What of an image's grey values is compared: their mean and deviation, the largest, the share of lit pixels and their mean. */
export const STATISTICS = 5;
const LIT = 0.02;
const TINY = 1e-6;
/** Pixels are taken to be decoded no surer than this, as logits. */
const SUREST = 9.2;

const safeLog = (value: Value): Value => log(max(value, TINY));

/** The signed root of each pixel's deviance, ±√(2 (log p(x|x) − log p(x|mean))), x in [0, 1] a share of coin throws. */
function devianceResidual({ answers }: Distribution, x: Value): Value {
  const logits = clip(answers.logits!, -SUREST, SUREST);
  const saturated = add(mul(x, safeLog(x)), mul(sub(1, x), safeLog(sub(1, x))));
  const deviance = mul(sub(saturated, sub(mul(x, logits), softplus(logits))), 2);
  return mul(where(less(sigmoid(logits), x), 1, -1), sqrt(max(deviance, 0)));
}

const last = { keep: true } as const;

function statistics(x: Value): Value {
  const meanOf = (each: Value) => unsqueeze(mean(each, [-1]), -1);
  const middle = meanOf(x);
  const lit = meanOf(cast(less(LIT, x), 'float32'));
  const deviation = sqrt(meanOf(square(sub(x, middle))));
  return concat([middle, deviation, reduceMax(x, [-1], last), lit, div(middle, max(lit, LIT))], -1);
}

/** [from, to] of 1 where one of `from` places, each of `parts`, lies in one of `to` sections of SIDE places. */
function sections(from: number, parts: number): Value {
  const to = Math.ceil(from / SIDE);
  const of = new Float32Array(from * parts * to * parts);
  for (let i = 0; i < from * parts; i++)
    of[i * to * parts + Math.floor(Math.floor(i / parts) / SIDE) * parts + (i % parts)] = 1;
  return constant(of, [from * parts, to * parts]);
}

/** Sums over squares of pixels, and their way back: every pixel gets what its square has. */
interface Squares {
  /** [rows, pixels] → [rows, squares]. */
  sum(pixels: Value): Value;
  /** [rows, squares] → [rows, pixels]. */
  spread(squares: Value): Value;
}

function squaresOf({ width, height, channels }: ImageColumns): Squares {
  const [down, across] = [sections(height, 1), sections(width, channels)];
  const [rows, columns] = [down.shape[1] as number, across.shape[1] as number];
  return {
    sum(pixels) {
      const lines = reshape(pixels, ['batch', height, width * channels]);
      return reshape(matmul(transpose(down), matmul(lines, across)), ['batch', rows * columns]);
    },
    spread(squares) {
      const lines = reshape(squares, ['batch', rows, columns]);
      return reshape(matmul(down, matmul(lines, transpose(across))), ['batch', height * width * channels]);
    },
  };
}

/** An image as the score sees it. */
export interface CodedImage {
  readonly coded: Coded;
  /** [rows, pixels]. */
  readonly residual: Value;
  /** [rows, statistics + latent + squares], of no common scale yet. */
  readonly place: Value;
}

/** Where images [rows, pixels] in [0, 1] stand among others: [statistics, latent mean, residuals by square]. */
export function codedImage(model: Model, columns: ImageColumns, x: Value): CodedImage {
  const coded = codedRows(model, x);
  const residual = coded.said(devianceResidual);
  const squares = squaresOf(columns).sum(residual);
  return { coded, residual, place: concat([statistics(x), coded.mean, squares], -1) };
}

export const SCALE = 'coordinates/scale';

/** The parts of a place that begin at these coordinates are put on one scale each: every statistic by itself, latent, residuals. */
export function scaleOf(places: Float32Array, size: number, latent: number): Float32Array {
  const variance = variances(places, size);
  const total = (from: number, to: number) =>
    variance.subarray(from, to).reduce((all, each) => all + each, 0);
  const scale = new Float32Array(size);
  for (let i = 0; i < STATISTICS; i++) scale[i] = 1 / Math.sqrt(STATISTICS * Math.max(variance[i]!, GREY));
  const after = STATISTICS + latent;
  scale.fill(1 / Math.sqrt(Math.max(total(STATISTICS, after), TINY)), STATISTICS, after);
  return scale.fill(1 / Math.sqrt(Math.max(total(after, size), TINY)), after);
}

/** The square of one step of grey: a statistic that is nearly constant is told no finer. */
const GREY = (1 / 255) ** 2;

/** Of each coordinate over rows. */
function variances(places: Float32Array, size: number): Float64Array {
  const rows = places.length / size;
  const [sums, squares] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < places.length; i++) sums[i % size]! += places[i]!;
  for (let i = 0; i < places.length; i++) squares[i % size]! += (places[i]! - sums[i % size]! / rows) ** 2;
  return squares.map((each) => each / rows);
}

/** The parts of a distance by pixel: a square's by its pixels' squared residuals, what is of no place as the squares' are. */
function byPixel(parts: Value, residual: Value, columns: ImageColumns, placed: number): Value {
  const squares = squaresOf(columns);
  const own = add(slice(parts, -1, placed, parts.shape.at(-1) as number), TINY);
  const score = sum(parts, [-1], last);
  const all = mul(own, div(score, sum(own, [-1], last)));
  const weight = add(square(residual), TINY);
  return mul(weight, squares.spread(div(all, squares.sum(weight))));
}

/** How anomalous images are, a distance to kept ones, and what each pixel adds to that: [rows] and [rows, pixels]. */
export function imageScore(
  model: Model,
  columns: ImageColumns,
  x: Value,
  reference: Reference,
): { readonly score: Value; readonly contributions: Value; readonly coded: Coded } {
  const { coded, residual, place } = codedImage(model, columns, x);
  const scale = parameter(SCALE, [place.shape.at(-1) as number], { kind: 'constant', value: 0 });
  const { score, parts } = nearestParts(STATISTICS, mul(place, scale), reference);
  return {
    score,
    contributions: byPixel(parts, residual, columns, STATISTICS + model.z.size),
    coded,
  };
}
