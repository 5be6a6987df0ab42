import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digits } from './data/digits.ts';
import type { Checkpoint } from './fit.ts';
import { recipes } from './recipes.ts';
import {
  appendMetrics,
  createRun,
  readCheckpoint,
  readMetrics,
  readRun,
  rewindMetrics,
  writeAtomically,
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

  test('forgets the metrics after the step it goes on from, and a line that was cut short', async () => {
    await createRun(folder, info);
    for (const step of [5, 10, 15]) await appendMetrics(folder, { step, epoch: step / 5, minutes: 0 });
    await writeFile(join(folder, 'metrics.jsonl'), '{"step":2', { flag: 'a' });
    await rewindMetrics(folder, 10);
    expect((await readMetrics(folder)).map((line) => line.step)).toEqual([5, 10]);
  });
});

describe('writing a file', () => {
  test('leaves nothing behind where it fails', async () => {
    await expect(writeAtomically(join(folder, 'no', 'file'), 'x')).rejects.toMatchObject({ code: 'WRITE' });
    expect(await readdir(folder)).toEqual([]);
  });
});
