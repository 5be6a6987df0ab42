import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { classes, edited, labels, latent, pixels, tinyBundle, weights } from '../test/bundle.ts';
import { formatVersion } from './manifest.ts';
import type { Model } from './model.ts';
import * as node from './node.ts';
import { fillNormal } from './random.ts';
import { streamOf } from './streams.ts';
import * as web from './web.ts';

let files: Map<string, Uint8Array>;
beforeAll(async () => {
  files = await tinyBundle();
});

const images = (rows: number) =>
  Uint8Array.from({ length: rows * pixels }, (_, i) => (i * 37 + (i >> 3)) % 256);
const image = (row: number) => images(row + 1).slice(-pixels);

/** x · weight. */
function product(
  x: ArrayLike<number>,
  { dims, data }: { dims: readonly number[]; data: ArrayLike<number> },
): number[] {
  const [rows, columns] = dims as [number, number];
  return Array.from({ length: columns }, (_, j) =>
    Array.from({ length: rows }, (_, i) => x[i]! * data[i * columns + j]!).reduce((a, b) => a + b),
  );
}

function softmax(logits: readonly number[]): number[] {
  const exponentials = logits.map((logit) => Math.exp(logit));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((each) => each / sum);
}

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));
const oneHot = (index: number) => Array.from({ length: classes }, (_, i) => Number(i === index));

function decoded(z: ArrayLike<number>, index: number): number[] {
  const fromClass = product(oneHot(index), weights.decodeClass);
  return product(z, weights.decode).map((logit, pixel) => sigmoid(logit + fromClass[pixel]!));
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(found[i]).toBeCloseTo(expected[i]!, 4);
}

