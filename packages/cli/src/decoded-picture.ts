import type { Metadata, Sharp } from 'sharp';
import { CommandFailure } from './failure.ts';

/** A picture as people see it: turned upright, samples from 0 to 255 in rows, channels innermost, alpha last. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  readonly samples: Float32Array;
  /** 3, or 4 with alpha. */
  readonly channels: number;
  /** What a person should know of it. */
  readonly note?: string;
}

const FORMATS = 'JPEG, PNG, WebP, AVIF, TIFF or GIF';
/** A picture of more pixels is refused before it is unpacked. */
const MOST_PIXELS = 100_000_000;

/** Decodes a picture of any format that sharp knows, its first frame. Throws `PICTURE_FORMAT`. */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<DecodedPicture> {
  const { default: sharp } = await import('sharp');
  try {
    const picture = sharp(bytes, { failOn: 'warning', limitInputPixels: MOST_PIXELS });
    return await samplesOf(picture, await picture.metadata());
  } catch (cause) {
    throw refused(file, bytes, cause as Error);
  }
}

async function samplesOf(picture: Sharp, { depth }: Metadata): Promise<DecodedPicture> {
  const deep = depth === 'ushort';
  const { data, info } = await picture
    .autoOrient()
    .toColourspace(deep ? 'rgb16' : 'srgb')
    .raw(deep ? { depth: 'ushort' } : {})
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (!deep) return { width, height, channels, samples: Float32Array.from(data) };
  const words = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return {
    width,
    height,
    channels,
    samples: Float32Array.from(words, (each) => each / 257),
    ...darkNote(words),
  };
}

/** 10 to 14 bits a sample in the low end of 16 look nearly black. */
function darkNote(words: Uint16Array): { note?: string } {
  const brightest = words.reduce((most, each) => Math.max(most, each), 0);
  if (brightest === 0 || brightest >= 2 ** 14) return {};
  const bits = Math.ceil(Math.log2(brightest + 1));
  return {
    note: `16 bits a sample, but none above ${brightest}: it is read as a dark picture; if it holds ${bits} bits, scale it first`,
  };
}

function refused(file: string, bytes: Uint8Array, cause: Error): CommandFailure {
  const [first = 'it cannot be decoded'] = cause.message.split('\n');
  const [problem, remedy] =
    bytes.length === 0
      ? ['the file is empty', 'Save it again.']
      : /unsupported image format|corrupt header/.test(first)
        ? [`it is no picture of a kind that is read (${first})`, `Convert it to ${FORMATS}.`]
        : [`the picture is damaged (${first})`, 'Save it again.'];
  return new CommandFailure('PICTURE_FORMAT', file, problem, remedy, { cause });
}
