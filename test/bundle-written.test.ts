import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleFiles, readBundleFiles, ship, verify, writeBundle } from '@semivae/export/node';
import { load, memoryFiles } from '@semivae/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tiny } from './tiny.ts';

let home: string;
let old: BundleFiles;
let next: BundleFiles;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'semivae-bundle-'));
  const { options, files } = await tiny('m2');
  old = files;
  const state = Object.fromEntries(
    Object.entries(options.checkpoint.state).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((each) => each * 1.01) },
    ]),
  );
  next = await ship({ ...options, name: 'next', checkpoint: { ...options.checkpoint, state } });
});
afterAll(() => rm(home, { recursive: true }));

const folderOf = (name: string) => join(home, name);

async function contentOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const),
    ),
  );
}

describe('a bundle that is written over another', () => {
  test('is the new one to the last byte, and takes nothing away that is not its own (fault 19)', async () => {
    const [here, there] = [folderOf('here'), folderOf('there')];
    await writeBundle(there, next);
    await writeBundle(here, old);
    expect((await load(here)).manifest.name).toBe('tiny-m2');
    const notes = {
      'notes.md': 'what I found',
      'recipe.json': '{}',
      'scorer.onnx.bak': 'x',
      'sales-20261201.csv': 'a',
    };
    for (const [name, text] of Object.entries(notes)) await writeFile(join(here, name), text);
    await writeBundle(here, next);
    const wanted = Object.entries(notes).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
    expect(await contentOf(here)).toEqual({ ...(await contentOf(there)), ...Object.fromEntries(wanted) });
    expect((await verify(memoryFiles(await readBundleFiles(here)))).every(({ ok }) => ok)).toBe(true);
  });

  test('is refused in a folder that holds any other manifest.json, and where a file has its name', async () => {
    const foreign = folderOf('foreign');
    await writeBundle(foreign, old);
    await writeFile(join(foreign, 'manifest.json'), '{"name": "a web app", "icons": []}');
    const before = await contentOf(foreign);
    await expect(writeBundle(foreign, next)).rejects.toMatchObject({ code: 'NOT_A_BUNDLE' });
    expect(await contentOf(foreign)).toEqual(before);

    const own = folderOf('own');
    await writeBundle(own, old);
    await writeFile(join(own, 'reference.json'), 'mine');
    const stood = await contentOf(own);
    const more = { ...next, 'reference.json': Buffer.from('{}') };
    await expect(writeBundle(own, more)).rejects.toMatchObject({ code: 'NOT_ITS_OWN' });
    expect(await contentOf(own)).toEqual(stood);
  });

  test('a manifest that names files elsewhere has none of them removed', async () => {
    const hostile = folderOf('hostile');
    await writeBundle(hostile, old);
    await writeFile(folderOf('precious.txt'), 'x');
    const manifest = JSON.parse(await readFile(join(hostile, 'manifest.json'), 'utf8'));
    manifest.heads.scorer.file = '../precious.txt';
    await writeFile(join(hostile, 'manifest.json'), JSON.stringify(manifest));
    await rm(join(hostile, 'scorer.onnx'));
    await writeBundle(hostile, next);
    expect(await readFile(folderOf('precious.txt'), 'utf8')).toBe('x');
    expect((await load(hostile)).manifest.name).toBe('next');
  });
});