describe.each([
  ['onnxruntime-node', node.load],
  ['onnxruntime-web', web.load],
] as const)('on %s', (_, load) => {
  let model: Model;
  beforeAll(async () => {
    model = await load(files, { threads: 1 });
  });

  test.each([1, 2, 7])('%i rows are classified', async (rows) => {
    const found = await model.classify(images(rows));
    expect(found.length).toBe(rows);
    found.forEach((each, row) => {
      expectClose(each.probabilities, softmax(product(image(row), weights.classify)));
      expect(each.probability).toBe(Math.max(...each.probabilities));
      expect(each.probabilities[each.index]).toBe(each.probability);
      expect(each.label).toBe(labels[each.index]);
    });
  });

  test('rows are encoded with the class given, or else the most probable', async () => {
    const probable = await model.classify(images(3));
    const codes = await model.encode(images(3));
    expect(codes.map((code) => code.label)).toEqual(probable.map((each) => each.label));
    const given = await model.encode(images(3), { labels: ['cat', 0, 'bee'] });
    [2, 0, 1].forEach((index, row) => {
      const fromClass = product(oneHot(index), weights.encodeClass);
      const mean = product(image(row), weights.encode).map((each, i) => each + fromClass[i]!);
      expectClose(given[row]!.mean, mean);
      expectClose(
        given[row]!.standardDeviation,
        fromClass.map((each) => Math.exp(-each / 2)),
      );
    });
  });

  test('latents are decoded', async () => {
    const [one, two] = await model.decode(
      [
        [0.5, -1],
        [2, 0],
      ],
      ['ant', 2],
    );
    expect(one).toMatchObject({ label: 'ant', width: 3, height: 2, channels: 1 });
    expectClose(one!.values, decoded([0.5, -1], 0));
    expectClose(two!.values, decoded([2, 0], 2));
  });

  test('images are generated from the noise of the seed', async () => {
    const noise = new Float32Array(5 * latent);
    fillNormal(noise, { seed: 4, stream: streamOf('generatedRows'), step: 0 });
    const found = await model.generate({ count: 5, seed: 4 });
    expect(found.map((each) => each.label)).toEqual(['ant', 'bee', 'cat', 'ant', 'bee']);
    found.forEach((each, i) => {
      expectClose(each.values, decoded(noise.slice(i * latent, (i + 1) * latent), i % classes));
    });
    const cats = await model.generate({ count: 3, seed: 4, label: 'cat' });
    expect(cats[2]).toEqual(found[2]);
    const cold = await model.generate({ label: 1, temperature: 0 });
    expect(cold.length).toBe(1);
    expectClose(cold[0]!.values, decoded([0, 0], 1));
    expect((await model.generate()).map((each) => each.label)).toEqual(labels);
  });

  test('a reconstruction decodes the mean of the code', async () => {
    const codes = await model.encode(images(2));
    const expected = await model.decode(
      codes.map((code) => code.mean),
      codes.map((code) => code.label!),
    );
    expect(await model.reconstruct(images(2))).toEqual(expected);
  });

  test('scores are numbers in order', async () => {
    expectClose(
      await model.score(images(3)),
      [0, 1, 2].map((row) => product(image(row), weights.strangeness)[0]!),
    );
  });

  test('a large batch in parts equals its rows', async () => {
    const inParts = await load(files, { threads: 1, rowsAtOnce: 4 });
    expect(await inParts.score(images(10))).toEqual(await model.score(images(10)));
    expect(await inParts.classify(images(9))).toEqual(await model.classify(images(9)));
  });

  test('no rows give no answers (fault 69)', async () => {
    expect(await model.classify([])).toEqual([]);
    expect(await model.encode(new Uint8Array(0))).toEqual([]);
    expect(await model.score([])).toEqual([]);
    expect(await model.generate({ count: 0 })).toEqual([]);
  });

  test('a model without classes takes no labels', async () => {
    const plain = await load(await tinyBundle({ withClasses: false }), { threads: 1 });
    const [code] = await plain.encode(images(1));
    expectClose(code!.mean, product(image(0), weights.encode));
    expect(code).not.toHaveProperty('label');
    expect((await plain.generate({ count: 2 })).length).toBe(2);
    expect((await plain.reconstruct(images(2))).length).toBe(2);
    await expect(plain.classify(images(1))).rejects.toMatchObject({ code: 'HEAD_MISSING' });
    await expect(plain.generate({ label: 0 })).rejects.toMatchObject({ code: 'LABEL_UNKNOWN' });
    await expect(plain.encode(images(1), { labels: 0 })).rejects.toMatchObject({ code: 'LABEL_UNKNOWN' });
  });

  test('what cannot be answered says why (fault 67, fault 68)', async () => {
    await expect(model.classify(new Uint8Array(5))).rejects.toMatchObject({ code: 'INPUT_SHAPE' });
    await expect(model.score(Array(pixels).fill(0.5))).rejects.toMatchObject({ code: 'INPUT_TYPE' });
    await expect(model.decode([0, 0])).rejects.toMatchObject({ code: 'INPUT_SHAPE', place: 'labels' });
    await expect(model.decode([0, 0], 'wasp')).rejects.toMatchObject({ code: 'LABEL_UNKNOWN' });
    await expect(model.generate({ label: 'wasp' })).rejects.toMatchObject({ code: 'LABEL_UNKNOWN' });
    await expect(model.generate({ count: 1.5 })).rejects.toMatchObject({ code: 'INPUT_TYPE' });
    await expect(model.generate({ temperature: -1 })).rejects.toMatchObject({ code: 'INPUT_TYPE' });
  });

  test('a disposed model refuses', async () => {
    const other = await load(files, { threads: 1, preload: ['scorer'] });
    await other.dispose();
    await expect(other.score(images(1))).rejects.toMatchObject({ code: 'DISPOSED' });
    await expect(other.classify([])).rejects.toMatchObject({ code: 'DISPOSED' });
    await other.dispose();
  });
});

test('both hosts generate the same images', async () => {
  const [a, b] = await Promise.all([node.load(files), web.load(files)]);
  const [ours, theirs] = await Promise.all([a, b].map((model) => model.generate({ count: 4, seed: 1 })));
  ours!.forEach((each, i) => expectClose(each.values, theirs![i]!.values));
});

