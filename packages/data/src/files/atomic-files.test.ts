import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removePartials, scratchFolder, temporaryFor, writeAtomically } from './atomic-files.ts';
import { isLocked, lockFolder } from './folder-lock.ts';
import { owner } from './owner.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semivae-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const [machine, , started] = owner.split('-') as [string, string, string];

/** Of processes that are dead, of one that has the number of a later one, and of one on another machine. */
const dead = `${machine}-4194305-1`;
const reused = `${machine}-${process.pid}-${Number(started) + 1}`;
const elsewhere = `00000000-1-1`;

describe('writing a file', () => {
  test('leaves nothing behind where it fails', async () => {
    await expect(writeAtomically(at('no/file'), 'x')).rejects.toMatchObject({ code: 'WRITE' });
    expect(await readdir(folder)).toEqual([]);
  });

  test('takes a long name, and keeps a file as private as it was', async () => {
    const name = `${'ü'.repeat(120)}.json`;
    await writeAtomically(at(name), 'old');
    await chmod(at(name), 0o600);
    await writeAtomically(at(name), 'new');
    expect(await readFile(at(name), 'utf8')).toBe('new');
    if (process.platform !== 'win32') expect((await stat(at(name))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual([name]);
  });
});

test.skipIf(started === '0')('what dead processes left is removed, and nothing else (fault 25)', async () => {
  const kept = [
    temporaryFor(at('a.csv')).slice(folder.length + 1),
    `.a.csv.${elsewhere}-1.partial`,
    'a.csv.partial',
    `.notes.${dead}.partial`,
  ];
  const left = [`.a.csv.${dead}-1.partial`, `.b.${reused}-7.partial`, `.old.${elsewhere}-2.partial`];
  for (const name of [...kept, ...left]) await writeFile(at(name), '');
  await mkdir(at(`.bundle.${dead}-2.partial`));
  await writeFile(at(`.bundle.${dead}-2.partial/scorer.onnx`), '');
  await utimes(at(`.old.${elsewhere}-2.partial`), 0, 0);
  await removePartials(folder);
  expect((await readdir(folder)).sort()).toEqual(kept.sort());
});

test.skipIf(started === '0')(
  'folders for temporary files of dead processes are removed (fault 25)',
  async () => {
    const before = process.env.TMPDIR;
    try {
      process.env.TMPDIR = folder;
      for (const name of [`semivae-${dead}-abc`, `semivae-${owner}-abc`, 'semivae-abc'])
        await mkdir(at(name));
      const own = await scratchFolder();
      expect((await readdir(folder)).map(at).sort()).toEqual(
        [own, at(`semivae-${owner}-abc`), at('semivae-abc')].sort(),
      );
      process.env.TMPDIR = at('nowhere');
      await expect(scratchFolder()).rejects.toMatchObject({ code: 'WRITE' });
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  },
);

describe('a folder', () => {
  test('is taken by one at a time, and free again when released (fault 24)', async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringContaining(`process ${process.pid} is writing into it`),
    });
    await lock.release();
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(started === '0')(
    'is not kept by the dead, whose number another has now (fault 24)',
    async () => {
      for (const of of [dead, reused]) await writeFile(at(`.lock.${of}`), '');
      expect(await isLocked(folder)).toBe(false);
      const lock = await lockFolder(folder);
      expect(await readdir(folder)).toEqual([`.lock.${owner}`]);
      await lock.release();
    },
  );

  test('is kept by a process on another machine as long as it gives signs of life', async () => {
    await writeFile(at(`.lock.${elsewhere}`), 'far\n');
    await expect(lockFolder(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/process 1 on far/),
    });
    expect(await isLocked(folder)).toBe(true);
    await utimes(at(`.lock.${elsewhere}`), 0, 0);
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });
});
