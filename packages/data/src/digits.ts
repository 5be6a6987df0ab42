import { fillUniform, streamOf } from '@semivae/runtime/core';
import type { Dataset, Images } from './dataset.ts';
import { type Point, STYLES, type Stroke } from './digit-strokes.ts';

/** The name of the embedded set. */
export const DIGITS = 'digits';

const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** Test rows count from here, so that no number of training rows runs into them. */
const TEST_FROM = 2 ** 40;

/** Numbers of rows, and the seed of the drawing. */
export interface DigitsOptions {
  readonly train?: number;
  readonly test?: number;
  readonly seed?: number;
}

/**
 * Hand-written-looking digits, 28×28, drawn by strokes with random style, slant, bend, width and pressure; balanced
 * classes. Row i is a pure function of (seed, i), bit-equal on every host: only + − × ÷ √ are used.
 */
export function digits({ train = 6000, test = 2000, seed = 1 }: DigitsOptions = {}): Dataset {
  return {
    name: DIGITS,
    train: drawImages(`${DIGITS}/train`, train, seed, 0),
    test: drawImages(`${DIGITS}/test`, test, seed, TEST_FROM),
    source: `drawn with seed ${seed}`,
    licence: 'Apache-2.0',
    citation: 'drawn by semivae',
  };
}

function drawImages(name: string, rows: number, seed: number, from: number): Images {
  const bytes = new Uint8Array(rows * PIXELS);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    labels[row] = row % 10;
    drawDigit(row % 10, chances(seed, from + row), bytes.subarray(row * PIXELS, (row + 1) * PIXELS));
  }
  const classes = STYLES.map((_, digit) => String(digit));
  return { name, rows, width: SIDE, height: SIDE, bytes, labels, classes };
}

/** A source of numbers for one digit. */
interface Chances {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Near-normal about 0 with this standard deviation, at most three of them away. */
  about0(deviation: number): number;
}

const uniforms = new Float32Array(256);

function chances(seed: number, row: number): Chances {
  fillUniform(uniforms, { seed, stream: streamOf('digits'), step: row });
  let next = 0;
  const between = (low: number, high: number) => low + (high - low) * uniforms[next++]!;
  const about0 = (deviation: number) => deviation * (between(-1, 1) + between(-1, 1) + between(-1, 1));
  return { between, about0 };
}

function drawDigit(digit: number, chance: Chances, out: Uint8Array): void {
  const styles = STYLES[digit]!;
  const style = styles[Math.floor(chance.between(0, styles.length))]!;
  const place = placement(chance);
  const pen = { width: chance.between(0.85, 1.75), taper: chance.about0(0.15), soft: chance.between(1, 1.6) };
  gaps.fill(Number.POSITIVE_INFINITY);
  for (const stroke of style) drawStroke(jittered(stroke, chance).map(place), pen);
  inkFromGaps(out, pen.soft, chance.between(200, 255));
}

/** Each point moved a little, and the ends of the stroke a little more. */
function jittered(stroke: Stroke, chance: Chances): Stroke {
  return stroke.map(([x, y, corner], i) => {
    const reach = i === 0 || i === stroke.length - 1 ? 0.09 : 0.065;
    return [x + chance.about0(reach), y + chance.about0(reach), corner];
  });
}

/** From the unit square to pixels: bend, slant, stretch, turn and shift. */
function placement(chance: Chances): (point: Point) => Point {
  const bend = Array.from({ length: 4 }, () => chance.about0(0.09));
  const slant = chance.about0(0.17) - 0.1;
  const tangent = chance.about0(0.12);
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  const size = chance.between(8, 10);
  const wide = size * chance.between(0.8, 1.2);
  const shift = [SIDE / 2 + chance.about0(0.6), SIDE / 2 + chance.about0(0.6)] as const;
  return ([x, y, corner]) => {
    const bentX = x + bend[0]! * y * y + bend[1]! * x * y - slant * y;
    const bentY = y + bend[2]! * x * x + bend[3]! * x * y;
    const u = wide * bentX;
    const v = size * bentY;
    return [shift[0] + cosine * u - sine * v, shift[1] + sine * u + cosine * v, corner];
  };
}

interface Pen {
  /** Half the stroke's width, in pixels. */
  readonly width: number;
  /** How much of it is lost, or won, from the stroke's beginning to its end. */
  readonly taper: number;
  /** Pixels over which the edge fades. */
  readonly soft: number;
}

const PIECES = 5;

function drawStroke(points: Stroke, pen: Pen): void {
  const spans = points.length - 1;
  let from = points[0]!;
  for (let span = 0; span < spans; span++) {
    for (let piece = 1; piece <= PIECES; piece++) {
      const to = along(points, span, piece / PIECES);
      const passed = (span + piece / PIECES) / spans;
      drawSegment(from, to, pen.width * (1 + pen.taper * (passed - 0.5)), pen.soft);
      from = to;
    }
  }
}

/** Catmull–Rom through `points[span]` and `points[span + 1]`; a corner or an end stands for its missing neighbour. */
function along(points: Stroke, span: number, t: number): Point {
  const [p1, p2] = [points[span]!, points[span + 1]!];
  const p0 = p1[2] ? p1 : (points[span - 1] ?? p1);
  const p3 = p2[2] ? p2 : (points[span + 2] ?? p2);
  return [cubic(p0[0], p1[0], p2[0], p3[0], t), cubic(p0[1], p1[1], p2[1], p3[1], t), false];
}

function cubic(p0: number, p1: number, p2: number, p3: number, t: number): number {
  return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

/** Per pixel the distance to the nearest stroke's edge so far, negative inside it. */
const gaps = new Float64Array(PIXELS);

function drawSegment([ax, ay]: Point, [bx, by]: Point, width: number, soft: number): void {
  const reach = width + soft;
  const [dx, dy] = [bx - ax, by - ay];
  const inverse = 1 / Math.max(dx * dx + dy * dy, 1e-9);
  const [left, right] = pixelsWithin(Math.min(ax, bx) - reach, Math.max(ax, bx) + reach);
  const [top, bottom] = pixelsWithin(Math.min(ay, by) - reach, Math.max(ay, by) + reach);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) * inverse));
      const [ex, ey] = [px - t * dx, py - t * dy];
      const gap = Math.sqrt(ex * ex + ey * ey) - width;
      if (gap < gaps[row * SIDE + column]!) gaps[row * SIDE + column] = gap;
    }
  }
}

function pixelsWithin(low: number, high: number): [first: number, last: number] {
  return [Math.max(0, Math.floor(low)), Math.min(SIDE - 1, Math.floor(high))];
}

function inkFromGaps(out: Uint8Array, soft: number, pressure: number): void {
  for (let i = 0; i < PIXELS; i++) {
    const cover = Math.min(1, Math.max(0, 0.5 - gaps[i]! / soft));
    out[i] = Math.floor(pressure * cover + 0.5);
  }
}
