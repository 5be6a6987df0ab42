import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecipeInput } from '@semivae/recipe';
import { decodeCheckpoint } from '@semivae/train';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, freshFolder, semivae, smallRecipe, smallSet, writeFiles } from './command.ts';

describe('a training that starts from what neighbours say', () => {
  const cwd = freshFolder();
  const at = (path: string) => join(cwd, path);
  const run = (...args: string[]) => semivae([...args, '--json'], { cwd });
  const train = (recipe: string, out: string, ...more: string[]) =>
    run('train', '--recipe', recipe, '--out', out, '--threads', '1', ...more);
  const stateOf = (folder: string) =>
    decodeCheckpoint(readFileSync(at(`${folder}/checkpoint.safetensors`))).state;

  const recipe = (labels: number): RecipeInput => ({
    name: 'started',
    data: { name: './small', labels },
    model: { latent: 2, hidden: [6], classifier: { hidden: [6] } },
    objective: {
      boundWeight: 0.01,
      alpha: 1,
      adversarial: { weight: 1 },
      entropy: 0.5,
      balance: 1,
      start: { weight: 1, neighbours: 4, until: 0.5 },
    },
    batch: { labelled: 4, unlabelled: 8, bound: 4 },
    epochs: 2,
  });

  beforeAll(async () => {
    writeFiles(at('small'), smallSet);
    writeFileSync(at('labels.json'), JSON.stringify(recipe(6)));
    writeFileSync(at('clusters.json'), JSON.stringify(recipe(0)));
    const m1 = ['--model', 'm1', '--labels', '0', '--epochs', '1', '--out', 'm1'];
    expect((await semivae(['train', ...smallRecipe, ...m1], { cwd })).code).toBe(0);
    expect((await train('labels.json', 'whole', '--init-from', 'm1')).code).toBe(0);
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  test('killed as it begins, it goes on bit for bit, as long as what it believed is there', async () => {
    const words = [
      'train',
      '--recipe',
      'labels.json',
      '--init-from',
      'm1',
      '--out',
      'killed',
      '--threads',
      '1',
    ];
    const killed = await semivae(words, {
      cwd,
      onStderr: (text, child) => void (text.includes('begin ') && child.kill('SIGKILL')),
    });
    expect(killed.code).toBe(null);
    const kept = readFileSync(at('killed/beliefs.safetensors'));
    rmSync(at('killed/beliefs.safetensors'));
    const resume = () => run('train', '--resume', 'killed', '--threads', '1');
    expect(answerOf(await resume())).toMatchObject({ failure: { code: 'RUN_FILE' } });
    writeFileSync(at('killed/beliefs.safetensors'), kept);
    expect((await resume()).code).toBe(0);
    expect(stateOf('killed')).toEqual(stateOf('whole'));
  });

  test('begins with no run that has no latent of x alone', async () => {
    const refused = await train('labels.json', 'refused', '--init-from', 'whole');
    expect(refused.code).toBe(2);
    expect(answerOf(refused)).toMatchObject({ failure: { code: 'START_LATENT' } });
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('or from what trained classifiers say together, for the record', async () => {
    expect((await train('labels.json', 'other', '--init-from', 'm1', '--epochs', '1')).code).toBe(0);
    const taught = ['--taught-by', 'whole', '--taught-by', 'other'];
    expect((await train('labels.json', 'taught', ...taught)).code).toBe(0);
    const { taughtBy } = JSON.parse(readFileSync(at('taught/run.json'), 'utf8'));
    expect(taughtBy).toMatchObject([
      { run: 'whole', labels: 6, seed: 1 },
      { run: 'other', labels: 6, seed: 1 },
    ]);
    expect((await run('export', 'taught', '--out', 'shipped')).code).toBe(0);
    const { training } = JSON.parse(readFileSync(at('shipped/manifest.json'), 'utf8'));
    expect(training.taughtBy).toEqual(taughtBy);
    expect(readFileSync(at('shipped/README.md'), 'utf8').match(/taught by/g)).toHaveLength(2);
    expect((await run('inspect', 'shipped')).code).toBe(0);
  });

  test.each([
    ['TEACHER_MISFIT', ['--taught-by', 'm1']],
    ['TEACHER_UNUSED', ['--taught-by', 'whole', '--set', 'objective.start.weight=0']],
  ])('%s refuses before anything is written', async (code, more) => {
    const refused = await train('labels.json', 'refused', ...more);
    expect(refused.code).toBe(2);
    const place = code === 'TEACHER_MISFIT' ? 'm1' : 'recipe started';
    expect(answerOf(refused)).toMatchObject({ failure: { code, place } });
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('without labels finds clusters, which ship and are told as such', async () => {
    expect((await train('clusters.json', 'clusters')).code).toBe(0);
    expect((await run('export', 'clusters', '--out', 'bundle')).code).toBe(0);
    const { labels } = JSON.parse(readFileSync(at('bundle/manifest.json'), 'utf8'));
    expect(labels[0]).toBe('cluster 1');
    const { clusteringAccuracy } = answerOf(await run('evaluate', 'bundle')) as Record<string, number>;
    expect(clusteringAccuracy).toBeGreaterThan(0);
  });
});
