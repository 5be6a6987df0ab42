import { digits, imageSet } from '@semivae/data';
import { type BundleFiles, type Parity, type ShipOptions, ship } from '@semivae/export';
import { compareAnswers } from '@semivae/export/node';
import { parseRecipe, type Recipe } from '@semivae/recipe';
import { load, type Model, memoryFiles } from '@semivae/runtime';
import { areaUnderRoc } from '@semivae/statistics';
import { chooseKeptImages, fit, keptImages, onnxRuntimeEngine } from '@semivae/train';
import { describeData } from '@semivae/train/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const engine = onnxRuntimeEngine({ threads: 1 });
const SEED = 1;
const PIXELS = 28 * 28;

/** Drawn digits, of which a small model is trained for some steps and shipped with images to compare with. */
async function shippedWith(
  kind: Recipe['model']['kind'],
  { steps, rows, neighbours }: { readonly steps: number; readonly rows: number; readonly neighbours: number },
): Promise<{ options: ShipOptions; files: BundleFiles; ordinary: Uint8Array }> {
  const recipe = parseRecipe({
    name: `images-${kind}`,
    data: { labels: kind === 'm1' ? 0 : 100 },
    model: { kind, latent: 6, hidden: [32] },
    optimizer: { learningRate: 1e-2 },
    epochs: 1,
    stepsPerEpoch: steps,
    score: { kind: 'elbo', samples: 1, neighbours },
  });
  const data = digits({ train: rows, test: rows / 2 });
  const [set, tested] = [imageSet(data.train), imageSet(data.test)];
  const kept = chooseKeptImages(recipe, set, tested, SEED);
  const free = Int32Array.from({ length: data.test.rows }, (_, row) => row).filter(
    (row) => !kept.calibration.includes(row),
  );
  const ordinary = new Uint8Array(free.length * PIXELS);
  tested.copy(free, ordinary);
  for await (const report of fit(recipe, set, { seed: SEED, engine })) {
    if (!report.epochEnded) continue;
    const options = {
      name: recipe.name,
      info: { recipe, seed: SEED, engine: engine.name, data: describeData(data), versions: {} },
      checkpoint: await report.checkpoint(),
      metrics: report.metrics,
      version: '0.1.0',
      engine,
      images: keptImages(recipe, set, tested, SEED),
    };
    return { options, files: await ship(options), ordinary };
  }
  throw new Error('no epoch ended');
}

const parityOf = (files: BundleFiles): Parity =>
  JSON.parse(new TextDecoder().decode(files['parity.json'])) as Parity;

