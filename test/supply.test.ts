import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const fileOf = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(fileOf(path), 'utf8'));

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const locked: Readonly<Record<string, Locked>> = json('package-lock.json').packages;

/** Packages that would run a script when they are installed, looked at one by one: everything here works without. */
const KNOWN = [
  'node_modules/core-js 3.29.1',
  'node_modules/esbuild 0.28.2',
  'node_modules/onnxruntime-node 1.30.0',
  'node_modules/onnxruntime-web/node_modules/protobufjs 7.6.6',
];

test('install scripts are off, so that what is tested here was installed without any (fault 99)', () => {
  expect(readFileSync(fileOf('.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  const own = [
    'package.json',
    ...readdirSync(fileOf('packages')).map((each) => `packages/${each}/package.json`),
  ];
  for (const path of own) {
    const scripts = Object.keys(json(path).scripts ?? {});
    expect(scripts.filter((each) => /^(pre|post)?(install|prepare)$/.test(each))).toEqual([]);
  }
});

test('a package with an install script, or another version of one, is let in by hand (fault 100)', () => {
  const scripted = Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripted.map(([path, { version }]) => `${path} ${version}`).sort()).toEqual(KNOWN);
});

test('every dependency has one version, and names no host that it comes from (fault 100)', () => {
  for (const [path, { version, resolved, link }] of Object.entries(locked)) {
    if (path.includes('node_modules/') && !link) expect(version, path).toMatch(/^\d+\.\d+\.\d+/);
    expect(resolved ?? '', path).not.toMatch(/:\/\//);
  }
});