describe('files', () => {
  let folder = '';
  let url = '';
  const server = createServer((request, response) => {
    const bytes = files.get(request.url!.slice('/models/tiny/'.length));
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semivae-runtime-'));
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    await new Promise<void>((resolve) => server.listen(0, resolve));
    url = `http://localhost:${(server.address() as AddressInfo).port}/models/tiny`;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => vi.unstubAllGlobals());

  test('come from a folder, a URL, a map, an object or a reader', async () => {
    const expected = await (await node.load(files)).score(images(1));
    const reader = { place: 'reader', read: async (name: string) => files.get(name)! };
    const sources = [
      folder,
      pathToFileURL(folder),
      url,
      new URL(`${url}/`),
      Object.fromEntries(files),
      reader,
    ];
    for (const source of sources) expect(await (await node.load(source)).score(images(1))).toEqual(expected);
    expect(await (await web.load(url)).score(images(1))).toEqual(expected);
  });

  test('that are missing are named, and others beside them are nobody’s business (fault 3)', async () => {
    const missing = { code: 'BUNDLE_FILE_MISSING' };
    await expect(node.load(join(folder, 'elsewhere'))).rejects.toMatchObject(missing);
    await expect(node.load(`${url}/elsewhere`)).rejects.toMatchObject(missing);
    await expect(node.load('http://localhost:1/')).rejects.toMatchObject(missing);
    await expect(web.load({})).rejects.toMatchObject({ ...missing, place: 'memory/manifest.json' });
    const without = new Map(files);
    without.delete('scorer.onnx');
    const model = await node.load(without);
    await expect(model.score(images(1))).rejects.toMatchObject({ ...missing, place: 'memory/scorer.onnx' });
    const more = await node.load(new Map(files).set('more.onnx', Uint8Array.of(1)));
    expect(await more.score(images(1))).toHaveLength(1);
  });

  test('are read when first used, and once', async () => {
    const read = vi.fn(async (name: string) => files.get(name)!);
    const model = await node.load({ place: 'counted', read });
    const names = () => read.mock.calls.map(([name]) => name);
    expect(names()).toEqual(['manifest.json']);
    await Promise.all([model.score(images(1)), model.score(images(1))]);
    expect(names()).toEqual(['manifest.json', 'scorer.onnx']);
    await node.load({ place: 'counted', read }, { preload: ['encoder', 'decoder'] });
    expect(names().slice(2)).toEqual(['manifest.json', 'encoder.onnx', 'decoder.onnx']);
  });

  test('are tried again after a failure', async () => {
    let broken = true;
    const read = async (name: string) =>
      broken && name === 'scorer.onnx' ? new Uint8Array(1) : files.get(name)!;
    const model = await node.load({ place: 'flaky', read });
    await expect(model.score(images(1))).rejects.toMatchObject({ code: 'BUNDLE_CORRUPT' });
    broken = false;
    expect((await model.score(images(1))).length).toBe(1);
  });

  test('with a changed byte or length are refused before they are opened (fault 1, fault 2)', async () => {
    const changed = files.get('scorer.onnx')!.slice();
    changed[changed.length - 1]! ^= 1;
    for (const bytes of [changed, changed.slice(1)]) {
      const model = await node.load(new Map(files).set('scorer.onnx', bytes));
      await expect(model.score(images(1))).rejects.toMatchObject({
        code: 'BUNDLE_CORRUPT',
        place: 'memory/scorer.onnx',
      });
    }
  });

  test('with a manifest that is newer, spoilt, or another page (fault 4)', async () => {
    const newer = await edited(files, (manifest) =>
      Object.assign(manifest, { formatVersion: formatVersion + 1 }),
    );
    await expect(node.load(newer)).rejects.toMatchObject({ code: 'BUNDLE_TOO_NEW' });
    const spoilt = new Map(files).set('manifest.json', new TextEncoder().encode('<!doctype html>'));
    await expect(node.load(spoilt)).rejects.toMatchObject({ code: 'BUNDLE_MALFORMED' });
  });

  test('that do not keep what the manifest promises are refused', async () => {
    const swapped = await edited(files, ({ heads }) => {
      const { file, bytes, sha256 } = heads.scorer;
      Object.assign(heads.classifier, { file, bytes, sha256 });
    });
    const model = await node.load(swapped);
    await expect(model.classify(images(1))).rejects.toMatchObject({ code: 'BUNDLE_MALFORMED' });
  });

  test('cannot be checked on an insecure page', async () => {
    vi.stubGlobal('crypto', {});
    await expect(web.load(files)).rejects.toMatchObject({ code: 'INSECURE_CONTEXT' });
  });
});
