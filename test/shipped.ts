import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const models = fileURLToPath(new URL('../models', import.meta.url));

/** The bundles under models/: their folders, relative to it. */
export const shipped: readonly string[] = readdirSync(models, { recursive: true, encoding: 'utf8' })
  .filter((path) => /[/\\]manifest\.json$/.test(path))
  .map(dirname);

export const folderOf = (bundle: string): string => join(models, bundle);

/** The files of a bundle under models/, by name. */
export function filesOf(bundle: string): Readonly<Record<string, Uint8Array>> {
  const entries = readdirSync(folderOf(bundle), { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ name }) => [name, Uint8Array.from(readFileSync(join(folderOf(bundle), name)))]),
  );
}
