import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BundleFileMissing } from './errors.ts';
import { type Files, type FilesInMemory, fetchedFiles, isFiles, memoryFiles } from './files.ts';
import { type LoadOptions, loadWith, type Model } from './model.ts';
import { type Host, inNode, openWith, peer, type Session, type SessionOptions } from './session.ts';

export * from './index.ts';

/** A bundle: a folder's path or file URL, an http(s) URL, or its files by name. */
export type Source = string | URL | Files | FilesInMemory;

/** onnxruntime-node, imported on first use. */
export const host: Host = { name: 'onnxruntime-node', start, openSession };

/**
 * Loads a bundle. Only its manifest is read at once; a head is read, checked and opened when first used, or sooner
 * with `preload`. Running a head blocks Node's event loop: a server loads it by `loadApart` of `@semivae/runtime/process`.
 * A worker thread must not be ended during a run, which aborts the process.
 */
export async function load(source: Source, options: LoadOptions = {}): Promise<Model> {
  return loadWith(host, filesOf(source, options), options);
}

/** Opens a serialized ONNX ModelProto on onnxruntime-node. Throws RUNTIME_MISSING, SESSION_REFUSED. */
export async function openSession(bytes: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  return openWith(await start(), bytes, inNode, options);
}

function start() {
  // it would leave a file of telemetry in the folder for temporary files, for every process
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  return peer('onnxruntime-node', () => import('onnxruntime-node'));
}

/** The files of a folder. */
export function folderFiles(folder: string): Files {
  const read = async (name: string) => {
    const path = join(folder, name);
    return readFile(path).catch((cause: NodeJS.ErrnoException) => {
      throw new BundleFileMissing(path, `cannot be read (${cause.code})`, { cause });
    });
  };
  return { place: folder, read };
}

function filesOf(source: Source, options: LoadOptions): Files {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    return isFiles(source) ? source : memoryFiles(source);
  }
  const text = String(source);
  if (/^https?:/.test(text)) return fetchedFiles(text, options);
  return folderFiles(text.startsWith('file:') ? fileURLToPath(text) : text);
}
