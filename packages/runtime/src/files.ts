import { type DownloadOptions, download, downloadOf } from './download.ts';
import { BundleCorrupt, BundleFileMissing, InsecureContext } from './errors.ts';
import type { FileEntry } from './manifest.ts';

/** Where a bundle's files are read from; `read` throws BUNDLE_FILE_MISSING. More than `most` bytes need not be read. */
export interface Files {
  readonly place: string;
  read(name: string, most?: number): Promise<Uint8Array>;
}

/** Files already in memory, by name. */
export type FilesInMemory = ReadonlyMap<string, Uint8Array> | Readonly<Record<string, Uint8Array>>;

/** The files of a map or object of name → bytes. */
export function memoryFiles(entries: FilesInMemory, place = 'memory'): Files {
  const byName = entries instanceof Map ? entries : new Map(Object.entries(entries));
  const read = async (name: string) => {
    const bytes = byName.get(name);
    if (!bytes) throw new BundleFileMissing(`${place}/${name}`);
    return bytes;
  };
  return { place, read };
}

/** The files under a URL, by `fetch`. A relative URL is relative to the page. Throws INPUT_TYPE, and as `download` does. */
export function fetchedFiles(base: string | URL, options: DownloadOptions = {}): Files {
  const how = downloadOf(options);
  const { document, location } = globalThis as Partial<typeof globalThis>;
  const folder = new URL(base, document?.baseURI ?? location?.href);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return { place: folder.href, read: (name, most) => download(new URL(name, folder), how, most) };
}

export function isFiles(source: object): source is Files {
  return 'read' in source && typeof source.read === 'function';
}

/** How errors name a file. */
export function placeOf({ place }: Files, name: string): string {
  return `${place.replace(/[\\/]$/, '')}/${name}`;
}

/** The bytes of one file that the manifest names. Throws BUNDLE_CORRUPT unless size and SHA-256 are as it says. */
export async function readChecked(files: Files, entry: FileEntry): Promise<Uint8Array> {
  const bytes = await files.read(entry.file, entry.bytes);
  const place = placeOf(files, entry.file);
  if (bytes.length !== entry.bytes) {
    throw new BundleCorrupt(place, `${bytes.length} bytes, but the manifest says ${entry.bytes}`);
  }
  const found = await sha256(bytes, place);
  if (found !== entry.sha256) {
    throw new BundleCorrupt(place, `SHA-256 is ${found}, but the manifest says ${entry.sha256}`);
  }
  return bytes;
}

/** SHA-256 in lower-case hexadecimal. Throws INSECURE_CONTEXT on a page that has no `crypto.subtle`. */
export async function sha256(bytes: Uint8Array, place = 'bytes'): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw new InsecureContext(place);
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
