import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform } from 'node:os';

/** The class of machine: enough to read a figure by, and nothing that names the machine. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  platform: `${platform()}-${arch()}`,
});

const require = createRequire(import.meta.url);

/** The version of a package that this one can import. */
function versionOf(name: string): string {
  const found = (require.resolve.paths(name) ?? []).flatMap((folder) => {
    try {
      return [JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string }];
    } catch {
      return [];
    }
  });
  return found[0]?.version ?? 'unknown';
}

/** Versions of Node and of these packages, by name. */
export const versionsOf = (...names: readonly string[]): Record<string, string> => ({
  node: process.versions.node,
  ...Object.fromEntries(names.map((name) => [name, versionOf(name)])),
});
