import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A package that is installed but cannot be used: what happened, and what to do. */
export interface Problem {
  readonly package: string;
  readonly problem: string;
  readonly remedy: string;
}

export interface SearchOptions {
  /** Files from which optional packages are looked for, in this order; by default this one, then the current folder. */
  readonly from?: readonly (string | URL)[];
}

export type Require = ReturnType<typeof createRequire>;

function resolves(require: Require, name: string): boolean {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
}

/** A `require` that finds an optional package; undefined where it is not installed. */
export function requireFor(name: string, { from }: SearchOptions = {}): Require | undefined {
  const places = from ?? [import.meta.url, pathToFileURL(join(process.cwd(), 'here.js'))];
  return places.map((place) => createRequire(place)).find((require) => resolves(require, name));
}

/** The version of an optional package; undefined where it is not installed. */
export const versionOf = (name: string, options?: SearchOptions): string | undefined =>
  requireFor(`${name}/package.json`, options)?.(`${name}/package.json`).version;
