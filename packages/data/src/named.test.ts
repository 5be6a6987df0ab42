import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheDirectory, type Progress, sha256 } from './download.ts';
import { STEMS, type Stem } from './idx-files.ts';
import { fashionMnist, loadDataset, loadNamed, mnist, type NamedSet } from './named.ts';

/** Six training and three test images of 2×1 pixels, as idx bytes. */
const contents: Record<Stem, Buffer> = {
  'train-images-idx3-ubyte': Buffer.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6]),
  'train-labels-idx1-ubyte': Buffer.from([0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 1]),
  't10k-images-idx3-ubyte': Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 9, 8, 7, 6]),
  't10k-labels-idx1-ubyte': Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]),
};

const published = new Map(STEMS.map((stem) => [stem, gzipSync(contents[stem])]));
const hashes = STEMS.map((stem) => [
  stem,
  { packed: sha256(published.get(stem)!), content: sha256(contents[stem]) },
]);
const tiny: NamedSet = { ...mnist, name: 'tiny', classes: ['a', 'b'], files: Object.fromEntries(hashes) };

type Answer = 'right' | 'wrong' | 'short' | 'missing';
let answer: Answer = 'right';
let asked = 0;
let server: Server;
let mirror = '';
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semivae-'));
  process.env.SEMIVAE_CACHE = join(folder, 'cache');
  [answer, asked] = ['right', 0];
  server = createServer((request, response) => {
    asked++;
    const bytes = published.get(request.url!.slice(1).replace('.gz', '') as Stem);
    if (answer === 'missing' || !bytes) return response.writeHead(404).end();
    response.setHeader('content-length', bytes.length);
    if (answer === 'short') return response.write(bytes.subarray(0, 20), () => response.destroy());
    return response.end(answer === 'right' ? bytes : Buffer.alloc(bytes.length));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  delete process.env.SEMIVAE_CACHE;
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const keptFiles = () => readdir(join(folder, 'cache', 'tiny')).catch(() => []);

async function fill(into: string, pack: boolean): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const stem of STEMS) {
    await writeFile(join(into, pack ? `${stem}.gz` : stem), pack ? published.get(stem)! : contents[stem]);
  }
}

describe('downloading', () => {
  test('a set is fetched once, then read from the cache', async () => {
    const seen: Progress[] = [];
    const first = await loadNamed(tiny, { mirror, onProgress: (progress) => seen.push(progress) });
    expect(first.train).toMatchObject({ rows: 3, height: 2, width: 1, classes: ['a', 'b'] });
    expect([...first.test.bytes]).toEqual([9, 8, 7, 6]);
    expect(seen.filter(({ received, total }) => received === total)).toHaveLength(4);
    expect(await loadNamed(tiny, { mirror })).toEqual(first);
    expect(asked).toBe(4);
    expect((await keptFiles()).sort()).toEqual(STEMS.map((stem) => `${stem}.gz`).sort());
  });

  test.each<[Answer, string]>([
    ['wrong', 'DATA_HASH'],
    ['short', 'DATA_DOWNLOAD'],
    ['missing', 'DATA_DOWNLOAD'],
  ])('a %s answer is %s and leaves nothing', async (given, code) => {
    answer = given;
    const remedy = expect.stringMatching(/--data-dir.*train-images-idx3-ubyte\.gz.*t10k-labels/);
    await expect(loadNamed(tiny, { mirror })).rejects.toMatchObject({ code, remedy });
    expect(await keptFiles()).toEqual([]);
  });

  test('nobody there is DATA_DOWNLOAD and tells why', async () => {
    server.close();
    server.closeAllConnections();
    const message = expect.stringContaining('ECONNREFUSED');
    await expect(loadNamed(tiny, { mirror })).rejects.toMatchObject({ code: 'DATA_DOWNLOAD', message });
  });

  test('a damaged file in the cache is fetched again', async () => {
    const first = await loadNamed(tiny, { mirror });
    await writeFile(join(folder, 'cache', 'tiny', `${STEMS[0]}.gz`), 'damaged');
    expect(await loadNamed(tiny, { mirror })).toEqual(first);
    expect(asked).toBe(5);
  });

  test('a cache that cannot be written is DATA_CACHE', async () => {
    await writeFile(join(folder, 'cache'), 'a file where the directory should be');
    await expect(loadNamed(tiny, { mirror })).rejects.toMatchObject({ code: 'DATA_CACHE' });
  });
});

