import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCheckpoint } from '@semivae/train';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, type CommandOptions, contentOf, freshFolder, semivae } from './command.ts';

const cwd = freshFolder();
const at = (name: string) => join(cwd, name);
const sizes = [
  '--threads',
  '1',
  '--set',
  'model.hidden=[4]',
  '--set',
  'model.latent=2',
  '--set',
  'stepsPerEpoch=4',
];
const run = (words: readonly string[], options: Partial<CommandOptions> = {}) =>
  semivae(words, { cwd, ...options });
const train = (out: string, epochs: number, options: Partial<CommandOptions> = {}) =>
  run(['train', '--data', 'rows.csv', ...sizes, '--epochs', String(epochs), '--out', out, '--json'], options);

/** run.json as older versions wrote it, without a checksum. */
const unsealed = (text: string) => text.replace(/ *"sha256": "[0-9a-f]{64}",\n/, '');

/** A copy of a run or a bundle, which a case may spoil. */
function copyOf(name: string, copy: string): string {
  cpSync(at(name), at(copy), { recursive: true });
  return copy;
}

const edited = (path: string, edit: (text: string) => string) =>
  writeFileSync(at(path), edit(readFileSync(at(path), 'utf8')));

function flip(path: string, from: number): void {
  const bytes = readFileSync(at(path));
  bytes[Math.floor(bytes.length * from)]! ^= 1;
  writeFileSync(at(path), bytes);
}

