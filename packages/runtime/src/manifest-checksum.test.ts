import { beforeAll, describe, expect, test } from 'vitest';
import { edited, tinyBundle } from '../test/bundle.ts';
import { tableBundle } from '../test/table.ts';
import { SemivaeError } from './errors.ts';
import { openManifest, sealManifest } from './manifest-checksum.ts';
import { load } from './node.ts';
import { readManifest } from './read-manifest.ts';

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = (await tableBundle()).get('manifest.json')!;
});

const codeOf = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => 'accepted',
    (error) => (error instanceof SemivaeError ? error.code : 'not typed'),
  );

describe('a sealed manifest', () => {
  test('is read as it was, sealed once or again', async () => {
    const manifest = await openManifest(bytes);
    expect(manifest).toEqual(JSON.parse(new TextDecoder().decode(bytes)));
    const { checksum: _, ...again } = await openManifest(await sealManifest(manifest));
    expect(manifest).toMatchObject(again);
  });

  test('with any one bit flipped is refused (fault 2)', async () => {
    const accepted: number[] = [];
    const codes = new Set<string>();
    const step = 11; // every place in a byte has its turn
    for (let bit = 0; bit < 8 * bytes.length; bit += step) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const code = await codeOf(openManifest(flipped));
      if (code === 'accepted') accepted.push(bit);
      codes.add(code);
    }
    expect(accepted).toEqual([]);
    expect(codes).not.toContain('not typed');
  });

  test('cut short or with a space more is refused (fault 1)', async () => {
    for (const length of [0, 1, bytes.length >> 1, bytes.length - 2])
      expect(await codeOf(openManifest(bytes.slice(0, length)))).toBe('BUNDLE_MALFORMED');
    const spaced = [bytes.slice(0, -1), Uint8Array.from([...bytes, 0x20])];
    for (const each of spaced) expect(await codeOf(openManifest(each))).toBe('BUNDLE_CORRUPT');
  });
});

test('a manifest of an older version needs no checksum, but keeps the one it has', async () => {
  const { checksum, ...rest } = JSON.parse(new TextDecoder().decode(bytes));
  const old = { ...rest, formatVersion: 2 };
  const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  expect(await codeOf(openManifest(encoded(old)))).toBe('accepted');
  expect(await codeOf(openManifest(encoded({ ...old, checksum })))).toBe('BUNDLE_CORRUPT');
  expect(await codeOf(openManifest(encoded(rest)))).toBe('BUNDLE_MALFORMED');
});

test('a text that is no UTF-8 is refused', async () => {
  expect(await codeOf(openManifest(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe('BUNDLE_MALFORMED');
});

test('the calibration of another bundle is refused (fault 97)', async () => {
  const files = await tableBundle();
  const other = await edited(files, ({ calibration }) => {
    calibration.scorer = 'a'.repeat(64);
  });
  await expect(load(other)).rejects.toMatchObject({
    code: 'CALIBRATION_FOREIGN',
    place: 'memory/manifest.json, calibration',
  });
  const unsaid = await edited(files, ({ calibration }) => delete calibration.scorer);
  await expect(load(unsaid)).rejects.toMatchObject({ code: 'BUNDLE_MALFORMED' });
});

test('keys and names such as __proto__ change no object (fault 14)', async () => {
  const text = new TextDecoder().decode((await tinyBundle()).get('manifest.json'));
  const hostile = text.replace('"sizes": {', '"sizes": {"__proto__":[7],"constructor":1,');
  const { sizes } = readManifest(hostile).model;
  expect(Object.keys(sizes)).toEqual(['__proto__', 'constructor', 'latent', 'hidden']);
  expect(Object.getPrototypeOf(sizes)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)[7]).toBeUndefined();
});
