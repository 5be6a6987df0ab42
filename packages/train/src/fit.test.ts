import { digits, imageSet } from '@semivae/data';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { onnxRuntimeEngine } from './engines/onnxruntime.ts';
import { type FitOptions, fit, type Report } from './fit.ts';

const set = imageSet(digits({ train: 60, test: 10 }).train);
const engine = onnxRuntimeEngine({ threads: 1 });
const recipeOf = (raw: RecipeInput = {}) =>
  parseRecipe({
    data: { labels: 20 },
    model: { latent: 2, hidden: [8] },
    batch: { labelled: 5, unlabelled: 10 },
    stepsPerEpoch: 4,
    epochs: 2,
    ...raw,
  });

async function reported(options: Partial<FitOptions> = {}, raw?: RecipeInput): Promise<Report[]> {
  const reports: Report[] = [];
  for await (const report of fit(recipeOf(raw), set, { seed: 1, engine, ...options })) reports.push(report);
  return reports;
}

describe('fit', () => {
  test('tells the mean over the epoch so far, of this epoch alone', async () => {
    const reports = await reported({ reportEvery: 1 });
    expect(reports.map(({ step, epoch, epochEnded }) => [step, epoch, epochEnded])).toEqual(
      Array.from({ length: 8 }, (_, i) => [i + 1, i < 4 ? 1 : 2, i % 4 === 3]),
    );
    const losses = reports.map(({ metrics }) => metrics.loss!);
    // the loss of a step, from the means before and after it
    const own = losses.map((mean, i) =>
      i % 4 === 0 ? mean : mean * ((i % 4) + 1) - losses[i - 1]! * (i % 4),
    );
    const alone = await reported({ reportEvery: 1 }, { stepsPerEpoch: 1, epochs: 8 });
    own.forEach((each, i) => expect(each / alone[i]!.metrics.loss!).toBeCloseTo(1, 9));
  });

  test('goes on from any checkpoint as if it had never stopped, sums among it', async () => {
    let middle: Awaited<ReturnType<Report['checkpoint']>> | undefined;
    const whole: Report[] = [];
    for await (const report of fit(recipeOf(), set, { seed: 1, engine, reportEvery: 1 })) {
      whole.push(report);
      if (report.step === 6) middle = await report.checkpoint();
    }
    const rest = await reported({ reportEvery: 1, resume: middle! });
    expect(rest.map(({ step, metrics }) => ({ step, metrics }))).toEqual(
      whole.slice(6).map(({ step, metrics }) => ({ step, metrics })),
    );
  });

  test('ends where the loss is no number, and names the step', async () => {
    const steep = { optimizer: { learningRate: 1e30, clipNorm: 1e30 } };
    await expect(reported({}, steep)).rejects.toMatchObject({
      code: 'LOSS_NOT_FINITE',
      place: expect.stringMatching(/^step [2-8]$/),
    });
  });

  test('gives no checkpoint of a state that is not finite: the tensor is named', async () => {
    const once = { stepsPerEpoch: 1, epochs: 1, optimizer: { learningRate: 1e39, clipNorm: 1e30 } };
    const [report] = await reported({}, once);
    expect(report!.metrics.loss).toSatisfy(Number.isFinite);
    await expect(report!.checkpoint()).rejects.toMatchObject({
      code: 'STATE_NOT_FINITE',
      place: expect.stringMatching(/^step 1, '.*'$/),
    });
  });

  test('refuses a checkpoint of another shape', async () => {
    const [, last] = await reported();
    const resume = {
      step: 4,
      sums: {},
      state: { ...(await reportedState(last!)), 'q(z|x,y)/mean/weight': wrong },
    };
    await expect(reported({ resume })).rejects.toMatchObject({ code: 'CHECKPOINT_MISFIT' });
  });
});

const wrong = { shape: [1], data: new Float32Array(1) };
const reportedState = async (report: Report) => (await report.checkpoint()).state;
