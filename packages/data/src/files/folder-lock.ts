import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SemivaeError } from '@semivae/runtime/core';
import { unwritable } from './atomic-files.ts';
import { fateOf, OWNER, owner, pidOf } from './owner.ts';

/** The right to write into a folder, until it is released. */
export interface FolderLock {
  /** Says that its holder is alive, for those on other machines; at most once a minute. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

const LOCK = new RegExp(`^\\.lock\\.(${OWNER})$`);
const MINUTE = 60_000;

/** After so long without a sign of life, a holder on another machine is taken for dead. */
const SILENCE = 15 * MINUTE;

/** Whether a file of a folder is somebody's lock. */
export const isLock = (name: string): boolean => LOCK.test(name);

/** A lock's last sign of life; the clock is that of the disk, so that it can be compared with another's. */
const lastSign = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

async function isHeld(path: string, of: string, now: number): Promise<boolean> {
  const fate = fateOf(of);
  return fate === 'alive' || (fate === 'elsewhere' && now - (await lastSign(path)) < SILENCE);
}

/** The locks of others that are alive; those of the dead are removed. */
async function held(folder: string, now: number): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const of = LOCK.exec(name)?.[1];
    if (of === undefined || of === owner) continue;
    if (await isHeld(join(folder, name), of, now)) found.push(name);
    else await rm(join(folder, name), { force: true });
  }
  return found;
}

/** Whether a process that is alive holds a folder. */
export async function isLocked(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  const others = names.filter((name) => isLock(name) && LOCK.exec(name)![1] !== owner);
  const alive = others.map((name) => isHeld(join(folder, name), LOCK.exec(name)![1]!, Date.now()));
  return (await Promise.all(alive)).some(Boolean);
}

async function lockedError(code: string, folder: string, name: string): Promise<SemivaeError> {
  const path = join(folder, name);
  const of = LOCK.exec(name)![1]!;
  const where =
    fateOf(of) === 'elsewhere'
      ? ` on ${(await readFile(path, 'utf8').catch(() => '')).trim() || 'another machine'}`
      : '';
  const problem = `process ${pidOf(of)}${where} is writing into it`;
  const remedy = where
    ? `Wait until it ends; if it is gone, remove ${path}.`
    : 'Wait until it ends, or stop it; then go on.';
  return new SemivaeError(code, folder, problem, remedy);
}

const ATTEMPTS = 3;

/**
 * Takes a folder for this process alone. A lock is a file of its holder's own name, made before others are looked for:
 * of two at once at least one sees the other, and a dead one's can be removed by anybody. Throws `code`, naming the process
 * that holds it, or `WRITE`.
 */
export async function lockFolder(folder: string, code = 'RUN_LOCKED'): Promise<FolderLock> {
  const path = join(folder, `.lock.${owner}`);
  for (let attempt = 1; ; attempt++) {
    await makeLock(code, folder, path);
    const others = await held(folder, await lastSign(path)).catch(async (cause) => {
      await rm(path, { force: true });
      throw unwritable(folder, cause);
    });
    if (others.length === 0) break;
    await rm(path, { force: true });
    if (attempt === ATTEMPTS) throw await lockedError(code, folder, others[0]!);
    await pause(50 + Math.random() * 100);
  }
  let renewed = performance.now();
  return {
    async renew() {
      if (performance.now() - renewed < MINUTE) return;
      renewed = performance.now();
      await sign(path);
    },
    release: () => rm(path, { force: true }).catch(() => {}),
  };
}

/** The name of this machine, for whom it concerns; the lock holds without. */
const sign = (path: string): Promise<void> =>
  writeFile(path, `${hostname()}\n`, { flag: 'r+' }).catch(() => {});

async function makeLock(code: string, folder: string, path: string): Promise<void> {
  const file = await open(path, 'wx').catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') throw await lockedError(code, folder, `.lock.${owner}`);
    throw unwritable(folder, cause);
  });
  await file.close();
  await sign(path);
}
