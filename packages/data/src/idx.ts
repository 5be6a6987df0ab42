import { SemivaeError } from '@semivae/runtime/core';
import type { Images } from './dataset.ts';

export type IdxCode =
  | 'IDX_MISSING'
  | 'IDX_GZIP'
  | 'IDX_MAGIC'
  | 'IDX_TRUNCATED'
  | 'IDX_LYING'
  | 'IDX_SIZE'
  | 'LABEL_OUT_OF_RANGE'
  | 'ROWS_DISAGREE'
  | 'SHAPES_DISAGREE';

/** An idx file that is not what it claims to be; `offset` is the byte (uncompressed) at fault. */
export class IdxError extends SemivaeError {
  readonly file: string;
  readonly offset: number;

  constructor(code: IdxCode, file: string, offset: number, problem: string, remedy: string) {
    super(code, `${file}, byte ${offset}`, problem, remedy);
    this.file = file;
    this.offset = offset;
  }
}

/** An array of unsigned bytes as stored in an idx file. */
export interface IdxArray {
  readonly file: string;
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

const UNSIGNED_BYTE = 8;
const AGAIN = 'Fetch the file again from where it was published.';

/**
 * Parses an uncompressed idx file of unsigned bytes with `rank` dimensions; `values` is a view of `bytes`.
 * Layout: 0, 0, type, rank, then `rank` big-endian uint32 sizes, then the values (LeCun's MNIST page).
 * Throws IDX_MAGIC, IDX_TRUNCATED or IDX_LYING.
 */
export function parseIdx(bytes: Uint8Array, rank: number, file: string): IdxArray {
  checkMagic(bytes, rank, file);
  const start = 4 + 4 * rank;
  const shape = readShape(bytes, rank, file);
  const expected = shape.reduce((product, size) => product * size, 1);
  checkLength(bytes.length - start, expected, shape, start, file);
  return { file, shape, values: bytes.subarray(start) };
}

/** How long an idx file of unsigned bytes is by its own first bytes; undefined where they do not tell. */
export function announcedLength(head: Uint8Array): number | undefined {
  const [zero, nought, type, rank = 0] = head;
  const start = 4 + 4 * rank;
  if (zero !== 0 || nought !== 0 || type !== UNSIGNED_BYTE || head.length < start) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return start + shape.reduce((product, size) => product * size, 1);
}

function checkMagic(bytes: Uint8Array, rank: number, file: string): void {
  const magic = [0, 0, UNSIGNED_BYTE, rank];
  const wrong = magic.findIndex((byte, i) => i < bytes.length && bytes[i] !== byte);
  if (wrong >= 0) {
    const found = `the file begins with ${[...bytes.subarray(0, 4)].join(' ')}, not ${magic.join(' ')}`;
    const remedy = `Give an idx${rank}-ubyte file: unsigned bytes in ${rank} dimension${rank === 1 ? '' : 's'}.`;
    throw new IdxError('IDX_MAGIC', file, wrong, found, remedy);
  }
}

function readShape(bytes: Uint8Array, rank: number, file: string): number[] {
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    const problem = `the header takes ${start} bytes and the file has ${bytes.length}`;
    throw new IdxError('IDX_TRUNCATED', file, bytes.length, problem, AGAIN);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const empty = shape.indexOf(0);
  if (empty >= 0) {
    throw new IdxError('IDX_LYING', file, 4 + 4 * empty, `dimension ${empty} has size 0`, AGAIN);
  }
  return shape;
}

function checkLength(actual: number, expected: number, shape: number[], start: number, file: string): void {
  if (actual === expected) return;
  const problem = `the header says ${shape.join('×')} = ${expected} bytes and ${actual} follow it`;
  if (actual < expected) throw new IdxError('IDX_TRUNCATED', file, start + actual, problem, AGAIN);
  throw new IdxError('IDX_LYING', file, start + expected, problem, AGAIN);
}

/** What the labels of an idx1 file mean. */
export interface IdxLabels {
  /** Names of the classes; '0', '1', … up to the largest label unless told. */
  readonly classes?: readonly string[] | undefined;
  /** The byte that means no label. */
  readonly unlabelled?: number | undefined;
}

/** Images from the uncompressed bytes of an idx3 and an idx1 file, if there is one; checks that the two belong together. */
export function imagesFromIdx(
  name: string,
  images: { readonly bytes: Uint8Array; readonly file: string },
  labels: { readonly bytes: Uint8Array; readonly file: string } | undefined,
  { classes, unlabelled }: IdxLabels = {},
): Images {
  const pixels = parseIdx(images.bytes, 3, images.file);
  const [rows, height, width] = pixels.shape as [number, number, number];
  const shared = { name, rows, width, height, bytes: pixels.values };
  if (!labels) return { ...shared, labels: new Int32Array(rows).fill(-1), classes: classes ?? [] };
  const marks = parseIdx(labels.bytes, 1, labels.file);
  checkRows(marks, pixels);
  const named = classes ?? numberedClasses(marks.values, unlabelled);
  const indices = classIndices(marks.values, unlabelled);
  checkLabels(marks, indices, named);
  return { ...shared, labels: indices, classes: named };
}

/** Throws SHAPES_DISAGREE unless test images have the height and width of the training images. */
export function checkSameShape(train: Images, test: Images, testFile: string): void {
  if (train.width === test.width && train.height === test.height) return;
  const problem = `images are ${test.height}×${test.width} here and ${train.height}×${train.width} in training`;
  throw new IdxError('SHAPES_DISAGREE', testFile, 8, problem, 'Give two sets of the same height and width.');
}

function checkRows(labels: IdxArray, images: IdxArray): void {
  if (labels.shape[0] === images.shape[0]) return;
  const problem = `${labels.shape[0]} labels here and ${images.shape[0]} images in ${images.file}`;
  throw new IdxError('ROWS_DISAGREE', labels.file, 4, problem, 'Give the label file of the same images.');
}

function checkLabels(labels: IdxArray, indices: Int32Array, classes: readonly string[]): void {
  const row = indices.findIndex((label) => label >= classes.length);
  if (row < 0) return;
  const problem = `row ${row} has label ${labels.values[row]}; the set has ${classes.length} classes, from 0`;
  throw new IdxError(
    'LABEL_OUT_OF_RANGE',
    labels.file,
    8 + row,
    problem,
    'Relabel the row or name more classes.',
  );
}

/** '0', '1', … up to the largest label, without the one that is none. */
function numberedClasses(labels: Uint8Array, unlabelled: number | undefined): string[] {
  const largest = labels.reduce((most, label) => (label === unlabelled ? most : Math.max(most, label)), -1);
  return Array.from({ length: largest + 1 }, (_, label) => label)
    .filter((label) => label !== unlabelled)
    .map(String);
}

/** The place of each label among the classes; −1 for the one that is none. */
const classIndices = (labels: Uint8Array, unlabelled = Infinity): Int32Array =>
  Int32Array.from(labels, (label) => (label === unlabelled ? -1 : label > unlabelled ? label - 1 : label));
