import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageInput } from '@semivae/runtime';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PictureOptions, readPictures } from './pictures.ts';

const WIDTH = 12;
const HEIGHT = 8;
const size: ImageInput = {
  ...{ kind: 'image', width: WIDTH, height: HEIGHT, channels: 1, type: 'uint8' },
  encoding: 'pixels / 255',
};

/** A grey wedge with a bright corner, so that no turn of it is itself. */
const grey = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
  i % WIDTH < 3 && i < 3 * WIDTH ? 255 : 10 * (i % WIDTH),
);
const raw = (data: Uint8Array, width = WIDTH, channels: 1 | 3 | 4 = 1): Sharp =>
  sharp(data, { raw: { width, height: data.length / width / channels, channels } });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pictures-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(name: string, bytes: Uint8Array, options: PictureOptions = {}, as = size) {
  return (await readPictures([written(name, bytes)], as, options)).bytes;
}

const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, each, i) => Math.max(most, Math.abs(each - b[i]!)), 0);

describe('a picture is read as people see it', () => {
  const colours = Uint8Array.from({ length: 3 * grey.length }, (_, i) => grey[Math.floor(i / 3)]!);

  test.each<[name: string, tolerance: number, made: () => Promise<Uint8Array>]>([
    ['grey.png', 0, () => raw(grey).png().toBuffer()],
    ['colour.png', 0, () => raw(colours, WIDTH, 3).png().toBuffer()],
    ['palette.png', 0, () => raw(grey).png({ palette: true, colours: 256 }).toBuffer()],
    ['sixteen.png', 1, () => raw(grey).toColourspace('grey16').png().toBuffer()],
    ['lossless.webp', 0, () => raw(grey).webp({ lossless: true }).toBuffer()],
    ['a.tif', 0, () => raw(grey).tiff({ compression: 'lzw' }).toBuffer()],
    ['a.gif', 4, () => raw(grey).gif().toBuffer()],
    ['a.jpg', 40, () => raw(grey).jpeg({ quality: 100 }).toBuffer()],
    ['a.avif', 40, () => raw(grey).avif({ quality: 100 }).toBuffer()],
  ])('%s', async (name, tolerance, made) => {
    const found = await read(name, await made());
    expect(found).toHaveLength(grey.length);
    expect(largestGap(found, grey)).toBeLessThanOrEqual(tolerance);
  });

  test('turned upright where EXIF says so', async () => {
    const lying = await raw(grey).rotate(-90).png().toBuffer();
    const turned = await sharp(lying).withMetadata({ orientation: 6 }).png().toBuffer();
    expect(largestGap(await read('turned.png', turned), grey)).toBe(0);
  });

  test('transparent pixels over white, or over black where that is asked for', async () => {
    const clear = new Uint8Array(grey.length * 4).map((_, i) => (i % 4 === 3 ? 128 : 0));
    const bytes = await raw(clear, WIDTH, 4).png().toBuffer();
    const over = { white: Math.round(255 * (1 - 128 / 255)), black: 0 };
    expect(new Set(await read('clear.png', bytes))).toEqual(new Set([over.white]));
    expect(new Set(await read('clear.png', bytes, { background: 'black' }))).toEqual(new Set([over.black]));
  });

  test('in colour where the model sees colours', async () => {
    const red = Uint8Array.from({ length: grey.length * 3 }, (_, i) => (i % 3 === 0 ? 200 : 7));
    const bytes = await raw(red, WIDTH, 3).png().toBuffer();
    expect(largestGap(await read('red.png', bytes, {}, { ...size, channels: 3 }), red)).toBe(0);
    expect((await read('red.png', bytes))[0]).toBe(Math.round(0.299 * 200 + 0.701 * 7));
  });

  test('12 bits in 16 are told to be dark', async () => {
    const words = Uint16Array.from(grey, (each) => each * 16);
    const bytes = await sharp(words, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const notes: string[] = [];
    await read('twelve.png', bytes, { note: (text) => notes.push(text) });
    expect(notes.join()).toMatch(/twelve\.png: .*4080.*12 bits/);
  });
});

describe('a file that cannot be read', () => {
  const broken: [name: string, says: RegExp, made: () => Promise<Uint8Array>][] = [
    ['empty.png', /empty/, async () => new Uint8Array(0)],
    ['text.png', /no picture of a kind/, async () => Buffer.from('hello')],
    [
      'short.png',
      /damaged/,
      async () => (await raw(grey).png({ compressionLevel: 0 }).toBuffer()).subarray(0, 90),
    ],
    [
      'large.png',
      /12×16 pixels/,
      () =>
        raw(new Uint8Array(grey.length * 2))
          .png()
          .toBuffer(),
    ],
  ];

  test.each(broken)('%s ends the reading, by name', async (name, says, made) => {
    const failure = await read(name, await made()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: expect.stringMatching(/^PICTURE_/),
      message: expect.stringMatching(says),
      place: expect.stringContaining(name),
    });
  });

  test('is named and left out where that is asked for', async () => {
    const good = written('good.png', await raw(grey).png().toBuffer());
    const bad = await Promise.all(broken.map(async ([name, , made]) => written(name, await made())));
    const skipped: string[] = [];
    const skip = ({ place }: { place: string }) => skipped.push(place);
    const { names, bytes } = await readPictures([...bad, good, join(folder, 'none.png')], size, { skip });
    expect({ names, pixels: bytes.length }).toEqual({ names: [good], pixels: grey.length });
    expect(skipped).toEqual([...bad, join(folder, 'none.png')]);
  });
});
