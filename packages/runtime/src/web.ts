import type {} from 'onnxruntime-web';
import { type Files, type FilesInMemory, fetchedFiles, isFiles, memoryFiles } from './files.ts';
import { type LoadOptions, loadWith, type Model } from './model.ts';
import { type Host, type Manners, openWith, peer, type Session, type SessionOptions } from './session.ts';
import { oneAtATime } from './turns.ts';

export * from './index.ts';

/** A bundle: the URL of its folder, or its files by name. */
export type Source = string | URL | Files | FilesInMemory;

/**
 * Obeyed until the first session is opened: ONNX Runtime starts its WebAssembly module once, with as many threads as
 * `threads` then says. More than one needs a cross-origin isolated page.
 */
export interface WebOptions {
  /** Where onnxruntime-web's .wasm (and .mjs) files are served, if not beside its script. */
  readonly wasmPaths?: string | { readonly wasm?: string | URL; readonly mjs?: string | URL };
}

/** Of all sessions together: they share one WebAssembly module. */
const manners: Manners = { writing: 'by copy', turns: oneAtATime() };

/** onnxruntime-web's WebAssembly build, imported on first use. */
export const host: Host = { name: 'onnxruntime-web', start, openSession };

/**
 * Loads a bundle. Only its manifest is fetched at once; a head is fetched, checked and opened when first used, or
 * sooner with `preload`. No eval: a content security policy needs only 'wasm-unsafe-eval'.
 */
export async function load(source: Source, options: LoadOptions & WebOptions = {}): Promise<Model> {
  const { wasmPaths, ...rest } = options;
  const wasm = wasmPaths === undefined ? {} : { wasmPaths };
  const webHost: Host = {
    ...host,
    openSession: (bytes, session) => openSession(bytes, { ...session, ...wasm }),
  };
  return loadWith(webHost, filesOf(source, rest), rest);
}

/** Opens a serialized ONNX ModelProto on onnxruntime-web. Throws RUNTIME_MISSING, SESSION_REFUSED. */
export async function openSession(
  bytes: Uint8Array,
  options: SessionOptions & WebOptions = {},
): Promise<Session> {
  const ort = await start();
  const { wasmPaths, threads } = options;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  if (threads !== undefined) ort.env.wasm.numThreads = threads;
  return openWith(ort, bytes, manners, options);
}

function start() {
  return peer('onnxruntime-web', () => import('onnxruntime-web/wasm'));
}

function filesOf(source: Source, options: LoadOptions): Files {
  if (typeof source === 'string' || source instanceof URL) return fetchedFiles(source, options);
  return isFiles(source) ? source : memoryFiles(source);
}
