import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { DataError } from './data-error.ts';
import { writeAtomically } from './files/atomic-files.ts';

/** Bytes received of a file so far; `total` is undefined where the server does not say. */
export interface Progress {
  readonly file: string;
  readonly received: number;
  readonly total: number | undefined;
}

export type OnProgress = (progress: Progress) => void;

/** Lower-case hexadecimal SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Where downloads are kept: SEMIVAE_CACHE, else `semivae` in the platform's own cache directory. */
export function cacheDirectory(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.SEMIVAE_CACHE) return env.SEMIVAE_CACHE;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'semivae');
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'semivae', 'Cache');
  }
  // the XDG specification tells to ignore a relative path
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : undefined;
  return join(base ?? join(homedir(), '.cache'), 'semivae');
}

/**
 * The bytes of `path` if their SHA-256 is `hash`; otherwise fetches `address`, verifies it and keeps it at `path`.
 * Throws DATA_DOWNLOAD, DATA_HASH or DATA_CACHE, and then leaves `path` as it was.
 */
export async function cached(
  path: string,
  address: string,
  hash: string,
  remedy: string,
  onProgress?: OnProgress,
): Promise<Uint8Array> {
  const kept = await readFile(path).catch(() => undefined);
  if (kept && sha256(kept) === hash) return kept;
  const bytes = await fetchBytes(address, remedy, onProgress);
  checkHash(bytes, hash, address, remedy);
  await keep(path, bytes);
  return bytes;
}

/** Throws DATA_HASH unless the SHA-256 of `bytes` is `hash`. */
export function checkHash(bytes: Uint8Array, hash: string, place: string, remedy: string): void {
  const actual = sha256(bytes);
  if (actual === hash) return;
  const problem = `${bytes.length} bytes with SHA-256 ${actual} instead of ${hash}`;
  throw new DataError('DATA_HASH', place, problem, remedy);
}

async function fetchBytes(address: string, remedy: string, onProgress?: OnProgress): Promise<Uint8Array> {
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
    return await collect(response, address, onProgress);
  } catch (reason) {
    throw new DataError('DATA_DOWNLOAD', address, `it could not be downloaded: ${told(reason)}`, remedy, {
      cause: reason,
    });
  }
}

async function collect(response: Response, file: string, onProgress?: OnProgress): Promise<Uint8Array> {
  const total = Number(response.headers.get('content-length')) || undefined;
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    received += chunk.length;
    onProgress?.({ file, received, total });
  }
  return Buffer.concat(chunks);
}

/** `fetch` hides the reason (ENOTFOUND, ECONNREFUSED) in its cause. */
function told(reason: unknown): string {
  const { message, cause } = reason as Error;
  return cause instanceof Error
    ? `${message} (${cause.message || (cause as { code?: string }).code})`
    : message;
}

async function keep(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, bytes);
  } catch (reason) {
    const remedy = 'Make room or set SEMIVAE_CACHE to a directory that can be written.';
    throw new DataError('DATA_CACHE', path, `it could not be written: ${(reason as Error).message}`, remedy);
  }
}
