import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dataset } from './dataset.ts';
import { checkSameShape, IdxError, imagesFromIdx } from './idx.ts';

const inflate = promisify(gunzip);

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

/** `stored` itself, or its contents if it begins as a gzip member does; throws IDX_GZIP. */
export async function unpacked(stored: Uint8Array, file: string): Promise<Uint8Array> {
  if (stored[0] !== 0x1f || stored[1] !== 0x8b) return stored;
  try {
    return await inflate(stored);
  } catch (reason) {
    throw gzipError(reason, stored, file);
  }
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

/** The dataset made of four idx files, in the order of `STEMS`. */
export function datasetFromIdx(
  about: Omit<Dataset, 'train' | 'test'>,
  sources: readonly IdxSource[],
  named?: readonly string[],
): Dataset {
  const [trainImages, trainLabels, testImages, testLabels] = sources as [
    IdxSource,
    IdxSource,
    IdxSource,
    IdxSource,
  ];
  const train = imagesFromIdx(`${about.name}/train`, trainImages, trainLabels, named);
  const test = imagesFromIdx(`${about.name}/test`, testImages, testLabels, train.classes);
  checkSameShape(train, test, testImages.file);
  return { ...about, train, test };
}

/** A dataset of one's own: a folder with the four files of `STEMS`, gzipped or not; classes are '0', '1', …. */
export async function loadFolder(folder: string): Promise<Dataset> {
  const sources = await Promise.all(STEMS.map((stem) => readIdxFile([folder], stem)));
  const about = { name: basename(folder), source: folder, licence: 'not stated', citation: 'not stated' };
  return datasetFromIdx(about, sources);
}
