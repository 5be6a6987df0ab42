import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseIdx } from '@semivae/data';
import { unpacked } from '@semivae/data/node';
import type { ImageInput } from '@semivae/runtime';
import { type DecodedPicture, decodePicture } from './decoded-picture.ts';
import { CommandFailure } from './failure.ts';

/** Raw images of a bundle's size, with what each is called. */
export interface Pictures {
  readonly bytes: Uint8Array;
  readonly names: readonly string[];
}

type Size = ImageInput;

/** What lies behind transparent pixels, as a viewer shows them. */
export const backgrounds = { white: 255, black: 0 } as const;
export type Background = keyof typeof backgrounds;

/** How files of pictures are read. */
export interface PictureOptions {
  readonly background?: Background;
  /** Hears of a file that cannot be read, which is then left out; by default such a file ends the reading. */
  readonly skip?: (failure: CommandFailure) => void;
  /** Hears what a person should know of a file. */
  readonly note?: (text: string) => void;
}

/** The images of picture and idx files, in order. Throws `PICTURE_FILE`, `PICTURE_FORMAT`, `PICTURE_SIZE`, `IDX_…`. */
export async function readPictures(
  files: readonly string[],
  size: Size,
  options: PictureOptions = {},
): Promise<Pictures> {
  const each = [];
  for (const file of files) each.push(await readOrSkip(file, size, options));
  return {
    bytes: endToEnd(each.map(({ bytes }) => bytes)),
    names: each.flatMap(({ names }) => names),
  };
}

/** A file's bytes alone are not copied: they may fill much of the memory. */
function endToEnd(parts: readonly Uint8Array[]): Uint8Array {
  const [first, second] = parts;
  if (first && !second) return first;
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const NOTHING: Pictures = { bytes: new Uint8Array(0), names: [] };

async function readOrSkip(file: string, size: Size, options: PictureOptions): Promise<Pictures> {
  try {
    return await readPicturesOf(file, size, options);
  } catch (failure) {
    if (!options.skip || !(failure instanceof CommandFailure)) throw failure;
    options.skip(failure);
    return NOTHING;
  }
}

async function readPicturesOf(file: string, size: Size, options: PictureOptions): Promise<Pictures> {
  const stored = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const remedy = 'Name files of pictures or idx files, or a data set by --data.';
    throw new CommandFailure('PICTURE_FILE', file, `it cannot be read (${cause.code})`, remedy, { cause });
  });
  const bytes = await unpacked(stored, file);
  if (isIdx(bytes)) return idxPictures(bytes, size, file);
  const picture = await decodePicture(bytes, file);
  if (picture.note) options.note?.(`${file}: ${picture.note}`);
  return { bytes: pixelsOf(picture, size, file, backgrounds[options.background ?? 'white']), names: [file] };
}

/** Two zeros and a type of numbers: an AVIF begins with three zeros. */
const isIdx = ([first, second, type]: Uint8Array): boolean =>
  first === 0 && second === 0 && type! >= 0x08 && type! <= 0x0e;

function checkSize(width: number, height: number, size: Size, file: string): void {
  if (width === size.width && height === size.height) return;
  const problem = `${width}×${height} pixels, where the model takes ${size.width}×${size.height}`;
  throw new CommandFailure('PICTURE_SIZE', file, problem, 'Scale the picture first.');
}

/** A picture as a model's input: over a background; colours as luminance (Rec. 601) where the model is grey. */
function pixelsOf(picture: DecodedPicture, size: Size, file: string, background: number): Uint8Array {
  const { width, height, samples, channels } = picture;
  checkSize(width, height, size, file);
  const pixels = width * height;
  const out = new Uint8Array(pixels * size.channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const first = pixel * channels;
    const opacity = channels === 4 ? samples[first + 3]! / 255 : 1;
    const over = (channel: number) => samples[first + channel]! * opacity + background * (1 - opacity);
    if (size.channels === 3) for (let c = 0; c < 3; c++) out[3 * pixel + c] = Math.round(over(c));
    else out[pixel] = Math.round(0.299 * over(0) + 0.587 * over(1) + 0.114 * over(2));
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
  const remedy = 'Give pictures of colours to a model of colours.';
  throw new CommandFailure(
    'PICTURE_SIZE',
    file,
    'idx images are grey, where the model takes colours',
    remedy,
  );
}
