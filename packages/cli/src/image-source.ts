import { type Images, imageSet } from '@semivae/data';
import type { ImageColumns, Model as TrainedModel } from '@semivae/model';
import { imageInput, type LoadOptions, load, type Model, memoryFiles } from '@semivae/runtime';
import {
  type Checkpoint,
  type Engine,
  modelOf,
  onnxRuntimeEngine,
  openClassifier,
  type RunInfo,
  readRun,
  readShipped,
  shapeOf,
} from '@semivae/train/node';
import { checkFits, type DataFlags, type Expected, labelledOf, openData } from './data.ts';
import { CommandFailure } from './failure.ts';
import { checkInterruption } from './interruption.ts';
import type { Output } from './output.ts';
import { kindOf, loadBundle, shipped } from './source.ts';
import { recipeOf } from './table-model.ts';

/** Threads of ONNX Runtime; it chooses unless told. */
export type ThreadFlags = Pick<LoadOptions, 'threads'>;

/** A model of images to ask, be it a run or a bundle. */
export interface ImageSource {
  /** The folder, for people. */
  readonly place: string;
  readonly expected: Expected;
  /** The name of the data that it was trained on. */
  readonly data: string;
  /** The label there that means none, where the recipe says so. */
  readonly unlabelled?: string | undefined;
  /** How many clusters its classes are, where no label was trained on. */
  readonly clusters?: number;
  /** The most probable class of each image; absent for a model without classes. */
  readonly classify?: (images: Images) => Promise<ArrayLike<number>>;
  /** The model as a bundle, made of a run when first asked for. Throws `NOT_GENERATIVE` for a baseline. */
  readonly bundle: () => Promise<Model>;
  /** What only a run has. */
  readonly run?: TrainedRun;
  readonly dispose: () => Promise<void>;
}

/** A run's model, its newest shipped state, and what computes it. */
export interface TrainedRun {
  readonly info: RunInfo;
  readonly model: TrainedModel;
  readonly engine: Engine;
  readonly checkpoint: () => Promise<Checkpoint>;
}

/** Computes something once, when first asked. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A run of images. */
export function runSource(folder: string, info: RunInfo, { threads }: ThreadFlags = {}): ImageSource {
  const { recipe, data } = info;
  const engine = onnxRuntimeEngine(threads === undefined ? {} : { threads });
  const shape = shapeOf(data, data.trainRows);
  const model = modelOf(recipe, shape);
  const checkpoint = once(() => readShipped(folder));
  const classifier = once(() => openClassifier(engine, model, shape));
  let opened = false;
  const bundle = once(async () => {
    opened = true;
    const files = memoryFiles(await shipped(folder, {}, engine));
    return load(files, threads === undefined ? {} : { threads });
  });
  return {
    place: folder,
    expected: { name: data.name, ...(data.columns as ImageColumns), classes: data.classes },
    data: recipe.data.name,
    unlabelled: recipe.data.unlabelled,
    ...(model.y && recipe.data.labels === 0 && { clusters: model.y.size }),
    ...(model.y && {
      classify: async (images: Images) => (await classifier())((await checkpoint()).state, imageSet(images)),
    }),
    bundle,
    run: { info, model, engine, checkpoint },
    dispose: async () => {
      if (opened) await (await bundle()).dispose();
    },
  };
}

/** A bundle of images. Throws `INPUT_KIND` for one of a table. */
export function bundleSource(model: Model, place = model.manifest.name): ImageSource {
  const { manifest } = model;
  const recipe = recipeOf(manifest);
  const clustered = manifest.labels.length > 0 && recipe.data.labels === 0;
  return {
    place,
    expected: {
      name: manifest.name,
      ...imageInput(manifest),
      classes: clustered ? [] : manifest.labels,
    },
    data: recipe.data.name,
    unlabelled: recipe.data.unlabelled,
    ...(clustered && { clusters: manifest.labels.length }),
    ...(manifest.heads.classifier && {
      classify: async (images: Images) =>
        (await inPortions(images, (bytes) => model.classify(bytes))).map(({ index }) => index),
    }),
    bundle: async () => model,
    dispose: () => model.dispose(),
  };
}

/** Opens a run or a bundle of images. Throws `IMAGES_NEEDED` for one of a table, and as `readRun` and `load` do. */
export async function openImageSource(path: string, threads: ThreadFlags): Promise<ImageSource> {
  if (!/^https?:/.test(path) && (await kindOf(path)) === 'run') {
    const info = await readRun(path);
    if (info.data.columns.kind === 'table') throw ofTable(path);
    return runSource(path, info, threads);
  }
  const model = await loadBundle(path, threads);
  if (model.manifest.input.kind === 'image') return bundleSource(model, path);
  await model.dispose();
  throw ofTable(path);
}

const ofTable = (path: string): CommandFailure =>
  new CommandFailure('IMAGES_NEEDED', path, 'it is of a table', 'Name a run or a bundle of images.');

/** The test images of a source: those of its own data unless others are named. Throws `DATA_…`, `IDX_…`. */
export async function testImagesFor(
  { data, expected, clusters, unlabelled, classify }: ImageSource,
  flags: DataFlags,
  output: Output,
): Promise<Images> {
  const name = flags.data ?? data;
  // other data may have other marks, or none
  const mark = name === data ? unlabelled : undefined;
  const all = (await openData(name, flags.dataDir, output, mark)).test;
  const test = classify ? labelledOf(all) : all;
  checkFits(test, expected);
  if (test.rows < all.rows)
    output.note(`note    ${all.rows - test.rows} test rows have no label and are left out`);
  if (clusters === undefined || clusters === test.classes.length) return test;
  const problem = `it has ${test.classes.length} classes, the model ${clusters} clusters`;
  const remedy = `Choose --data of the kind that ${expected.name} was trained on.`;
  throw new CommandFailure('DATA_MISFIT', test.name, problem, remedy);
}

const ROWS_AT_ONCE = 500;

/** Answers for all images, some at a time, so that Ctrl-C comes through. */
export async function inPortions<T>(
  { bytes, rows, name }: Pick<Images, 'bytes' | 'rows' | 'name'>,
  ask: (bytes: Uint8Array, start: number) => Promise<readonly T[]>,
): Promise<T[]> {
  const width = bytes.length / rows;
  const answers: T[] = [];
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    answers.push(...(await ask(bytes.subarray(start * width, (start + ROWS_AT_ONCE) * width), start)));
    await checkInterruption(name);
  }
  return answers;
}
