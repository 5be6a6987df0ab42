import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../packages', import.meta.url));

const sources = readdirSync(packages)
  .map((name) => join(packages, name, 'src'))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

/** Files whose age is asked, which stands in their folder by the wall clock. */
const ofFiles = /(atomic-files|folder-lock)\.ts$/;

/** A wall clock is set back and forth; `performance.now` only goes on. */
test('nothing is timed by a wall clock (fault 88)', () => {
  expect(sources.length).toBeGreaterThan(100);
  const byWallClock = sources
    .filter((file) => !ofFiles.test(file))
    .filter((file) => /\bDate\.now\b|new Date\(\)/.test(readFileSync(file, 'utf8')));
  expect(byWallClock).toEqual([]);
});
