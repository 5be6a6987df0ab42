import { mkdtemp, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SemivaeError } from '@semivae/runtime/core';
import { fateOf, OWNER, owner } from './owner.ts';

/** The error of a file that cannot be written: `WRITE`. */
export function unwritable(path: string, cause: unknown): SemivaeError {
  const { code } = cause as NodeJS.ErrnoException;
  const remedy =
    code === 'ENOSPC'
      ? 'Free some space; what was written before is untouched.'
      : 'Choose a folder that can be written to with --out.';
  return new SemivaeError('WRITE', path, `it cannot be written (${code ?? cause})`, remedy, { cause });
}

let temporaries = 0;

/** A name beside `path`, of this process alone, for what is to take its place; in `folder` where one is given. */
export const temporaryFor = (path: string, folder = dirname(path)): string =>
  join(folder, `.${basename(path).slice(0, 40)}.${owner}-${++temporaries}.partial`);

const PARTIAL = new RegExp(`^\\..*\\.(${OWNER})-\\d+\\.partial$`, 's');
const SCRATCH = new RegExp(`^semivae-(${OWNER})-\\w+$`);
const DAY = 24 * 3_600_000;

/** Whether a name is that of a file, or a folder, that is not written to its end. */
export const isPartial = (name: string): boolean => PARTIAL.test(name);

/** What a process of another machine has not touched for a day is taken for left behind. */
async function isLeftBehind(path: string, of: string): Promise<boolean> {
  const fate = fateOf(of);
  if (fate !== 'elsewhere') return fate === 'dead';
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > DAY;
}

/** Removes what processes that are dead have left half done in a folder. */
async function removeLeftovers(folder: string, pattern: RegExp): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const of = pattern.exec(name)?.[1];
    const path = join(folder, name);
    if (of !== undefined && (await isLeftBehind(path, of)))
      await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Removes the half-written files that dead processes have left in a folder. */
export const removePartials = (folder: string): Promise<void> => removeLeftovers(folder, PARTIAL);

/** A fresh folder for what is needed while this process runs; those that dead processes have left are removed. */
export async function scratchFolder(): Promise<string> {
  await removeLeftovers(tmpdir(), SCRATCH);
  return mkdtemp(join(tmpdir(), `semivae-${owner}-`)).catch((cause) => {
    const remedy = 'Set TMPDIR to a folder that exists, may be written to and has room.';
    const problem = `no folder can be made there (${(cause as NodeJS.ErrnoException).code ?? cause})`;
    throw new SemivaeError('WRITE', tmpdir(), problem, remedy, { cause });
  });
}

/** A device or a pipe: there is nothing to keep, and renaming over it would put a file in its place. */
const isDevice = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => !found.isFile() && !found.isDirectory(),
    () => false,
  );

/** Makes a folder's entries last a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file that lasts a loss of power once its folder is flushed. */
export async function writeFlushed(path: string, content: Uint8Array | string, mode?: number): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a file that was written under another name in its place: flushed, renamed, the folder flushed. */
export async function putInPlace(temporary: string, path: string): Promise<void> {
  const file = await open(temporary, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Who may read the file that stands there; undefined where none does. */
const modeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );

/** Writes a file whole or not at all: a temporary name, flushed, renamed, the folder flushed. Throws `WRITE`. */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  if (await isDevice(path)) {
    return writeFile(path, content).catch((cause) => {
      throw unwritable(path, cause);
    });
  }
  await removePartials(dirname(path));
  const temporary = temporaryFor(path);
  try {
    await writeFlushed(temporary, content, await modeOf(path));
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, cause);
  }
}

/** Adds a line to a file, flushed; a crash may cut it short. Throws `WRITE`. */
export async function appendLine(path: string, line: string): Promise<void> {
  try {
    const file = await open(path, 'a');
    try {
      await file.writeFile(`${line}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unwritable(path, cause);
  }
}
