import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What `bench size` prints, in bytes: each file as it lies, all of them, and all of them gzipped one by one. */
export interface SizeReport {
  readonly files: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** The size of what a bundle ships. */
export async function benchSize(folder: string): Promise<SizeReport> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const contents = await Promise.all(names.toSorted().map((name) => readFile(join(folder, name))));
  const files = Object.fromEntries(names.toSorted().map((name, i) => [name, contents[i]!.length]));
  const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);
  return {
    files,
    bytes: total(Object.values(files)),
    gzipBytes: total(contents.map((content) => gzipSync(content).length)),
  };
}
