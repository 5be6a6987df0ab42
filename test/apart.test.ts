import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, type Model } from '@semivae/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Apart from '../packages/runtime/src/process.ts';
import { pixels, tinyBundle } from '../packages/runtime/test/bundle.ts';
import { tableBundle } from '../packages/runtime/test/table.ts';
import { freshFolder } from './command.ts';
import { folderOf, shipped } from './shipped.ts';

// the process runs what is built, as it does for those who install it
const built = fileURLToPath(new URL('../packages/runtime/dist/process.js', import.meta.url));
const { loadApart } = (await import(built)) as typeof Apart;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function isGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 200 && isAlive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  return !isAlive(pid);
}

describe('a model apart', () => {
  let folder = '';
  let files: Map<string, Uint8Array>;
  let here: Model;
  let apart: Apart.ModelApart;
  const x = Uint8Array.from({ length: 5 * pixels }, (_, i) => i);

  beforeAll(async () => {
    folder = join(freshFolder(), 'bundle');
    files = await tinyBundle();
    mkdirSync(folder);
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    [here, apart] = await Promise.all([load(files), loadApart(folder, { threads: 1 })]);
  });
  afterAll(async () => {
    await apart.dispose();
    rmSync(folder, { recursive: true });
  });

  test('answers every call as a model here', async () => {
    expect(apart.manifest).toEqual(here.manifest);
    expect(await apart.score(x)).toEqual(await here.score(x));
    expect(await apart.classify(x)).toEqual(await here.classify(x));
    expect(await apart.encode(x, { labels: 1 })).toEqual(await here.encode(x, { labels: 1 }));
    expect(await apart.reconstruct(x)).toEqual(await here.reconstruct(x));
    expect(await apart.generate({ count: 2, seed: 3 })).toEqual(await here.generate({ count: 2, seed: 3 }));
    expect(await Promise.all([1, 2, 3].map(() => apart.score(x)))).toEqual(
      await Promise.all([1, 2, 3].map(() => here.score(x))),
    );
  });

  test('takes rows, and files in memory', async () => {
    const table = await tableBundle();
    const [mine, other] = await Promise.all([load(table), loadApart(table)]);
    const rows = [
      { age: 1, colour: 'red', member: true, shape: '', when: new Date(5), id: 'a' },
      { age: null, colour: null, member: null, shape: null, when: null, id: 'b' },
    ];
    expect(await other.score(rows)).toEqual(await mine.score(rows));
    expect(await other.impute(rows)).toEqual(await mine.impute(rows));
    await other.dispose();
  });

  test('carries errors with their codes', async () => {
    const wrong = await here.classify(new Uint8Array(5)).catch((error) => error);
    const found = await apart.classify(new Uint8Array(5)).catch((error) => error);
    const { code, place, remedy, message } = wrong;
    expect(found).toMatchObject({ code, place, remedy, message });
    await expect(loadApart(join(folder, 'elsewhere'))).rejects.toMatchObject({ code: 'BUNDLE_FILE_MISSING' });
    await expect(loadApart(folder, { rowsAtOnce: 0 })).rejects.toMatchObject({ code: 'INPUT_TYPE' });
    const unsendable = apart.score((() => 0) as unknown as Uint8Array);
    await expect(unsendable).rejects.toMatchObject({ code: 'INPUT_TYPE', place: 'score' });
    expect((await apart.score(x)).length).toBe(5);
  });

  test('that is killed rejects what it was asked, and is started anew by the next call', async () => {
    const before = apart.pid!;
    const asked = [apart.score(x), apart.classify(x)];
    process.kill(before, 'SIGKILL');
    for (const each of await Promise.allSettled(asked))
      expect(each).toMatchObject({ reason: { code: 'PROCESS_ENDED', place: `process ${before}` } });
    expect(await apart.score(x)).toEqual(await here.score(x));
    expect(apart.pid).not.toBe(before);
  });

  test('is disposed of once it has answered, and leaves no process', async () => {
    const other = await loadApart(folder);
    const pid = other.pid!;
    const asked = other.score(x);
    await other.dispose();
    expect(await asked).toEqual(await here.score(x));
    expect(isAlive(pid)).toBe(false);
    await expect(other.score(x)).rejects.toMatchObject({ code: 'DISPOSED' });
    await other.dispose();
  });

  test('keeps no process alive, and ends with it, however that ends', async () => {
    const program = `
      import { loadApart } from ${JSON.stringify(built)};
      const model = await loadApart(${JSON.stringify(folder)});
      console.log(model.pid);
      if (process.argv[1] === 'killed') setInterval(() => {}, 1000);
    `;
    for (const how of ['alone', 'killed']) {
      const parent = spawn(process.execPath, ['--input-type=module', '-e', program, how]);
      const exited = once(parent, 'exit');
      const [told] = (await once(parent.stdout, 'data')) as [Buffer];
      if (how === 'killed') parent.kill('SIGKILL');
      await exited;
      expect(await isGone(Number(told))).toBe(true);
    }
  });
});

test.skipIf(shipped.length === 0)('while it computes, this event loop goes on', async () => {
  const model = await loadApart(folderOf(shipped.find((each) => each.startsWith('mnist-m2'))!), {
    threads: 1,
  });
  const x = new Uint8Array(400 * 784);
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const started = performance.now();
  await model.score(x);
  clearInterval(timer);
  const took = performance.now() - started;
  expect(longest).toBeLessThan(took / 2);
  await model.dispose();
});
