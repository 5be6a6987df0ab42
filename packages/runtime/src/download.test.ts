import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edited, pixels, tinyBundle } from '../test/bundle.ts';
import * as node from './node.ts';
import * as web from './web.ts';

let files: Map<string, Uint8Array>;
let url = '';
let sent = 0;

/** What a server may do in place of sending scorer.onnx. */
const faults: Readonly<Record<string, (response: ServerResponse, bytes: Uint8Array) => void>> = {
  cut(response, bytes) {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.slice(0, 20));
    setTimeout(() => response.destroy(), 20);
  },
  short: (response, bytes) => response.writeHead(200).end(bytes.slice(0, 20)),
  stalled: (response) => response.writeHead(200).write('x'),
  silent: () => {},
  endless(response) {
    const chunk = new Uint8Array(2 ** 16);
    response.writeHead(200);
    const send = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', send);
    send();
  },
  error: (response) => response.writeHead(500).end('no'),
  circle: (response) => response.writeHead(302, { location: '/circle/scorer.onnx' }).end(),
};

const server = createServer((request, response) => {
  const [, fault, name] = request.url!.split('/') as [string, string, string];
  const bytes = files.get(name);
  if (!bytes) return response.writeHead(404).end();
  if (name === 'scorer.onnx' && fault in faults) return faults[fault]!(response, bytes);
  return response.writeHead(200).end(bytes);
});

beforeAll(async () => {
  files = await tinyBundle();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const x = new Uint8Array(pixels);

test.each([
  ['cut', 'DOWNLOAD_BROKEN'],
  ['short', 'BUNDLE_CORRUPT'],
  ['stalled', 'DOWNLOAD_TIMEOUT'],
  ['silent', 'DOWNLOAD_TIMEOUT'],
  ['endless', 'BUNDLE_TOO_LARGE'],
  ['error', 'BUNDLE_FILE_MISSING'],
  ['circle', 'BUNDLE_FILE_MISSING'],
])('a file that comes %s is %s (fault 91)', async (fault, code) => {
  for (const { load } of [node, web]) {
    const model = await load(`${url}/${fault}`, { threads: 1, timeout: 500 });
    const error = await model.score(x).catch((thrown) => thrown);
    expect(error).toMatchObject({ code, place: `${url}/${fault}/scorer.onnx` });
    await model.dispose();
  }
});

test('no more is read than the manifest announces', async () => {
  sent = 0;
  const model = await node.load(`${url}/endless`, { threads: 1 });
  await expect(model.score(x)).rejects.toMatchObject({ code: 'BUNDLE_TOO_LARGE' });
  // what lies in the buffers of the two ends
  expect(sent).toBeLessThan(2 ** 25);
  await model.dispose();
});

test('no file is larger than the limit, whatever the manifest announces', async () => {
  const huge = await edited(files, ({ heads }) => Object.assign(heads.scorer, { bytes: 2 ** 40 }));
  const before = files;
  files = huge;
  const most = huge.get('manifest.json')!.length;
  const model = await node.load(`${url}/endless`, { maxBytes: most });
  files = before;
  const refused = { code: 'BUNDLE_TOO_LARGE', message: expect.stringContaining(`more than ${most} bytes`) };
  await expect(model.score(x)).rejects.toMatchObject(refused);
  await expect(node.load(`${url}/whole`, { maxBytes: 100 })).rejects.toMatchObject({
    code: 'BUNDLE_TOO_LARGE',
  });
});

test('a signal ends it, with its reason', async () => {
  const stop = new AbortController();
  const model = await node.load(`${url}/stalled`, { threads: 1, signal: stop.signal });
  const scoring = model.score(x);
  setTimeout(() => stop.abort(new Error('enough')), 20);
  await expect(scoring).rejects.toThrow('enough');
});

test.each([0, -1, Number.NaN, '5' as unknown as number])('a limit of %s is refused', async (limit) => {
  const refused = { code: 'INPUT_TYPE' };
  await expect(node.load(url, { timeout: limit })).rejects.toMatchObject(refused);
  await expect(web.load(url, { maxBytes: limit })).rejects.toMatchObject(refused);
});

test('a whole bundle comes as it is', async () => {
  const [fetched, held] = await Promise.all([node.load(`${url}/whole`), node.load(files)]);
  expect(await fetched.score(x)).toEqual(await held.score(x));
});
