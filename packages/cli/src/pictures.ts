import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImageInput } from '@semivae/runtime';
import { parseIdx, unpacked } from '@semivae/train/node';
import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { CommandFailure } from './failure.ts';

/** Raw images of a bundle's size, with what each is called. */
export interface Pictures {
  readonly bytes: Uint8Array;
  readonly names: readonly string[];
}

type Size = ImageInput;

/** The images of PNG and idx files, in order. Throws `PICTURE_FILE`, `PICTURE_FORMAT`, `PICTURE_SIZE`, `IDX_…`. */
export async function readPictures(files: readonly string[], size: Size): Promise<Pictures> {
  const each = [];
  for (const file of files) each.push(await readPicturesOf(file, size));
  return {
    bytes: Uint8Array.from(Buffer.concat(each.map(({ bytes }) => bytes))),
    names: each.flatMap(({ names }) => names),
  };
}

async function readPicturesOf(file: string, size: Size): Promise<Pictures> {
  const stored = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const remedy = 'Name PNG or idx files, or a data set by --data.';
    throw new CommandFailure('PICTURE_FILE', file, `it cannot be read (${cause.code})`, remedy, { cause });
  });
  const bytes = await unpacked(stored, file);
  if (isPng(bytes)) return { bytes: pixelsOf(decodedPng(bytes, file), size, file), names: [file] };
  if (bytes[0] === 0 && bytes[1] === 0) return idxPictures(bytes, size, file);
  const remedy = 'Give PNG files or idx files of images (idx3-ubyte, gzipped or not).';
  throw new CommandFailure('PICTURE_FORMAT', file, 'it is neither a PNG nor an idx file', remedy);
}

const PNG_SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const isPng = (bytes: Uint8Array): boolean => PNG_SIGNATURE.every((byte, i) => bytes[i] === byte);

function decodedPng(bytes: Uint8Array, file: string): DecodedPng {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (cause) {
    const problem = `the PNG is damaged (${(cause as Error).message})`;
    throw new CommandFailure('PICTURE_FORMAT', file, problem, 'Save it again.', { cause });
  }
}

function checkSize(width: number, height: number, size: Size, file: string): void {
  if (width === size.width && height === size.height) return;
  const problem = `${width}×${height} pixels, where the model takes ${size.width}×${size.height}`;
  throw new CommandFailure('PICTURE_SIZE', file, problem, 'Scale the picture first.');
}

/** Shades of grey as the palette of a PNG with fewer than 8 bits a pixel. */
const greys = (depth: number): number[][] =>
  Array.from({ length: 2 ** depth }, (_, i) => Array<number>(3).fill((255 * i) / (2 ** depth - 1)));

/** A PNG's samples at 8 bits, palettes looked up: [pixels, channels]. */
function samplesOf(png: DecodedPng): { samples: ArrayLike<number>; channels: number } {
  const { data, depth, palette, channels } = png;
  if (depth === 16) return { samples: Array.from(data, (each) => Math.round(each / 257)), channels };
  if (depth === 8 && !palette) return { samples: data, channels };
  const colours = palette ?? greys(depth);
  return { samples: convertIndexedToRgb({ ...png, palette: colours }), channels: colours[0]!.length };
}

/** A PNG as a model's input: over black; colours as luminance (Rec. 601) where the model is grey. */
function pixelsOf(png: DecodedPng, size: Size, file: string): Uint8Array {
  checkSize(png.width, png.height, size, file);
  const { samples, channels } = samplesOf(png);
  const colours = channels >= 3 ? 3 : 1;
  const pixels = png.width * png.height;
  const out = new Uint8Array(pixels * size.channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = (channel: number) => samples[pixel * channels + Math.min(channel, colours - 1)]!;
    const opacity = channels > colours ? samples[pixel * channels + colours]! / 255 : 1;
    if (size.channels === 3) for (let c = 0; c < 3; c++) out[3 * pixel + c] = Math.round(at(c) * opacity);
    else out[pixel] = Math.round((0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2)) * opacity);
  }
  return out;
}

function idxPictures(bytes: Uint8Array, size: Size, file: string): Pictures {
  const { shape, values } = parseIdx(bytes, 3, file);
  const [rows, height, width] = shape as [number, number, number];
  checkSize(width, height, size, file);
  if (size.channels === 1) {
    return { bytes: values, names: Array.from({ length: rows }, (_, row) => `${basename(file)}#${row}`) };
  }
  const remedy = 'Give PNG files to a model of colours.';
  throw new CommandFailure(
    'PICTURE_SIZE',
    file,
    'idx images are grey, where the model takes colours',
    remedy,
  );
}