describe('a bundle of images that keeps some to compare with', () => {
  let made: Awaited<ReturnType<typeof shippedWith>>;
  let model: Model;

  beforeAll(async () => {
    made = await shippedWith('m2', { steps: 150, rows: 2000, neighbours: 400 });
    model = await load(memoryFiles(made.files));
  }, 120_000);
  afterAll(() => model.dispose());

  const some = () => made.ordinary.subarray(0, 200 * PIXELS);

  test('ranks what is no digit above digits, dimmed and blank images too, where the bound does not', async () => {
    const few = made.ordinary.subarray(200 * PIXELS, 260 * PIXELS);
    const kinds = {
      blank: Uint8Array.from(few, (_, i) => Math.floor(i / PIXELS)),
      inverted: few.map((byte) => 255 - byte),
      noise: few.map((_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 24) & 255),
      dimmed: few.map((byte) => Math.round(byte / 3)),
    };
    const ordinary = await model.score(some());
    for (const [kind, bytes] of Object.entries(kinds)) {
      const all = [...ordinary, ...(await model.score(bytes))];
      const strange = all.map((_, i) => i >= ordinary.length);
      const area = (of: 'score' | 'nll') =>
        areaUnderRoc(
          all.map((each) => each[of]),
          strange,
        );
      expect(area('score'), kind).toBeGreaterThan(0.95);
      if (kind === 'dimmed') expect(area('nll'), kind).toBeLessThan(0.5);
    }
  });

  test('calls about as many ordinary images anomalies as was asked', async () => {
    const rows = made.ordinary.length / PIXELS;
    for (const fpr of [0.02, 0.1]) {
      const found = (await model.score(made.ordinary, { fpr })).filter(({ anomaly }) => anomaly).length;
      // of a threshold that is drawn itself, from 500 rows
      const deviation = Math.sqrt(fpr * (1 - fpr) * (1 / rows + 1 / 500));
      expect(Math.abs(found / rows - fpr)).toBeLessThan(4 * deviation);
    }
    await expect(model.score(some(), { fpr: 1e-4 })).rejects.toMatchObject({ code: 'CALIBRATION_TOO_FEW' });
  });

  test('tells what each pixel adds to a score, its p-value, its class and its bound', async () => {
    for (const answer of await model.score(some().subarray(0, 20 * PIXELS))) {
      const sum = answer.contributions.values.reduce((all, each) => all + each, 0);
      expect(sum).toBeCloseTo(answer.score, 3);
      expect(answer.contributions).toMatchObject({ width: 28, height: 28, channels: 1 });
      expect(answer.anomaly).toBe(answer.pValue! <= 0.01);
      expect(answer.probabilities).toHaveLength(10);
      expect(answer.mean).toHaveLength(6);
      expect(answer.nll).toBeGreaterThan(0);
    }
  });

  test('answers one image as among others, to the last bit', async () => {
    const bytes = some().subarray(0, 30 * PIXELS);
    const together = await model.score(bytes);
    for (const row of [0, 7, 29]) {
      const [alone] = await model.score(bytes.subarray(row * PIXELS, (row + 1) * PIXELS));
      expect(alone).toEqual(together[row]);
    }
  });

  test('finds an image that it keeps nearer than one of other greys', async () => {
    const { data } = made.options.images!.reference!;
    const own = Uint8Array.from(data.subarray(0, PIXELS));
    const [[kept], [near]] = await Promise.all([
      model.score(own),
      model.score(own.map((b) => (b ? b - 1 : 0))),
    ]);
    expect(kept!.score).toBeLessThan(near!.score);
    expect(kept!.pValue).toBeGreaterThan(0.5);
  });

  test('is what was trained', async () => {
    const comparison = await compareAnswers(model, parityOf(made.files));
    expect(comparison.map(({ answer, ok }) => [answer, ok])).toContainEqual(['nll', true]);
    expect(comparison.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('answers with the bound alone where nothing is kept', async () => {
    const { images: _, ...bare } = made.options;
    const plain = await load(memoryFiles(await ship(bare)));
    const numbers = await plain.score<number>(some());
    const answers = await model.score(some());
    expect(numbers).toEqual(answers.map(({ nll }) => expect.closeTo(nll, 2)));
    await expect(plain.score(some(), { fpr: 0.1 })).rejects.toMatchObject({ code: 'CALIBRATION_MISSING' });
    await plain.dispose();
  });
});

test.each(['m1', 'm1+m2', 'sdgm', 'adgm', 'cvae', 'vade'] as const)(
  'images are compared in the latent of %s too',
  async (kind) => {
    const { files, ordinary } = await shippedWith(kind, { steps: 2, rows: 400, neighbours: 20 });
    const model = await load(memoryFiles(files));
    const answers = await model.score(ordinary.subarray(0, 5 * PIXELS), { fpr: 0.05 });
    for (const { score, nll, pValue } of answers)
      expect([score, nll, pValue].every(Number.isFinite)).toBe(true);
    const compared = await compareAnswers(model, parityOf(files));
    const scored = compared.filter(({ answer }) => ['score', 'nll'].includes(answer));
    expect(scored.map(({ ok }) => ok)).toEqual([true, true]);
    await model.dispose();
  },
);
