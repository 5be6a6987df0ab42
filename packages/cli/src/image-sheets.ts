import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Images } from '@semivae/data';
import { writeAtomically } from '@semivae/data/node';
import { confusionMap, scatter, sheet } from '@semivae/export/node';
import type { Image, Model } from '@semivae/runtime';
import { principalComponents } from '@semivae/statistics';
import { TrainingError } from '@semivae/train/node';
import { rowsOf } from './data.ts';
import type { Evaluation } from './evaluation.ts';
import { inPortions } from './image-source.ts';
import { openRowProgress } from './row-progress.ts';

/** What sheets are made of. */
export interface SheetsOf {
  readonly model: Model;
  readonly test: Images;
  readonly classes?: Evaluation;
  /** The class of the data that each class of the model stands for. */
  readonly named: readonly number[];
}

const IN_A_ROW = 10;

/** Test rows as a model's images, grey. */
function imagesOf({ bytes, rows, width, height }: Images): Image[] {
  const size = width * height;
  return Array.from({ length: rows }, (_, row) => ({
    width,
    height,
    channels: 1,
    values: Float32Array.from(bytes.subarray(row * size, (row + 1) * size), (each) => each / 255),
  }));
}

/** So many of the first test rows of each class, classes in turn. */
function someOfEach(test: Images, count: number): Images {
  const ofClass = test.classes.map((_, label) =>
    Array.from({ length: test.rows }, (_, row) => row).filter((row) => test.labels[row] === label),
  );
  const rows = Array.from({ length: count }, (_, i) =>
    ofClass.flatMap((each) => each.slice(i, i + 1)),
  ).flat();
  return rowsOf(test, rows);
}

/** The model's class for each class of the data, in their order; none where the model has none. */
function inDataOrder({ model, named }: SheetsOf): readonly number[] {
  if (model.manifest.labels.length === 0) return [];
  return Array.from(named, (_, label) => named.indexOf(label));
}

/** Drawings from the prior: a row for each class, or a square where there are none. */
async function samplesSheet(of: SheetsOf): Promise<Uint8Array> {
  const { model } = of;
  const classes = inDataOrder(of);
  if (classes.length === 0)
    return sheet(await model.generate({ count: IN_A_ROW ** 2, seed: 0 }), { columns: IN_A_ROW });
  const rows = [];
  for (const label of classes) rows.push(...(await model.generate({ label, count: IN_A_ROW, seed: label })));
  return sheet(rows, { columns: IN_A_ROW });
}

/** Test images, each followed by what its z is under every class (Kingma et al. 2014, figure 1). */
async function analogiesSheet(of: SheetsOf): Promise<Uint8Array> {
  const { model, test } = of;
  const [some, classes] = [someOfEach(test, 1), inDataOrder(of)];
  const codes = await model.encode(some.bytes);
  const rows: Image[] = [];
  for (const [row, real] of imagesOf(some).entries()) {
    const z = classes.map(() => codes[row]!.mean);
    rows.push(real, ...(await model.decode<Image>(z, classes)));
  }
  return sheet(rows, { columns: classes.length + 1, apart: 1 });
}

/** Test images, each above its reconstruction. */
async function reconstructionsSheet({ model, test }: SheetsOf): Promise<Uint8Array> {
  const some = someOfEach(test, 4);
  const columns = Math.min(IN_A_ROW, some.rows);
  const [real, again] = [imagesOf(some), await model.reconstruct(some.bytes)];
  const pairs: Image[] = [];
  for (let start = 0; start + columns <= some.rows; start += columns)
    pairs.push(...real.slice(start, start + columns), ...again.slice(start, start + columns));
  return sheet(pairs, { columns });
}

/** Latent means of all test rows. */
async function latentMeans({ model, test }: SheetsOf): Promise<Float32Array[]> {
  const progress = openRowProgress('latent means', test.rows);
  try {
    const codes = await inPortions(test, (bytes, start) => {
      progress.rows(start);
      return model.encode(bytes);
    });
    return codes.map(({ mean }) => mean);
  } finally {
    progress.stop();
  }
}

/** Where the encoder puts test rows, along the two directions of largest variance. */
async function latentSheet(of: SheetsOf): Promise<Uint8Array> {
  const { points, explained } = principalComponents(await latentMeans(of), 2);
  const axis = (i: number) => `component ${i + 1}, ${(100 * explained[i]!).toFixed(1)} % of the variance`;
  const { labels, classes } = of.test;
  const placed = points.map(([x, y]) => [x!, y!] as const);
  return scatter({ points: placed, groups: labels, names: classes, axes: [axis(0), axis(1)] });
}

/** The sheets that there are of a model, by file. */
function makersOf({
  model,
  classes,
}: SheetsOf): Readonly<Record<string, (of: SheetsOf) => Promise<Uint8Array>>> {
  const { labels, latent } = model.manifest;
  return {
    'samples.png': samplesSheet,
    ...(labels.length > 0 && { 'analogies.png': analogiesSheet }),
    'reconstructions.png': reconstructionsSheet,
    ...(latent.size > 1 && { 'latent.png': latentSheet }),
    ...(classes && {
      'confusion.png': async () =>
        confusionMap({ names: classes.classes.map(({ label }) => label), counts: classes.confusion }),
    }),
  };
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const problem = `the folder cannot be made (${cause.code})`;
    throw new TrainingError('WRITE', folder, problem, 'Choose another folder for --sheets.', { cause });
  });
}

/** Writes pictures of a model into a folder; gives their paths. Throws `WRITE`. */
export async function writeSheets(folder: string, of: SheetsOf): Promise<string[]> {
  await makeFolder(folder);
  const paths: string[] = [];
  for (const [file, make] of Object.entries(makersOf(of))) {
    const path = join(folder, file);
    await writeAtomically(path, await make(of));
    paths.push(path);
  }
  return paths;
}
