import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, imageSet } from '@semivae/data';
import { loadDataset } from '@semivae/data/node';
import { ship } from '@semivae/export';
import { decode, type Tensors } from '@semivae/graph';
import type { ImageColumns } from '@semivae/model';
import { parseRecipe, type Recipe } from '@semivae/recipe';
import { load, type Manifest, type Model, memoryFiles } from '@semivae/runtime';
import { areaUnderRoc } from '@semivae/statistics';
import { chooseKeptImages, keptImages, type RunInfo } from '@semivae/train/node';

export interface ImagesOptions {
  readonly dataDir?: string;
  /** Another data set, whose images are anomalies. */
  readonly other?: string;
  /** Anomalies of each kind. */
  readonly rows?: number;
  progress(text: string): void;
}

/** What the heads of a bundle were frozen with, by the names of the model's own parameters. */
async function stateOf(folder: string, { heads }: Manifest): Promise<Tensors> {
  const state: Record<string, Tensors[string]> = {};
  for (const { file } of Object.values(heads)) {
    const { tensors } = decode(await readFile(join(folder, file)));
    for (const { name, type, shape, bytes } of tensors)
      if (type === 'float32') state[name] = { shape, data: new Float32Array(bytes.slice().buffer) };
  }
  return state;
}

/** The run that a bundle was made of, as far as a score needs it; what of it is kept is chosen anew. */
function runOf({ training, input, labels }: Manifest, recipe: Recipe, { train, test }: Dataset): RunInfo {
  const { width, height, channels } = input as ImageColumns;
  const few = Array.from({ length: 2 }, (_, row) =>
    Array.from(test.bytes.subarray(row * width * height, (row + 1) * width * height)),
  );
  return {
    recipe,
    seed: training.seed,
    engine: training.engine,
    versions: {},
    data: {
      ...{ name: training.data, source: '', licence: '', citation: '' },
      columns: { kind: 'image', width, height, channels },
      classes: labels,
      trainRows: train.rows,
      testRows: test.rows,
      examples: { x: few, labels: [0, 0] },
    },
  };
}

/** The same model with training rows to compare with and test rows to calibrate on, whatever its own score is. */
async function withDetector(
  folder: string,
  manifest: Manifest,
  recipe: Recipe,
  data: Dataset,
): Promise<Model> {
  const images = keptImages(recipe, imageSet(data.train), imageSet(data.test), manifest.training.seed);
  const files = await ship({
    name: manifest.name,
    info: runOf(manifest, recipe, data),
    checkpoint: { step: 0, sums: {}, state: await stateOf(folder, manifest) },
    metrics: {},
    version: '0',
    images,
  });
  return load(memoryFiles(files));
}

const drawn = (count: number): Uint8Array => {
  let state = 1;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
};

/** Images that no one would take for those that were trained on. */
const anomalies = (ordinary: Uint8Array, other: Uint8Array, width: number) => ({
  other,
  blank: Uint8Array.from(ordinary, (_, i) => Math.floor(i / width) % 256),
  black: new Uint8Array(ordinary.length),
  inverted: ordinary.map((byte) => 255 - byte),
  noise: drawn(ordinary.length),
  'dimmed to 70 %': ordinary.map((byte) => Math.round(0.7 * byte)),
  'dimmed to 50 %': ordinary.map((byte) => Math.round(0.5 * byte)),
  'dimmed to 25 %': ordinary.map((byte) => Math.round(0.25 * byte)),
  brightened: ordinary.map((byte) => Math.min(255, byte + 80)),
});

async function scored(model: Model, bytes: Uint8Array, width: number) {
  const found: { score: number; pValue: number; nll: number }[] = [];
  for (let at = 0; at < bytes.length; at += 500 * width)
    for (const { score, pValue, nll } of await model.score(bytes.subarray(at, at + 500 * width)))
      found.push({ score, pValue: pValue!, nll });
  return found;
}

const share = (of: readonly { readonly pValue: number }[], rate: number): number =>
  of.filter(({ pValue }) => pValue <= rate).length / of.length;

/** How well the score of a bundle of images tells anomalies, and how often it calls ordinary test rows such. */
export async function benchImages(folder: string, options: ImagesOptions): Promise<object> {
  const { dataDir, rows = 1000, progress } = options;
  const bundle = await load(folder);
  const { manifest } = bundle;
  await bundle.dispose();
  const told = parseRecipe(manifest.training.recipe);
  const recipe = { ...told, score: { ...told.score, neighbours: told.score.neighbours || 2000 } };
  const open = (name: string) => loadDataset(name, dataDir === undefined ? {} : { dataDir });
  const data = await open(manifest.training.data);
  const { other = data.name === 'mnist' ? 'fashion-mnist' : 'mnist' } = options;
  const width = imageSet(data.train).width;
  const kept = chooseKeptImages(recipe, imageSet(data.train), imageSet(data.test), manifest.training.seed);
  const used = new Set(kept.calibration);
  const free = Int32Array.from({ length: data.test.rows }, (_, row) => row).filter((row) => !used.has(row));
  const ordinary = new Uint8Array(free.length * width);
  imageSet(data.test).copy(free, ordinary);
  progress('the detector');
  const model = await withDetector(folder, manifest, recipe, data);
  const normal = await scored(model, ordinary, width);
  const strange = anomalies(
    ordinary.subarray(0, rows * width),
    (await open(other)).test.bytes.subarray(0, rows * width),
    width,
  );
  const areas: Record<string, object> = {};
  for (const [name, bytes] of Object.entries(strange)) {
    progress(name);
    const found = await scored(model, bytes, width);
    const among = [...normal, ...found];
    const isStrange = among.map((_, i) => i >= normal.length);
    const area = (of: 'score' | 'nll') =>
      Number(
        areaUnderRoc(
          among.map((each) => each[of]),
          isStrange,
        ).toFixed(4),
      );
    const at = Number(share(found, 0.01).toFixed(3));
    areas[name === 'other' ? other : name] = {
      auroc: area('score'),
      boundAuroc: area('nll'),
      foundAt1percent: at,
    };
  }
  await model.dispose();
  const rates = [0.01, 0.05, 0.1].map((rate) => [rate, Number(share(normal, rate).toFixed(4))]);
  return {
    bundle: manifest.name,
    rows: normal.length,
    falseAlarms: Object.fromEntries(rates),
    calibration: manifest.calibration?.rows ?? kept.calibration.length,
    ...areas,
  };
}
