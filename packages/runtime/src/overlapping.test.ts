import { beforeAll, describe, expect, test } from 'vitest';
import { pixels, tinyBundle } from '../test/bundle.ts';
import * as node from './node.ts';
import { oneAtATime } from './turns.ts';
import * as web from './web.ts';

let files: Map<string, Uint8Array>;
beforeAll(async () => {
  files = await tinyBundle();
});

const images = (rows: number, first = 0) =>
  Uint8Array.from({ length: rows * pixels }, (_, i) => ((first + i) * 37) % 256);

describe.each([
  ['onnxruntime-node', node.load],
  ['onnxruntime-web', web.load],
] as const)('calls that overlap, on %s,', (_, load) => {
  test('answer as they do alone', async () => {
    const model = await load(files, { threads: 1, rowsAtOnce: 3 });
    const given = Array.from({ length: 12 }, (_, i) => images(1 + (i % 7), i));
    const alone = [];
    for (const x of given) alone.push(await model.score(x), await model.reconstruct(x));
    const together = await Promise.all(given.flatMap((x) => [model.score(x), model.reconstruct(x)]));
    expect(together).toEqual(alone);
    await model.dispose();
  });

  test('see what they were given, though the caller uses its buffer again', async () => {
    const model = await load(files, { threads: 1, rowsAtOnce: 2 });
    const buffer = images(6);
    const expected = await model.score(images(6));
    const scoring = model.score(buffer);
    buffer.fill(0);
    expect(await scoring).toEqual(expected);
    await model.dispose();
  });

  test('are answered before the model is disposed of, and later ones are not', async () => {
    const model = await load(files, { threads: 1, rowsAtOnce: 1 });
    const expected = await model.reconstruct(images(5));
    const asked = [model.reconstruct(images(5)), model.reconstruct(images(5))];
    const disposing = model.dispose();
    const late = model.score(images(1));
    await expect(late).rejects.toMatchObject({ code: 'DISPOSED' });
    expect(await Promise.all(asked)).toEqual([expected, expected]);
    await disposing;
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, '2' as unknown as number])(
    'rowsAtOnce and threads of %s are refused',
    async (value) => {
      const refused = { code: 'INPUT_TYPE' };
      await expect(load(files, { rowsAtOnce: value })).rejects.toMatchObject(refused);
      await expect(load(files, { threads: value })).rejects.toMatchObject(refused);
    },
  );
});

test('tasks have their turns one at a time, though some fail', async () => {
  const turns = oneAtATime();
  const told: string[] = [];
  const task = (name: string) => async () => {
    told.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    told.push(`${name} ends`);
    if (name === 'b') throw new Error(name);
    return name;
  };
  const found = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns(task(name))));
  expect(told).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