beforeAll(async () => {
  const cells = Array.from({ length: 400 }, (_, row) => `${Math.sin(row)},${row % 5},${'xyz'[row % 3]}`);
  writeFileSync(at('rows.csv'), `a,b,c\n${cells.join('\n')}\n`);
  expect((await train('run', 3)).code).toBe(0);
  expect((await run(['export', 'run', '--out', 'bundle', '--fpr', '0.05'])).code).toBe(0);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const failureOf = (finished: Awaited<ReturnType<typeof run>>) => answerOf(finished).failure;

describe.concurrent('a run', () => {
  test('is gone on with by one process at a time (fault 24)', async () => {
    const lines = (folder: string) =>
      readFileSync(at(`${folder}/metrics.jsonl`), 'utf8')
        .trim()
        .split('\n').length;
    let second: ReturnType<typeof run> | undefined;
    let pid = 0;
    const first = await train('shared', 400, {
      onStderr(text, child) {
        if (second || !text.includes('epoch 1/')) return;
        pid = child.pid!;
        second = run(['train', '--resume', 'shared', '--json']);
        second.then(() => child.kill('SIGTERM'));
      },
    });
    expect([0, 130]).toContain(first.code);
    const { code } = await second!;
    expect(code).toBe(2);
    expect(failureOf(await second!)).toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringContaining(`process ${pid} is writing into it`),
    });
    const before = lines('shared');
    expect(new Set(readFileSync(at('shared/metrics.jsonl'), 'utf8').trim().split('\n')).size).toBe(before);
    expect(readdirSync(at('shared')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('whose terminal is closed is saved (fault 28)', async () => {
    let sent = false;
    const finished = await train('closed', 4000, {
      onStderr(text, child) {
        if (sent || !text.includes('epoch 3/')) return;
        sent = true;
        child.kill('SIGHUP');
        child.kill('SIGHUP');
      },
    });
    expect(finished.code).toBe(130);
    expect(failureOf(finished)).toMatchObject({ remedy: expect.stringContaining('--resume closed') });
    expect(existsSync(at('closed/checkpoint.safetensors'))).toBe(true);
  });

  test('with a damaged checkpoint exports nothing, and goes on from the one before to the same end (fault 22)', async () => {
    const spoilt = copyOf('run', 'spoilt');
    flip(`${spoilt}/checkpoint.safetensors`, 0.9);
    const refused = await run(['export', spoilt, '--fpr', '0.05', '--out', 'none', '--json']);
    if (!existsSync(at('run/best.safetensors')))
      expect(failureOf(refused)).toMatchObject({ code: 'CHECKSUM' });
    const resumed = await run(['train', '--resume', spoilt, '--threads', '1']);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/damaged and put aside as damaged\.safetensors/);
    const stateOf = (of: string) => decodeCheckpoint(readFileSync(at(`${of}/checkpoint.safetensors`))).state;
    expect(stateOf(spoilt)).toEqual(stateOf('run'));
    expect(existsSync(at(`${spoilt}/damaged.safetensors`))).toBe(true);
  });

  test.each(['best.safetensors', 'rows.safetensors', 'calibration.json', 'reference.json', 'run.json'])(
    'with one bit of %s flipped exports nothing (fault 22)',
    async (name) => {
      if (!existsSync(at(`run/${name}`))) return;
      const spoilt = copyOf('run', `spoilt-${name}`);
      flip(`${spoilt}/${name}`, 0.6);
      const finished = await run(['export', spoilt, '--fpr', '0.05', '--json']);
      expect(failureOf(finished)).toMatchObject({
        code: expect.stringMatching(/^(CHECKSUM|SAFETENSORS|JSON)$/),
      });
      expect(finished.code).toBe(2);
      expect(existsSync(at(`${spoilt}/bundle`))).toBe(false);
    },
  );

  test('whose rows are gone writes them again when it is resumed, and then ships (fault 23)', async () => {
    const old = copyOf('run', 'without-rows');
    rmSync(at(`${old}/rows.safetensors`));
    const resumed = await run(['train', '--resume', old]);
    expect(resumed.stderr).toMatch(/written again/);
    const same = contentOf(at('run'));
    expect(contentOf(at(old))).toEqual(same);
    expect((await run(['export', old, '--fpr', '0.05'])).code).toBe(0);
  });

  test('of another ONNX Runtime goes on with a warning (fault 27)', async () => {
    const old = copyOf('run', 'older');
    edited(`${old}/run.json`, (text) =>
      text
        .replace(/ *"sha256": "[0-9a-f]{64}",\n/, '')
        .replace(/"onnxruntime": *"[^"]*"/, '"onnxruntime": "1.0.0"')
        .replace('"epochs": 3', '"epochs": 4'),
    );
    const resumed = await run(['train', '--resume', old]);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/began with onnxruntime 1\.0\.0, now .*not bit for bit/);
  });

  test('whose table changed is not gone on with, and the column is named (fault 26)', async () => {
    copyOf('run', 'elsewhere/run');
    edited('elsewhere/run/run.json', (text) => unsealed(text).replace('"epochs": 3', '"epochs": 4'));
    const changed = readFileSync(at('rows.csv'), 'utf8').replace('\n0,0,x\n', '\n0,0,y\n');
    writeFileSync(at('elsewhere/rows.csv'), changed);
    const finished = await run(['train', '--resume', 'run', '--json'], { cwd: at('elsewhere') });
    expect(failureOf(finished)).toMatchObject({
      code: 'RESUME_DATA',
      message: expect.stringContaining("column 'c' changed"),
    });
  });
});

describe.concurrent('what is written', () => {
  test('is never what is read', async () => {
    const before = contentOf(cwd);
    const refused = await run(['score', 'bundle', 'rows.csv', '--out', './rows.csv', '--json']);
    expect(failureOf(refused)).toMatchObject({ code: 'OUT_IS_INPUT', place: './rows.csv' });
    expect(refused.code).toBe(2);
    expect(contentOf(cwd)['rows.csv']).toBe(before['rows.csv']);
    const page = await run(['drift', 'bundle', 'rows.csv', '--out', 'bundle/manifest.json', '--json']);
    expect(failureOf(page)).toMatchObject({ code: 'OUT_IS_INPUT' });
  });

  test('is told where there is no room for what is needed meanwhile; nothing is left (fault 23)', async () => {
    const words = ['score', 'bundle', 'rows.csv', '--out', 'scores.csv', '--json'];
    const finished = await run(words, { env: { TMPDIR: at('nowhere') } });
    expect(failureOf(finished)).toMatchObject({ code: 'WRITE', remedy: expect.stringContaining('TMPDIR') });
    expect(finished.code).toBe(2);
    expect(readdirSync(cwd).filter((name) => name.includes('scores.csv'))).toEqual([]);
  });
});
