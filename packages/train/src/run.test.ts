import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '@semivae/data';
import { recipes } from '@semivae/recipe';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Checkpoint } from './fit.ts';
import {
  appendMetrics,
  createRun,
  readCheckpoint,
  readMetrics,
  readRun,
  recoverCheckpoint,
  rewindMetrics,
  writeCheckpoint,
} from './run.ts';
import { describeData, type RunInfo } from './run-info.ts';

const info: RunInfo = {
  recipe: recipes['digits-m2']!,
  seed: 1,
  engine: 'test',
  data: describeData(digits({ train: 20, test: 12 })),
  versions: {},
};
const checkpoint: Checkpoint = {
  step: 7,
  sums: { loss: 0.1 + 0.2 },
  minutes: 1.5,
  state: {
    w: { shape: [2, 1], data: Float32Array.of(1 / 3, -0) },
    step: { shape: [], data: Float32Array.of(7) },
  },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semivae-run-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a run', () => {
  test('is read back as it was made', async () => {
    await createRun(join(folder, 'new'), info);
    expect(await readRun(join(folder, 'new'))).toEqual(info);
  });

  test('is never made over another', async () => {
    await createRun(folder, info);
    await expect(createRun(folder, info)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
  });

  test('keeps a checkpoint bit for bit', async () => {
    await writeCheckpoint(folder, checkpoint);
    expect(await readCheckpoint(folder)).toEqual(checkpoint);
  });

  test('refuses a checkpoint that was cut short', async () => {
    await writeCheckpoint(folder, checkpoint);
    const path = join(folder, 'checkpoint.safetensors');
    const whole = await readFile(path);
    for (const length of [0, 4, 40, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'SAFETENSORS' });
    }
  });

  test('goes on from the checkpoint before where the last is damaged, and puts that aside (fault 22)', async () => {
    for (const step of [6, 7]) await writeCheckpoint(folder, { ...checkpoint, step });
    expect(await recoverCheckpoint(folder)).toEqual({ checkpoint });
    const path = join(folder, 'checkpoint.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 3]! ^= 4;
    await writeFile(path, bytes);
    await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'CHECKSUM' });
    const standing = await recoverCheckpoint(folder);
    expect(standing).toMatchObject({ checkpoint: { step: 6 }, damage: { code: 'CHECKSUM' } });
    expect((await readCheckpoint(folder)).step).toBe(6);
    expect((await readdir(folder)).sort()).toEqual(['checkpoint.safetensors', 'damaged.safetensors']);
  });

  test('that was cut short while it was made is made again; a folder with anything else in it is left alone', async () => {
    await writeFile(join(folder, 'metrics.jsonl'), '');
    await expect(createRun(folder, info)).rejects.toMatchObject({ code: 'RUN_FOLDER' });
    await writeFile(join(folder, '.lock.00000000-1-1'), '');
    await utimes(join(folder, '.lock.00000000-1-1'), 0, 0);
    await (await createRun(folder, info)).release();
    expect((await readdir(folder)).sort()).toEqual(['metrics.jsonl', 'run.json']);
  });

  test('that cannot be made leaves nothing, and takes nothing with it', async () => {
    const fails = () => mkdir(join(folder, 'deep/other')).then(() => Promise.reject(new Error('full')));
    await expect(createRun(join(folder, 'deep/run'), info, fails)).rejects.toThrow('full');
    expect(await readdir(join(folder, 'deep'))).toEqual(['other']);
  });

  test('forgets the metrics after the step it goes on from, and a line that was cut short', async () => {
    await createRun(folder, info);
    for (const step of [5, 10, 15]) await appendMetrics(folder, { step, epoch: step / 5, minutes: 0 });
    await writeFile(join(folder, 'metrics.jsonl'), '{"step":2', { flag: 'a' });
    await rewindMetrics(folder, 10);
    expect((await readMetrics(folder)).map((line) => line.step)).toEqual([5, 10]);
  });
});
