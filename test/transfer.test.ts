import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digits, imageSet } from '@semivae/data';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { assemble, begun, decodeCheckpoint, shapeOf, shippedParameters, transferred } from '@semivae/train';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, contentOf, freshFolder, semivae, smallRecipe, smallSet, writeFiles } from './command.ts';
import { normals } from './numbers.ts';

describe('what is taken over of another training', () => {
  const set = imageSet(digits({ train: 100, test: 10 }).train);
  const data = { columns: set.columns };
  const classifier = { hidden: [6], normalised: true };

  function training(raw: RecipeInput) {
    const recipe = parseRecipe({ name: 'own', ...raw });
    const states = assemble(recipe, shapeOf(set, set.rows)).step.state;
    return { recipe, data, states };
  }

  /** A state full of numbers, as if it had been trained. */
  const trained = ({ states }: ReturnType<typeof training>) =>
    Object.fromEntries(
      states.map(({ name, leaf }) => {
        const shape = leaf.shape as readonly number[];
        return [name, { shape, data: Float32Array.from(normals(shape, name).data) }];
      }),
    );

  const of = (model: RecipeInput['model'], more: Partial<RecipeInput> = {}) =>
    training({
      model: { hidden: [8], latent: 3, ...model },
      data: { labels: model?.kind === 'm1' ? 0 : 20 },
      ...more,
    });

  test('is every parameter and kept statistic of the same model, as it ships, and nothing of its optimizer', () => {
    const own = of({ classifier }, { optimizer: { average: 0.9 } });
    const state = trained(own);
    const { initial, taken, fresh } = transferred(own, { ...own, state }, 'other');
    expect(fresh).toEqual([]);
    expect(taken.some((name) => name.endsWith('/variance'))).toBe(true);
    const start = begun(own.recipe, own.states, 1, initial);
    const shipped = shippedParameters(state);
    expect(start.step).toBe(0);
    for (const name of taken) expect(start.state[name], name).toEqual(shipped[name]);
    for (const name of Object.keys(start.state).filter((each) => /^(adam|average)\//.test(each)))
      expect(
        start.state[name]!.data.every((each) => each === 0),
        name,
      ).toBe(true);
  });

  test('is not what has another shape; that begins as it would have', () => {
    const [small, large] = [of({}), of({ latent: 4 })];
    const { initial, taken, fresh } = transferred(large, { ...small, state: trained(small) }, 'other');
    expect(fresh.length).toBeGreaterThan(0);
    expect([...taken, ...fresh].sort()).toEqual(
      large.states
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('adam/'))
        .sort(),
    );
    const [drawn, start] = [{}, initial].map((each) => begun(large.recipe, large.states, 1, each).state);
    for (const name of fresh) expect(start![name], name).toEqual(drawn![name]);
  });

  test('of an m1 is the lower part of an m1+m2', () => {
    const below = of({ kind: 'm1' });
    const above = of({ kind: 'm1+m2', below: 3, latent: 2, stages: 'trained' });
    const { taken, unused } = transferred(above, { ...below, state: trained(below) }, 'm1');
    expect(unused).toEqual([]);
    expect(taken.every((name) => /^(q\(z1\|x\)|p\(x\|z1\))\//.test(name))).toBe(true);
  });

  test('is nothing of a model that shares no names, and nothing of data of another kind', () => {
    const misfit = expect.objectContaining({ code: 'INITIAL_MISFIT' });
    const [m1, cut] = [of({ kind: 'm1' }), of({ kind: 'm1', hidden: [9, 9, 9], latent: 5 })];
    expect(() => transferred(m1, { ...m1, state: {} }, 'other')).toThrow(misfit);
    const wide = { ...cut, data: { columns: { ...set.columns, width: 5 } as typeof set.columns } };
    expect(() => transferred(m1, { ...wide, state: trained(cut) }, 'other')).toThrow(/5×/);
    const table = { kind: 'table' as const, columns: [] };
    expect(() => transferred(m1, { ...cut, data: { columns: table }, state: {} }, 'other')).toThrow(misfit);
  });
});

describe('the command', () => {
  const cwd = freshFolder();
  const at = (path: string) => join(cwd, path);
  const train = (out: string, ...more: string[]) =>
    semivae(['train', ...smallRecipe, '--epochs', '3', ...more, '--out', out], { cwd });
  const json = (path: string) => JSON.parse(readFileSync(at(path), 'utf8'));
  const bytesOf = (run: string) => readFileSync(at(`${run}/checkpoint.safetensors`));
  const stateOf = (run: string) => decodeCheckpoint(bytesOf(run)).state;
  const stacked = [
    ...['--model', 'm1+m2', '--set', 'model.stages=trained', '--set', 'model.below=2', '--init-from', 'm1'],
    ...['--set', 'stepsPerEpoch=200'],
  ];

  beforeAll(async () => {
    writeFiles(at('small'), smallSet);
    expect((await train('m1', '--model', 'm1', '--labels', '0')).code).toBe(0);
    expect((await train('whole', ...stacked)).code).toBe(0);
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  test('trains M2 on an M1 that stays, says where it came from, and ships', async () => {
    const [m1, above] = [stateOf('m1'), stateOf('whole')];
    for (const name of Object.keys(m1).filter((each) => /^[pq]\(/.test(each))) {
      const renamed = name.replace('q(z|x)', 'q(z1|x)').replace('p(x|z)', 'p(x|z1)');
      expect(above[renamed], renamed).toEqual(m1[name]);
    }
    const { initFrom } = json('whole/run.json');
    const sha256 = createHash('sha256').update(bytesOf('m1')).digest('hex');
    const minutes = JSON.parse(
      readFileSync(at('m1/metrics.jsonl'), 'utf8').trim().split('\n').at(-1)!,
    ).minutes;
    expect(initFrom).toMatchObject({
      run: 'm1',
      recipe: 'small-m1',
      seed: 1,
      labels: 0,
      step: 18,
      sha256,
      minutes,
    });
    expect((await semivae(['export', 'whole', '--out', 'bundle'], { cwd })).code).toBe(0);
    expect((await semivae(['verify', 'bundle'], { cwd })).code).toBe(0);
    expect(json('bundle/manifest.json').training.initFrom).toEqual(initFrom);
    expect(readFileSync(at('bundle/README.md'), 'utf8')).toMatch(
      /begun with \| 10 of 28 parameters of the run m1/,
    );
  });

  test('killed before its first epoch ends, it still goes on from what it began with', async () => {
    const killed = await semivae(['train', ...smallRecipe, '--epochs', '3', ...stacked, '--out', 'killed'], {
      cwd,
      onStderr: (text, child) => void (text.includes('begin ') && child.kill('SIGKILL')),
    });
    expect(killed.code).toBe(null);
    expect(decodeCheckpoint(bytesOf('killed')).step).toBe(0);
    expect(killed.stderr).toMatch(
      /begin {3}with m1: 10 of 28 parameters taken over; begun anew: .*q\(y\|z1\)/,
    );
    expect((await semivae(['train', '--resume', 'killed', '--threads', '1'], { cwd })).code).toBe(0);
    expect(stateOf('killed')).toEqual(stateOf('whole'));

    for (const name of ['checkpoint', 'previous']) rmSync(at(`killed/${name}.safetensors`), { force: true });
    const lost = await semivae(['train', '--resume', 'killed', '--json'], { cwd });
    expect(answerOf(lost)).toMatchObject({ failure: { code: 'RESUME_START' } });
  });

  test.each([
    ['another kind of model', ['--model', 'm2'], 'INITIAL_MISFIT'],
    [
      'no M1 for a trained one',
      ['--model', 'm1+m2', '--set', 'model.stages=trained', '--set', 'model.below=3'],
      'INITIAL_M',
    ],
    ['what is no run', ['--init-from', 'small'], 'RUN_FILE'],
  ])('refuses %s before anything is written', async (_, args, code) => {
    const out = `refused-${code}-${args.length}`;
    const { code: exit, stdout } = await train(out, '--init-from', 'm1', ...args, '--json');
    expect(exit).toBe(2);
    expect(JSON.parse(stdout).failure.code).toContain(code);
    expect(existsSync(at(out))).toBe(false);
  });

  test('refuses a run of a table for images', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${Math.sin(i)}`);
    writeFileSync(at('rows.csv'), `a,b\n${rows.join('\n')}\n`);
    const table = await semivae(
      ['train', '--data', 'rows.csv', '--epochs', '1', '--set', 'model.hidden=[4]', '--out', 'rows'],
      { cwd },
    );
    expect(table.stderr).toContain('epoch 1/1');
    const { stdout } = await train('refused', '--init-from', 'rows', '--json');
    expect(JSON.parse(stdout).failure).toMatchObject({ code: 'INITIAL_MISFIT', place: 'rows' });
  });

  test('with --resume there is nothing to begin with', async () => {
    const before = contentOf(at('whole'));
    const { stdout } = await semivae(['train', '--resume', 'whole', '--init-from', 'm1', '--json'], { cwd });
    expect(JSON.parse(stdout).failure.message).toContain('--init-from');
    expect(contentOf(at('whole'))).toEqual(before);
  });
});
