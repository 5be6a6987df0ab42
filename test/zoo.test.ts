import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecipe } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { folderOf, shipped } from './shipped.ts';

const zoo = readFileSync(folderOf('README.md'), 'utf8');
/** The row of a bundle in the table of all. */
const rowOf = (bundle: string) => zoo.split('\n').find((line) => line.startsWith(`| [${bundle}](`));

const MEGABYTES = 2 ** 20;
const json = (bundle: string, name: string) => JSON.parse(readFileSync(join(folderOf(bundle), name), 'utf8'));
const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

describe.each(shipped)('models/%s', (bundle) => {
  const [manifest, result] = [json(bundle, 'manifest.json'), json(bundle, 'result.json')];

  test('was trained by the recipe beside it', () => {
    const { $schema, ...recipe } = parseRecipe(json(bundle, 'recipe.json'));
    const trained = parseRecipe(manifest.training.recipe);
    expect({ ...trained, $schema: undefined }).toEqual({ ...recipe, $schema: undefined });
  });

  test('has the figure that its result gives for its seed, and the mean of all', () => {
    const figure = result.error ?? result.auroc;
    const own = figure.seeds[result.seeds.indexOf(manifest.training.seed)];
    if (result.error) expect(own).toBeCloseTo(manifest.training.metrics.testError, 3);
    else expect(own).toBeGreaterThan(0.5);
    expect(figure.mean).toBeCloseTo(mean(figure.seeds), 2);
    expect(figure.seeds.length).toBeGreaterThanOrEqual(3);
  });

  test('stands in the table of all with the figure of its result', () => {
    const { error, auroc } = result;
    const [{ mean, std }, digits, unit] = error ? [error, 2, ' %'] : [auroc, 3, ''];
    expect(rowOf(bundle)).toContain(
      `[${mean.toFixed(digits)} ± ${std.toFixed(digits)}${unit}](${bundle}/result.json)`,
    );
  });

  test('is small enough to load from a web page', () => {
    const sizes = readdirSync(folderOf(bundle)).map((name) => statSync(join(folderOf(bundle), name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(12 * MEGABYTES);
  });
});
