import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCheckpoint } from '@semivae/train';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, contentOf, freshFolder, semivae, smallRecipe, smallSet, writeFiles } from './command.ts';

const cwd = freshFolder();
const at = (path: string) => join(cwd, path);
const EPOCHS = 40;
/** A rate at which the bound on so few rows soon rises no more, and which falls from the first step. */
const recipe = [
  ...['--epochs', String(EPOCHS), '--set', 'data.validation=12', '--set', 'keep=best'],
  ...['--set', 'optimizer.learningRate=1e-1', '--set', 'optimizer.decay=1'],
];
const patient = [...recipe, '--set', 'patience=3'];
const train = (out: string, args: readonly string[], kill?: number) => {
  let sent = false;
  return semivae(['train', ...smallRecipe, ...args, '--out', out, '--json'], {
    cwd,
    onStderr(text, child) {
      if (sent || kill === undefined || !text.includes(`epoch ${kill}/`)) return;
      sent = child.kill('SIGKILL');
    },
  });
};

type Line = Readonly<Record<string, number>>;
const linesOf = (run: string): Line[] =>
  readFileSync(at(`${run}/metrics.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), minutes: 0 }));
const stateOf = (run: string, which = 'checkpoint') =>
  decodeCheckpoint(readFileSync(at(`${run}/${which}.safetensors`)));
const bestOf = (lines: readonly Line[]): number =>
  lines.reduce((best, line, i) => (line.validationBound! > lines[best]!.validationBound! ? i : best), 0);

let told: Record<string, unknown>;

beforeAll(async () => {
  writeFiles(at('small'), smallSet);
  expect((await train('whole', recipe)).code).toBe(0);
  told = answerOf(await train('stopped', patient));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe('a training that stops early', () => {
  test('is what the whole one was up to there, its learning rate too, and stops three epochs after its best', () => {
    const [whole, stopped] = [linesOf('whole'), linesOf('stopped')];
    expect(whole).toHaveLength(EPOCHS);
    expect(stopped.length).toBeLessThan(EPOCHS);
    expect(stopped).toEqual(whole.slice(0, stopped.length));
    expect(bestOf(stopped)).toBe(stopped.length - 4);
    expect(told).toMatchObject({ finished: true, stoppedEarly: true, epoch: stopped.length });
    expect(told.bestEpoch).toBe(bestOf(stopped) + 1);
  });

  test('is finished: nothing is trained further, and it says why', async () => {
    const before = contentOf(at('stopped'));
    const again = await semivae(['train', '--resume', 'stopped'], { cwd });
    expect(again.stdout).toMatch(/stopped is finished: stopped early, 3 epochs after .* validation bound/);
    expect(contentOf(at('stopped'))).toEqual(before);
    const { stdout } = await semivae(['inspect', 'stopped'], { cwd });
    expect(stdout).toMatch(/epochs in .*, stopped early, finished/);
  });

  test('ships its best epoch, and the card says what was chosen by what', async () => {
    const { code, stderr } = await semivae(['export', 'stopped', '--out', 'bundle'], { cwd });
    expect(code).toBe(0);
    expect(stderr).not.toContain('not finished');
    const { training } = JSON.parse(readFileSync(at('bundle/manifest.json'), 'utf8'));
    expect([training.epochs, training.steps]).toEqual([told.bestEpoch, stateOf('stopped', 'best').step]);
    expect(readFileSync(at('bundle/README.md'), 'utf8')).toContain(
      'the epoch that ships and the end of the training, by the bound of 12 rows held out',
    );
  });

  test('killed on the way, it stops at the same epoch, bit for bit', async () => {
    expect((await train('killed', patient, 3)).code).toBe(null);
    expect((await semivae(['train', '--resume', 'killed', '--threads', '1'], { cwd })).code).toBe(0);
    expect(linesOf('killed')).toEqual(linesOf('stopped'));
    for (const which of ['checkpoint', 'best'])
      expect(stateOf('killed', which).state).toEqual(stateOf('stopped', which).state);
  });

  test('whose last epochs were told but not saved trains them again, and stops where it did', async () => {
    cpSync(at('stopped'), at('behind'), { recursive: true });
    rmSync(at('behind/checkpoint.safetensors'));
    expect((await semivae(['train', '--resume', 'behind', '--threads', '1'], { cwd })).code).toBe(0);
    expect(linesOf('behind')).toEqual(linesOf('stopped'));
    expect(stateOf('behind').state).toEqual(stateOf('stopped').state);
  });

  test('by the error of the classes: the last state ships unless the best is kept', async () => {
    const args = ['--epochs', '40', '--set', 'data.validation=12', '--set', 'patience=2'];
    const answer = answerOf(await train('by-error', [...args, '--set', 'monitor=error']));
    const lines = linesOf('by-error');
    const errors = lines.map((line) => line.validationError!);
    expect(answer.bestEpoch).toBe(errors.indexOf(Math.min(...errors)) + 1);
    expect(lines).toHaveLength((answer.bestEpoch as number) + 2);
    expect(lines.some((line) => 'validationBound' in line)).toBe(false);
    expect(existsSync(at('by-error/best.safetensors'))).toBe(false);
  });
});

test('what it cannot stop by is told before anything is written', async () => {
  const { code, stdout } = await train('refused', ['--set', 'patience=2']);
  expect(code).toBe(2);
  expect(JSON.parse(stdout).failure.code).toBe('VALIDATION_NEEDED');
  expect(existsSync(at('refused'))).toBe(false);
});
