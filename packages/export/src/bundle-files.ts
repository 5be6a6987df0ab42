import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileEntry, type Manifest, manifestFile } from '@semivae/runtime/core';

/** What a bundle holds besides what its manifest names. */
export const BESIDES = [manifestFile, 'README.md', 'samples.png'];

/**
 * A new file that waits beside the one whose place it takes: `scorer-1a2b3c4d.onnx`, by its SHA-256. Only names that an
 * export gives: `sales-20261201.csv` is somebody's own.
 */
const ASIDE =
  /^(classifier|encoder|decoder|scorer|imputer|sampler|parity|reference)-[0-9a-f]{8}(\.(?:onnx|json))$/;

export const isAside = (name: string): boolean => ASIDE.test(name);

/** Where a file waits. */
export const asideOf = ({ file, sha256 }: FileEntry): string =>
  file.replace(/(?=\.\w+$)/, `-${sha256.slice(0, 8)}`);

/** The name that a file which waits will have; any other name is its own. */
export const homeOf = (name: string): string => name.replace(ASIDE, '$1$2');

const isEntry = (value: object): value is FileEntry =>
  'file' in value &&
  typeof value.file === 'string' &&
  /^\w[\w.-]*$/.test(value.file) &&
  'bytes' in value &&
  'sha256' in value;

/** A manifest with every entry of a file as `change` has it. */
function mapped(value: unknown, change: (entry: FileEntry) => FileEntry): unknown {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(isEntry(value) ? change(value) : value);
  return Object.fromEntries(fields.map(([name, each]) => [name, mapped(each, change)]));
}

/** The files that a manifest names. */
export function entriesOf(manifest: Manifest): FileEntry[] {
  const found: FileEntry[] = [];
  mapped({ ...manifest, training: undefined }, (entry) => {
    found.push(entry);
    return entry;
  });
  return found;
}

/** The same manifest, which looks for some of its files where they wait. */
export function withAside(manifest: Manifest, waiting: ReadonlySet<string>): Manifest {
  const { training, ...rest } = manifest;
  const change = (entry: FileEntry) => (waiting.has(entry.file) ? { ...entry, file: asideOf(entry) } : entry);
  return { ...(mapped(rest, change) as Omit<Manifest, 'training'>), training };
}

/** What a bundle's manifest says as it stands in a folder; undefined where none of ours does. */
export async function standingManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, manifestFile), 'utf8')) as Manifest;
    return manifest.format === 'semivae-bundle' ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** The names of a bundle's own files, whether each is there or not. */
export function ownFiles(manifest: Manifest): string[] {
  const named = entriesOf(manifest).map(({ file }) => file);
  return [...new Set([...BESIDES, ...named, ...named.map(homeOf)])];
}
