import { fileURLToPath } from 'node:url';
import { digits, type Images } from '@semivae/data';
import { loadDataset } from '@semivae/data/node';
import { PARITY_LIMIT } from '@semivae/export';
import { load, memoryFiles, toImageData } from '@semivae/runtime';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../scripts/chromium.mjs';
import { answersOf, generated, tableAnswersOf } from './browser/answers.ts';
import { bundlePage, nodeImports } from './browser/bundle.ts';
import type { PageError, PageReport, TablePageReport } from './browser/page.ts';
import { type Served, serve } from './browser/serve.ts';
import { largestGap } from './largest-gap.ts';
import { people, rowsOf, tableOf } from './people.ts';
import { filesOf, shipped } from './shipped.ts';
import { tiny, tinyTable } from './tiny.ts';

const ROWS = 200;
/** Calls that overlap on four bundles; 10,000 take minutes. */
const CALLS = Number(process.env.SEMIVAE_BROWSER_CALLS ?? 400);
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

describe('bundled for a browser', () => {
  test('no package imports a module of Node', async () => {
    expect(await nodeImports('packages.ts')).toEqual([]);
  });

  test('unlike an entry that is for Node', async () => {
    expect(await nodeImports(pathOf('../packages/runtime/src/node.ts'))).toContain('node:fs/promises');
  });
});

/** The bundle that we ship, or a tiny one where it is not there. */
async function bundle(): Promise<Served> {
  const name = shipped.find((each) => each.startsWith('mnist-m2'));
  return name ? filesOf(name) : (await tiny('m2')).files;
}

/** MNIST's test digits, or drawn ones where they are not there. */
async function testDigits(): Promise<Images> {
  const dataDir = process.env.SEMIVAE_DATA_DIR ?? pathOf('../../shared/data');
  const found = await loadDataset('mnist', { dataDir }).catch(({ code }) => {
    if (code !== 'IDX_MISSING') throw new Error(`MNIST in ${dataDir}: ${code}`);
    return digits({ train: 0, test: ROWS });
  });
  return found.test;
}

/** Rows of a table: ordinary ones, some with what no training has. */
const tableRows = rowsOf(people(120, 'in a browser')).map((row, i) => ({
  ...row,
  ...(i % 10 === 0 && { city: `new ${i}`, spent: 30 - i }),
  ...(i % 17 === 0 && { income: 1e300, visits: 5000 }),
}));

/** A table with labels, known anomalies and columns of every kind. */
async function tableBundle(): Promise<Served> {
  const cells = people(1000, 'trained');
  const classes = (cells.class as readonly string[]).map((each, row) =>
    row % 40 === 0 ? 'strange' : row % 10 === 0 ? each : '',
  );
  const spent = (cells.spent as Float64Array).map((each, row) => (row % 40 === 0 ? 30 : each));
  const data = { labelColumn: 'class', anomalyLabel: 'strange' };
  const { files } = await tinyTable(tableOf({ ...cells, spent, class: classes }), {
    data,
    model: { kind: 'm2' },
  });
  return files;
}

const executablePath = await findChromium();
const required = Boolean(process.env.CI);
if (!executablePath)
  console.warn('NO CHROMIUM: the browser test is skipped. Run: node scripts/setup.mjs --browser');

const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const within = (folder: string, files: Served): Served =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

function spoilt(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length >> 1]! ^= 1;
  return copy;
}

