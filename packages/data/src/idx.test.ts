import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkSameShape, IdxError, imagesFromIdx, parseIdx } from './idx.ts';
import { unpacked } from './idx-files.ts';

function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, 8, shape.length]);
  for (const [i, size] of shape.entries()) new DataView(bytes.buffer).setUint32(4 + 4 * i, size);
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

const pixels = idx([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const marks = idx([3], [0, 2, 1]);
const read = (images = pixels, labels = marks, classes?: readonly string[]) =>
  imagesFromIdx('tiny', { bytes: images, file: 'images' }, { bytes: labels, file: 'labels' }, { classes });

function failure(run: () => unknown): IdxError {
  try {
    run();
  } catch (reason) {
    if (reason instanceof IdxError) return reason;
    throw reason;
  }
  throw new Error('nothing was thrown');
}

test('what was written is read', () => {
  const images = read();
  expect(images).toMatchObject({ rows: 3, width: 2, height: 2, classes: ['0', '1', '2'] });
  expect([...images.bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect([...images.labels]).toEqual([0, 2, 1]);
});

test('height comes before width', () => {
  expect(read(idx([3, 1, 4], [...pixels.subarray(16)]))).toMatchObject({ height: 1, width: 4 });
});

test('a view into a larger buffer is read from its own beginning', () => {
  const larger = new Uint8Array(40);
  larger.set(marks, 5);
  expect([...parseIdx(larger.subarray(5, 5 + marks.length), 1, 'f').values]).toEqual([0, 2, 1]);
});

test('cut anywhere is truncated there', () => {
  for (let n = 0; n < pixels.length; n++) {
    const error = failure(() => parseIdx(pixels.slice(0, n), 3, 'f'));
    expect(error).toMatchObject({ code: 'IDX_TRUNCATED', file: 'f', offset: n });
  }
});

test('any change of any header byte is an error', () => {
  for (let at = 0; at < 16; at++) {
    for (let value = 0; value < 256; value++) {
      if (value === pixels[at]) continue;
      const changed = pixels.slice();
      changed[at] = value;
      expect(failure(() => parseIdx(changed, 3, 'f')).code).toMatch(/^IDX_(MAGIC|LYING|TRUNCATED)$/);
    }
  }
});

describe('an error names the code, the file and the byte', () => {
  test.each<[string, () => unknown, Partial<IdxError>]>([
    [
      'too many bytes',
      () => read(new Uint8Array([...pixels, 0])),
      { code: 'IDX_LYING', file: 'images', offset: 28 },
    ],
    ['labels for images', () => read(marks), { code: 'IDX_MAGIC', file: 'images', offset: 3 }],
    ['a size of 0', () => read(idx([0, 2, 2], [])), { code: 'IDX_LYING', offset: 4 }],
    [
      'one label short',
      () => read(pixels, idx([2], [0, 1])),
      { code: 'ROWS_DISAGREE', file: 'labels', offset: 4 },
    ],
    ['a label too high', () => read(pixels, marks, ['a', 'b']), { code: 'LABEL_OUT_OF_RANGE', offset: 9 }],
    [
      'other test shape',
      () => checkSameShape(read(), { ...read(), width: 3 }, 't'),
      { code: 'SHAPES_DISAGREE' },
    ],
  ])('%s', (_, run, expected) => {
    const error = failure(run);
    expect(error).toMatchObject(expected);
    expect(error.message).toContain(error.file);
    expect(error.message).toContain(`byte ${error.offset}`);
    expect(error.message).toContain(error.remedy);
  });
});

describe('gzip', () => {
  const packed = new Uint8Array(gzipSync(pixels));

  test('is recognised by its content', async () => {
    expect([...(await unpacked(packed, 'f'))]).toEqual([...pixels]);
    expect(await unpacked(pixels, 'f')).toBe(pixels);
  });

  test('cut anywhere is IDX_GZIP', async () => {
    for (let n = 2; n < packed.length; n++) {
      const expected = { code: 'IDX_GZIP', file: 'f', offset: n };
      await expect(unpacked(packed.slice(0, n), 'f')).rejects.toMatchObject(expected);
    }
  });

  test('is unpacked no further than its header announces (fault 58) (fault 59)', async () => {
    const bomb = gzipSync(Buffer.concat([pixels, Buffer.alloc(2e7)]));
    const lying = { code: 'IDX_LYING', offset: pixels.length };
    await expect(unpacked(bomb, 'f')).rejects.toMatchObject(lying);
  });

  test('that announces more than memory should hold is refused (fault 59)', async () => {
    const announced = gzipSync(idx([2 ** 20, 2 ** 10, 1], [1, 2, 3]));
    await expect(unpacked(announced, 'f')).rejects.toMatchObject({ code: 'IDX_SIZE' });
  });

  test('of something else is unpacked no further than a picture (fault 59)', async () => {
    await expect(unpacked(gzipSync(Buffer.alloc(2 ** 26 + 1)), 'f')).rejects.toMatchObject({ code: 'IDX_LYING' }); // biome-ignore format: one
  });

  test('any change of any byte is an error or changes nothing', async () => {
    for (let at = 0; at < packed.length; at++) {
      const changed = packed.slice();
      changed[at]! ^= 0x55;
      const outcome = await unpacked(changed, 'f')
        .then((bytes) => parseIdx(bytes, 3, 'f'))
        .catch((reason: unknown) => reason as Error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(IdxError);
      else expect([...outcome.values]).toEqual([...pixels.subarray(16)]);
    }
  });
});
