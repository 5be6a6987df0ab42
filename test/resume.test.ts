import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digits, imageSet } from '@semivae/data';
import { parseRecipe, type Recipe } from '@semivae/recipe';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, fit, onnxRuntimeEngine } from '@semivae/train';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandOptions, freshFolder, semivae, smallRecipe, smallSet, writeFiles } from './command.ts';

const engine = onnxRuntimeEngine({ threads: 1 });
const data = digits({ train: 90, test: 10 });
const STEPS = 27;

const plain = parseRecipe({
  name: 'resumed',
  data: { labels: 20, binarize: true },
  model: { latent: 3, hidden: [12] },
  batch: { labelled: 7, unlabelled: 10 },
  optimizer: { clipNorm: 10, warmup: 5, weightDecay: 0.01 },
  epochs: 3,
});

/** Everything that a classifier may be held to, and running means in its state. */
const fewLabels = parseRecipe({
  ...plain,
  model: { latent: 3, hidden: [12], classifier: { hidden: [10], dropout: 0.2 } },
  objective: {
    boundWeight: 0.1,
    labelSmoothing: 0.1,
    adversarial: { weight: 1 },
    entropy: 0.5,
    balance: 1,
    pseudoLabels: { weight: 0.5, threshold: 0.5 },
    inputNoise: 0.1,
  },
  optimizer: { beta1End: 0.5, average: 0.9 },
});

/** Moved images, taught by running means, and a classifier that convolves them. */
const images = parseRecipe({
  ...plain,
  model: { latent: 3, hidden: [12], classifier: { channels: [2, 3], hidden: [10], dropout: 0.2 } },
  augmentation: { shift: 2, rotation: 15, scale: 0.1, shear: 0.1, elastic: 1, mirror: true },
  objective: { boundWeight: 0.1, consistency: { weight: 1, teacher: 'average' }, entropy: 0.5 },
  optimizer: { average: 0.9 },
});

/** Trains until a step, or to the end; what is kept is what a file would hold. */
async function trainUntil(recipe: Recipe, step: number, resume?: Checkpoint) {
  const lines = [];
  const reports = fit(recipe, imageSet(data.train), {
    seed: 11,
    engine,
    reportEvery: 1,
    ...(resume && { resume }),
  });
  for await (const report of reports) {
    if (report.epochEnded) lines.push(report.metrics);
    if (report.step === step)
      return { checkpoint: decodeCheckpoint(encodeCheckpoint(await report.checkpoint())), lines };
  }
  throw new Error(`there is no step ${step}`);
}

const bitsOf = ({ step, state }: Checkpoint) => ({
  step,
  state: Object.fromEntries(
    Object.entries(state).map(([name, { data: numbers }]) => [
      name,
      Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64'),
    ]),
  ),
});

describe.each([
  ['plain', plain],
  ['few labels', fewLabels],
  ['images', images],
])('fit, %s', (_, recipe) => {
  const whole = trainUntil(recipe, STEPS);
  const random = Array.from({ length: 4 }, () => 2 + Math.floor(Math.random() * (STEPS - 3)));

  test.each([1, 9, STEPS - 1, ...random])('stopped after step %i, it ends bit-identical', async (step) => {
    const before = await trainUntil(recipe, step);
    const after = await trainUntil(recipe, STEPS, before.checkpoint);
    expect(bitsOf(after.checkpoint)).toEqual(bitsOf((await whole).checkpoint));
    expect([...before.lines, ...after.lines]).toEqual((await whole).lines);
  });

  test('the comparison can fail: one weight off by the last bit is another training', async () => {
    const { checkpoint } = await trainUntil(recipe, 9);
    const name = Object.keys(checkpoint.state)[0]!;
    const numbers = checkpoint.state[name]!.data;
    new Uint32Array(numbers.buffer, numbers.byteOffset, 1)[0]! ^= 1;
    expect(bitsOf((await trainUntil(recipe, STEPS, checkpoint)).checkpoint)).not.toEqual(
      bitsOf((await whole).checkpoint),
    );
  });
});

describe('the command', () => {
  const cwd = freshFolder();
  const EPOCHS = 250;
  const train = (out: string, options: Partial<CommandOptions> = {}) =>
    semivae(['train', ...smallRecipe, '--epochs', String(EPOCHS), '--out', out], { cwd, ...options });
  const resume = (run: string, options: Partial<CommandOptions> = {}) =>
    semivae(['train', '--resume', run, '--threads', '1'], { cwd, ...options });

  const checkpointOf = (run: string) =>
    decodeCheckpoint(readFileSync(join(cwd, run, 'checkpoint.safetensors')));
  const metricsOf = (run: string) =>
    readFileSync(join(cwd, run, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => ({ ...JSON.parse(line), minutes: 0 }));

  /** Sends a signal once, when an epoch has been told. */
  function after(epoch: number, signal: NodeJS.Signals): Partial<CommandOptions> {
    let sent = false;
    return {
      onStderr(text, child) {
        if (sent || !text.includes(`epoch ${epoch}/`)) return;
        sent = true;
        child.kill(signal);
      },
    };
  }

  beforeAll(async () => {
    writeFiles(join(cwd, 'small'), smallSet);
    expect((await train('whole')).code).toBe(0);
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  test('Ctrl-C and SIGTERM save, say how to go on and exit with 130; resumed, it ends bit-identical (fault 28)', async () => {
    const stopped = await train('stopped', after(3, 'SIGINT'));
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/Go on with: semivae train --resume stopped --threads 1/);
    const first = checkpointOf('stopped');
    expect(first.step).toBeGreaterThanOrEqual(18);
    expect(first.step).toBeLessThan(6 * EPOCHS);

    const again = await resume('stopped', after(Math.ceil(first.step / 6) + 5, 'SIGTERM'));
    expect(again.code).toBe(130);
    expect(checkpointOf('stopped').step).toBeGreaterThan(first.step);

    expect((await resume('stopped')).code).toBe(0);
    expect(bitsOf(checkpointOf('stopped'))).toEqual(bitsOf(checkpointOf('whole')));
    expect(metricsOf('stopped')).toEqual(metricsOf('whole'));
    expect(checkpointOf('stopped').minutes).toBeGreaterThan(first.minutes!);
  });

  test('killed outright, it goes on from the last checkpoint (fault 20)', async () => {
    expect((await train('killed', after(20, 'SIGKILL'))).code).toBe(null);
    cpSync(join(cwd, 'killed'), join(cwd, 'copy'), { recursive: true });
    expect((await resume('killed')).code).toBe(0);
    expect(bitsOf(checkpointOf('killed'))).toEqual(bitsOf(checkpointOf('whole')));
    expect(metricsOf('killed')).toEqual(metricsOf('whole'));
    rmSync(join(cwd, 'copy', 'checkpoint.safetensors'));
    expect((await resume('copy')).code).toBe(0);
    expect(bitsOf(checkpointOf('copy'))).toEqual(bitsOf(checkpointOf('whole')));
  });
});