describe.skipIf(!executablePath && !required)('in Chromium', () => {
  let bytes: Uint8Array;
  let files: Served;
  let table: Served;
  let server: Awaited<ReturnType<typeof serve>>;
  let browser: Browser;

  beforeAll(async () => {
    if (!executablePath) throw new Error('no Chromium. Run: node scripts/setup.mjs --browser');
    files = await bundle();
    table = await tableBundle();
    const images = await testDigits();
    bytes = images.bytes.slice(0, ROWS * images.width * images.height);
    const { 'decoder.onnx': decoder, ...rest } = files;
    server = await serve({
      ...(await bundlePage()),
      digits: bytes,
      'rows.json': Buffer.from(JSON.stringify(tableRows)),
      ...within('table', table),
      ...within('whole', files),
      ...within('spoilt', { ...files, 'classifier.onnx': spoilt(files['classifier.onnx']!) }),
      ...within('short', { ...files, 'classifier.onnx': files['classifier.onnx']!.slice(1) }),
      ...within('partial', rest),
      ...within('plain', (await tiny('m2')).files),
      ...within('unlabelled', (await tiny('m1')).files),
    });
    browser = await chromium.launch({ executablePath, args: flags });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function visit<T extends PageReport | TablePageReport | PageError>(
    folder: string,
    kind: 'bundle' | 'table' = 'bundle',
  ): Promise<T> {
    const page = await browser.newPage();
    await page.goto(`${server.url}?${kind}=${folder}/`);
    const report = await page.evaluate(async () => JSON.stringify(await window.report));
    await page.close();
    return JSON.parse(report, (_, value) => value ?? Number.NaN) as T;
  }

  test('answers as in Node, within 1e-5, without eval and without threads (fault 90, fault 92)', async () => {
    const page = await visit<PageReport>('whole');
    expect(page).toMatchObject({ violations: [], evalAllowed: false, threads: false });
    const model = await load(memoryFiles(files));
    const { labels, score, ...numbers } = await answersOf(model, bytes);
    expect(page.answers.labels).toEqual(labels);
    expect(new Set(labels).size).toBeGreaterThan(5);
    for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
      expect(largestGap(page.answers[name], numbers[name]), name).toBeLessThanOrEqual(PARITY_LIMIT);
    }
    expect(largestGap(page.answers.score, score, true)).toBeLessThanOrEqual(PARITY_LIMIT);
    const pixels = (await generated(model)).flatMap((image) => Array.from(toImageData(image).data));
    expect(page.onCanvas).toEqual(page.drawn);
    // values within 1e-5 may still round to neighbouring bytes
    expect(largestGap(page.onCanvas, pixels)).toBeLessThanOrEqual(1);
    await model.dispose();
  });

  test('scores the rows of a table as in Node, under the same policy', async () => {
    const page = await visit<TablePageReport>('table', 'table');
    expect(page).toMatchObject({ violations: [], evalAllowed: false });
    const model = await load(memoryFiles(table));
    const { anomaly, unseen, labels, texts, pValue, ...numbers } = await tableAnswersOf(model, tableRows);
    expect(page.answers).toMatchObject({ anomaly, unseen, labels, texts });
    for (const name of Object.keys(numbers) as (keyof typeof numbers)[])
      expect(largestGap(page.answers[name], numbers[name], true), name).toBeLessThanOrEqual(1e-4);
    expect(largestGap(page.answers.pValue, pValue)).toBeLessThanOrEqual(0.01);
    expect(new Set(anomaly)).toEqual(new Set([true, false]));
    expect(unseen.flat()).toContain('city');
    await model.dispose();
  });

  test(
    'calls that overlap, and disposals among them, give the answers of calls alone',
    async () => {
      const page = await browser.newPage();
      const folders = ['whole', 'table', 'plain', 'unlabelled']
        .map((folder) => `bundle=${folder}/`)
        .join('&');
      await page.goto(`${server.url}?overlapping=${CALLS}&${folders}`);
      const found = await page.evaluate(async () => JSON.stringify(await window.report));
      await page.close();
      expect(JSON.parse(found)).toMatchObject({ calls: CALLS, wrong: 0, errors: [] });
      expect(JSON.parse(found).disposals).toBeGreaterThan(3);
    },
    CALLS > 1000 ? 3_600_000 : undefined,
  );

  test.each([
    ['spoilt', 'BUNDLE_CORRUPT', 'classifier.onnx'],
    ['short', 'BUNDLE_CORRUPT', 'classifier.onnx'],
    ['partial', 'BUNDLE_FILE_MISSING', 'decoder.onnx'],
    ['nowhere', 'BUNDLE_FILE_MISSING', 'manifest.json'],
  ])('a %s bundle is %s (fault 91)', async (folder, code, file) => {
    const error = await visit<PageError>(folder);
    expect(error.code).toBe(code);
    expect(error.message).toContain(`/${folder}/${file}`);
  });
});
