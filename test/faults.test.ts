import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Rows of docs/faults.md by number; one that no test guards says why. */
const rows = readFileSync(join(root, 'docs/faults.md'), 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+) *\|(.*)$/.exec(line))
  .filter((found) => found !== null)
  .map(([, number, text = '']) => ({ number: Number(number), excused: text.includes('(no test') }));

const sources = ['packages', 'test', 'bench'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .map((file) => readFileSync(join(root, folder, file), 'utf8')),
);

/** The numbers that titles of tests bear. */
const guarded = new Set(
  sources
    .flatMap((text) => text.match(/\(fault \d+(, fault \d+)*\)/g) ?? [])
    .flatMap((found) => found.match(/\d+/g)!.map(Number)),
);

test('every fault has a test, or a reason why not', () => {
  expect(rows).toHaveLength(81);
  expect(rows.filter(({ number, excused }) => !guarded.has(number) && !excused)).toEqual([]);
});

test('no test guards a fault that the page does not tell', () => {
  const told = new Set(rows.map(({ number }) => number));
  expect([...guarded].filter((number) => !told.has(number))).toEqual([]);
});
