import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../packages', import.meta.url));
const packages = readdirSync(root);

const sources = packages.flatMap((name) =>
  readdirSync(join(root, name, 'src'), { recursive: true })
    .map((file) => join(name, 'src', String(file)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')),
);

/** What a file imports, types among it, as it is written there. */
const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import\() ?'([^']+)'/g)].map(
    ([, from]) => from!,
  );

/** The first way from a place back to itself; none where there is no circle. */
function circleIn(all: readonly string[], nextOf: (place: string) => readonly string[]): string[] {
  const done = new Set<string>();
  const walk = (place: string, way: readonly string[]): string[] => {
    if (way.includes(place)) return [...way.slice(way.indexOf(place)), place];
    if (done.has(place)) return [];
    for (const next of nextOf(place)) {
      const circle = walk(next, [...way, place]);
      if (circle.length > 0) return circle;
    }
    done.add(place);
    return [];
  };
  for (const place of all) {
    const circle = walk(place, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

const own = (from: string): string | undefined => /^@semivae\/(\w+)/.exec(from)?.[1];

/** The packages that a package imports. */
const packagesOf = (name: string): string[] => [
  ...new Set(
    sources
      .filter((file) => file.startsWith(`${name}/`))
      .flatMap(importsOf)
      .flatMap((from) => own(from) ?? []),
  ),
];

describe('imports', () => {
  test('run in no circle from file to file, not by types either', () => {
    const within = (file: string) =>
      importsOf(file)
        .filter((from) => from.startsWith('.'))
        .map((from) => normalize(join(dirname(file), from)))
        .filter((target) => sources.includes(target));
    expect(circleIn(sources, within)).toEqual([]);
  });

  test('run in no circle from package to package', () => {
    expect(circleIn(packages, packagesOf)).toEqual([]);
  });

  test.each(packages)('of %s are those that it declares, and no others', (name) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8'));
    const declared = Object.keys(dependencies).flatMap((each) => own(each) ?? []);
    expect(
      packagesOf(name)
        .filter((each) => each !== name)
        .sort(),
    ).toEqual(declared.sort());
  });
});