describe('a folder of files', () => {
  test.each([
    ['data/tiny', true],
    ['data', true],
    ['data/tiny', false],
    ['data', false],
  ])('in %s, gzipped %s', async (place, pack) => {
    await fill(join(folder, place), pack);
    const { train } = await loadNamed(tiny, { dataDir: join(folder, 'data') });
    expect([...train.bytes]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(asked).toBe(0);
  });

  test('packed otherwise than published is the same content', async () => {
    await fill(folder, true);
    await writeFile(join(folder, `${STEMS[0]}.gz`), gzipSync(contents[STEMS[0]], { level: 0 }));
    expect((await loadNamed(tiny, { dataDir: folder })).train.rows).toBe(3);
  });

  test('with other content than the name says is DATA_HASH', async () => {
    await fill(folder, false);
    await expect(loadDataset('mnist', { dataDir: folder })).rejects.toMatchObject({ code: 'DATA_HASH' });
  });

  test('with a file missing is IDX_MISSING and names it', async () => {
    await fill(folder, true);
    await rm(join(folder, `${STEMS[3]}.gz`));
    const remedy = expect.stringContaining(STEMS[3]);
    const lacking = loadNamed(tiny, { dataDir: folder });
    await expect(lacking).rejects.toMatchObject({ code: 'IDX_MISSING', remedy });
  });

  test('is a dataset of its own when given as one', async () => {
    await fill(join(folder, 'mine'), true);
    const mine = await loadDataset(join(folder, 'mine'));
    expect(mine).toMatchObject({ name: 'mine', train: { rows: 3, classes: ['0', '1'] }, test: { rows: 2 } });
  });
});

test('a folder of images alone is a dataset without labels; half its labels are not', async () => {
  const mine = join(folder, 'mine');
  await fill(mine, true);
  await rm(join(mine, `${STEMS[3]}.gz`));
  await expect(loadDataset(mine)).rejects.toMatchObject({ code: 'IDX_MISSING' });
  await rm(join(mine, `${STEMS[1]}.gz`));
  const { train, test: held } = await loadDataset(mine);
  expect(train).toMatchObject({ rows: 3, classes: [] });
  expect([...train.labels, ...held.labels]).toEqual([-1, -1, -1, -1, -1]);
});

describe('names', () => {
  test('the embedded digits need no file', async () => {
    expect((await loadDataset('digits')).train).toMatchObject({ rows: 6000, width: 28, height: 28 });
  });

  test.each([
    ['minst', 'Did you mean mnist?'],
    ['fashionmnist', 'Did you mean fashion-mnist?'],
    ['MNIST', 'Did you mean mnist?'],
    ['something-else', 'The names are digits, mnist, fashion-mnist'],
  ])('%s is unknown: %s', async (name, said) => {
    const remedy = expect.stringMatching(`^${said.replace('?', '\\?')}`);
    await expect(loadDataset(name)).rejects.toMatchObject({ code: 'DATA_UNKNOWN', remedy });
  });
});

test.each<[NodeJS.Platform, NodeJS.ProcessEnv, RegExp]>([
  ['linux', { SEMIVAE_CACHE: '/mine' }, /^\/mine$/],
  ['linux', { XDG_CACHE_HOME: '/xdg' }, /^\/xdg.semivae$/],
  ['linux', { XDG_CACHE_HOME: 'relative' }, /.cache.semivae$/],
  ['linux', {}, /.cache.semivae$/],
  ['darwin', {}, /Library.Caches.semivae$/],
  ['win32', { LOCALAPPDATA: '/local' }, /^\/local.semivae.Cache$/],
])('the cache on %s with %j', (platform, env, expected) => {
  expect(cacheDirectory(env, platform)).toMatch(expected);
});

const dataDir = resolve(process.env.SEMIVAE_DATA_DIR ?? '../shared/data');
const there = existsSync(join(dataDir, 'mnist'));
if (!there)
  console.warn(`SKIPPED: published MNIST and Fashion-MNIST, not found in ${dataDir} (SEMIVAE_DATA_DIR)`);

describe.skipIf(!there)('as published', () => {
  test.each([mnist, fashionMnist])('$name', async ({ name, classes }) => {
    const { train, test: held } = await loadDataset(name, { dataDir });
    expect(train).toMatchObject({ rows: 60000, width: 28, height: 28, classes });
    expect(held).toMatchObject({ rows: 10000, width: 28, height: 28, classes });
    expect(new Set(train.labels).size).toBe(10);
  });

  test('the files have the hashes they were published with', async () => {
    for (const set of [mnist, fashionMnist]) {
      for (const stem of STEMS) {
        expect(sha256(await readFile(join(dataDir, set.name, `${stem}.gz`)))).toBe(set.files[stem].packed);
      }
    }
  });

  test('the mean and deviation of MNIST are those that everyone quotes', async () => {
    const { bytes } = (await loadDataset('mnist', { dataDir })).train;
    let [sum, squares] = [0, 0];
    for (const byte of bytes) {
      sum += byte;
      squares += byte * byte;
    }
    const mean = sum / bytes.length / 255;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / bytes.length / 255 ** 2 - mean ** 2)).toBeCloseTo(0.3081, 4);
  });
});
