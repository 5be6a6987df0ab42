import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { Dataset } from './dataset.ts';

import { announcedLength, checkSameShape, IdxError, type IdxLabels, imagesFromIdx, parseIdx } from './idx.ts';
import { unlabelledByte } from './unlabelled.ts';

/** The uncompressed bytes of a file, and its path. */
export interface IdxSource {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** The four files of a set in MNIST's naming, in the order train images, train labels, test images, test labels. */
export const STEMS = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

export type Stem = (typeof STEMS)[number];

/** Reads `stem`.gz or `stem` from the first of `folders` that has it, gunzipped; throws IDX_MISSING or IDX_GZIP. */
export async function readIdxFile(folders: readonly string[], stem: Stem): Promise<IdxSource> {
  const candidates = folders.flatMap((folder) => [join(folder, `${stem}.gz`), join(folder, stem)]);
  for (const file of candidates) {
    const stored = await readIfThere(file);
    if (stored) return { file, bytes: await unpacked(stored, file) };
  }
  const remedy = `Put ${stem}.gz or ${stem} into ${folders.join(' or ')}.`;
  throw new IdxError('IDX_MISSING', candidates[0] ?? stem, 0, 'there is no such file', remedy);
}

/**
 * `stored` itself, or its contents if it begins as a gzip member does, never more of them than an idx header announces.
 * Throws IDX_GZIP, IDX_LYING or, before unpacking, IDX_SIZE.
 */
export async function unpacked(stored: Uint8Array, file: string): Promise<Uint8Array> {
  if (stored[0] !== 0x1f || stored[1] !== 0x8b) return stored;
  try {
    return await inflated(stored, file);
  } catch (reason) {
    throw reason instanceof IdxError ? reason : gzipError(reason, stored, file);
  }
}

async function inflated(stored: Uint8Array, file: string): Promise<Uint8Array> {
  const contents: AsyncIterable<Uint8Array> = createGunzip({ chunkSize: 2 ** 18 }).end(stored);
  let bytes = new Uint8Array(0);
  let length = 0;
  for await (const chunk of contents) {
    if (length === 0) bytes = new Uint8Array(roomFor(chunk, file));
    if (length + chunk.length > bytes.length) throw tooLong(bytes.length, file);
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes.subarray(0, length);
}

/** Bytes that a gzipped file may unpack to: a small file can be packed to hold any number of them. */
const MOST = 2 ** 30;

/** Bytes for what is no idx file: a picture. */
const PICTURE = 2 ** 26;

function roomFor(head: Uint8Array, file: string): number {
  const announced = announcedLength(head) ?? PICTURE;
  if (announced <= MOST) return announced;
  const problem = `the header announces ${announced} bytes, and a gzipped file may unpack to ${MOST}`;
  throw new IdxError('IDX_SIZE', file, 4, problem, 'If it is meant to be so large, unpack it: gzip -d.');
}

function tooLong(length: number, file: string): IdxError {
  const problem = `it should end here, by its header, and unpacks to more`;
  return new IdxError('IDX_LYING', file, length, problem, 'Fetch the file again.');
}

function gzipError(reason: unknown, stored: Uint8Array, file: string): IdxError {
  const short = (reason as { code?: string }).code === 'Z_BUF_ERROR';
  const problem = short
    ? `the gzip data ends after ${stored.length} bytes, before its end mark`
    : `the gzip data is damaged (${(reason as Error).message})`;
  return new IdxError('IDX_GZIP', file, short ? stored.length : 0, problem, 'Fetch the file again.');
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (reason) {
    const code = (reason as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new IdxError('IDX_MISSING', file, 0, `it cannot be read (${code})`, 'Check its permissions.');
  }
}

/** The dataset made of four idx files, in the order of `STEMS`; without those of labels no row has one. */
export function datasetFromIdx(
  about: Omit<Dataset, 'train' | 'test'>,
  sources: readonly (IdxSource | undefined)[],
  { classes, unlabelled }: IdxLabels = {},
): Dataset {
  const [trainImages, trainLabels, testImages, testLabels] = sources as [
    IdxSource,
    IdxSource | undefined,
    IdxSource,
    IdxSource | undefined,
  ];
  const train = imagesFromIdx(`${about.name}/train`, trainImages, trainLabels, { classes, unlabelled });
  const known = { classes: train.classes, unlabelled };
  const test = imagesFromIdx(`${about.name}/test`, testImages, testLabels, known);
  checkSameShape(train, test, testImages.file);
  return { ...about, train, test };
}

/** Whether any file of labels is there: where one is, both must be. */
async function hasLabels(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.some((name) => /labels-idx1-ubyte(\.gz)?$/.test(name));
}

const labelsIn = ({ bytes, file }: IdxSource): Uint8Array => parseIdx(bytes, 1, file).values;

/**
 * A dataset of one's own: a folder with the four files of `STEMS`, gzipped or not, or with the two of images alone; classes
 * are '0', '1', …. Rows are
 * unlabelled whose label is `unlabelled`, or one that can be no class (`unlabelledByte`). Throws IDX_…, LABEL_….
 */
export async function loadFolder(folder: string, unlabelled?: string): Promise<Dataset> {
  const labelled = await hasLabels(folder);
  const sources = await Promise.all(
    STEMS.map((stem) => (labelled || stem.includes('images') ? readIdxFile([folder], stem) : undefined)),
  );
  const about = { name: basename(folder), source: folder, licence: 'not stated', citation: 'not stated' };
  if (!labelled) return datasetFromIdx(about, sources);
  const [inTrain, inTest] = [labelsIn(sources[1]!), labelsIn(sources[3]!)];
  const { mark, notes } = unlabelledByte(inTrain, inTest, sources[1]!.file, unlabelled);
  return datasetFromIdx({ ...about, notes }, sources, { unlabelled: mark });
}
