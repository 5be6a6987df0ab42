import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ship } from '@semivae/export/node';
import { type LoadOptions, load, type Model, manifestFile } from '@semivae/runtime';
import {
  type Engine,
  RUN_FILE,
  readHeld,
  readKeptImages,
  readMetrics,
  readRun,
  readShipped,
} from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import { version } from './versions.ts';

/** What a path on the command line is. */
export type SourceKind = 'run' | 'bundle' | 'onnx';

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Tells a run from a bundle from an ONNX file. Throws `NOT_FOUND`, `NEITHER`. */
export async function kindOf(path: string): Promise<SourceKind> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    const remedy = 'Name the folder of a run or of a bundle.';
    throw new CommandFailure('NOT_FOUND', path, 'there is no such file or folder', remedy);
  }
  if (found.isFile()) return 'onnx';
  if (await exists(join(path, RUN_FILE))) return 'run';
  if (await exists(join(path, manifestFile))) return 'bundle';
  const problem = `it holds neither ${RUN_FILE} nor ${manifestFile}, so it is neither a run nor a bundle`;
  throw new CommandFailure('NEITHER', path, problem, 'Name the folder of a run or of a bundle.');
}

/** What may be said of a bundle when it is made. */
export interface Shipping {
  readonly name?: string;
  /** The rate of false alarms that the threshold keeps. */
  readonly fpr?: number;
  /** What the bundle is verified on: made-up rows unless told. */
  readonly parityRows?: 'drawn' | 'real';
}

/** A trained run in memory as a bundle, as `semivae export` would write it. Throws the errors of `ship`. */
export async function shipped(folder: string, { name, fpr, parityRows }: Shipping, engine: Engine) {
  const [info, checkpoint, lines] = await Promise.all([
    readRun(folder),
    readShipped(folder),
    readMetrics(folder),
  ]);
  const metrics = lines.filter((line) => line.step <= checkpoint.step).at(-1) ?? {};
  const held =
    info.data.columns.kind === 'table'
      ? { held: await readHeld(folder) }
      : { images: await readKeptImages(folder) };
  const rate = fpr === undefined ? {} : { fpr };
  return ship({
    name: name ?? info.recipe.name,
    info,
    checkpoint,
    metrics,
    version,
    engine,
    ...held,
    ...rate,
    ...(parityRows && { parityRows }),
  });
}

/** Loads a bundle from its folder. Throws `NOT_FOUND`, `NOT_A_BUNDLE`, `BUNDLE_…`. */
export async function loadBundle(path: string, options: LoadOptions = {}): Promise<Model> {
  if (/^https?:/.test(path)) return load(path, options);
  if ((await kindOf(path)) === 'bundle') return load(path, options);
  const remedy = `Make a bundle of a run: semivae export ${path}`;
  throw new CommandFailure('NOT_A_BUNDLE', path, 'it is not a bundle', remedy);
}
