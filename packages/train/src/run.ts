import { appendFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSafetensors, type Tensors as StoredTensors, toSafetensors } from '@semivae/graph';
import { printJson, sha256 } from '@semivae/runtime/core';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { TrainingError } from './errors.ts';
import type { Checkpoint } from './fit.ts';
import { parseRecipe } from './recipe.ts';
import { heldTensors, type RunInfo } from './run-info.ts';
import type { PreparedTable } from './table/prepare.ts';
import { encodeSamples } from './table/samples.ts';

const HELD = 'rows.safetensors';
const SAMPLE = 'reference.json';

/** Writes what a run of a table keeps of its rows. Throws `WRITE`. */
export async function writeHeld(folder: string, prepared: PreparedTable): Promise<void> {
  await writeAtomically(join(folder, HELD), toSafetensors(heldTensors(prepared), { format: 'semivae-rows' }));
  await writeAtomically(join(folder, SAMPLE), encodeSamples(prepared.columns, prepared.sample));
}

/** The rows that a run of a table keeps, encoded; undefined for a run of images. Throws `RUN_FILE`, `SAFETENSORS`. */
export async function readHeld(
  folder: string,
): Promise<{ readonly tensors: StoredTensors; readonly sample: Uint8Array }> {
  const remedy = 'The run is of an older version, or not whole: train it again.';
  const [bytes, sample] = await Promise.all([
    readOr(join(folder, HELD), remedy),
    readOr(join(folder, SAMPLE), remedy),
  ]);
  return { tensors: fromSafetensors(bytes, join(folder, HELD)).tensors, sample };
}

const BELIEFS = 'beliefs.safetensors';

/** Writes what is believed of rows before training. Throws `WRITE`. */
export const writeBeliefs = (folder: string, beliefs: Float32Array, classes: number): Promise<void> =>
  writeAtomically(
    join(folder, BELIEFS),
    toSafetensors(
      { beliefs: { shape: [beliefs.length / classes, classes], data: beliefs } },
      { format: 'semivae-beliefs' },
    ),
  );

/** What was believed of rows before training. Throws `RUN_FILE`, `SAFETENSORS`. */
export async function readBeliefs(folder: string): Promise<Float32Array> {
  const path = join(folder, BELIEFS);
  const bytes = await readOr(path, 'The run is not whole: train it again.');
  return fromSafetensors(bytes, path).tensors.beliefs!.data;
}

/** One line of metrics.jsonl. */
export interface MetricsLine {
  readonly step: number;
  readonly epoch: number;
  readonly minutes: number;
  readonly [metric: string]: number;
}

export const RUN_FILE = 'run.json';
const CHECKPOINT = 'checkpoint.safetensors';
const METRICS = 'metrics.jsonl';

/** A device or a pipe: there is nothing to keep, and renaming over it would put a file in its place. */
const isDevice = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => !found.isFile() && !found.isDirectory(),
    () => false,
  );

/** Writes a file whole or not at all: a temporary name, flushed, renamed, the folder flushed. Throws `WRITE`. */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  if (await isDevice(path)) {
    return writeFile(path, content).catch((cause) => {
      throw unwritable(path, cause);
    });
  }
  const temporary = `${path}.${process.pid}.partial`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, cause);
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unwritable(path: string, cause: unknown): TrainingError {
  const { code } = cause as NodeJS.ErrnoException;
  const remedy =
    code === 'ENOSPC'
      ? 'Free some space; what was written before is untouched.'
      : 'Choose a folder that can be written to with --out.';
  return new TrainingError('WRITE', path, `it cannot be written (${code ?? cause})`, remedy, { cause });
}

const entriesOf = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function checkVacant(folder: string): Promise<void> {
  const entries = await entriesOf(folder);
  if (entries.length === 0) return;
  const [code, problem] = entries.includes(RUN_FILE)
    ? (['RUN_EXISTS', 'there is a run already'] as const)
    : (['RUN_FOLDER', 'it is not empty'] as const);
  const remedy =
    code === 'RUN_EXISTS'
      ? 'Go on with it by --resume, or choose another --out.'
      : 'Choose another --out, or empty it.';
  throw new TrainingError(code, folder, problem, remedy);
}

/**
 * Makes a new run's folder, with the checkpoint that it begins with where that is not drawn. Throws `RUN_EXISTS` where one
 * is, `RUN_FOLDER` where something else is, and `WRITE` where it cannot be made; then nothing of it is left.
 */
export async function createRun(folder: string, info: RunInfo, start?: Checkpoint): Promise<void> {
  await checkVacant(folder);
  let made: string | undefined;
  try {
    made = await mkdir(folder, { recursive: true });
    await writeFile(join(folder, METRICS), '');
    if (start) await writeCheckpoint(folder, start);
    await writeAtomically(join(folder, RUN_FILE), printJson(info));
  } catch (cause) {
    const left = made ? [made] : [METRICS, CHECKPOINT].map((name) => join(folder, name));
    for (const each of left) await rm(each, { recursive: true, force: true }).catch(() => {});
    throw cause instanceof TrainingError ? cause : unwritable(folder, cause);
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function readOr(path: string, remedy: string): Promise<Buffer> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new TrainingError('RUN_FILE', path, `it cannot be read (${cause.code})`, remedy, { cause });
  });
}

/** The info of a run. Throws `RUN_FILE`, or the errors of a recipe. */
export async function readRun(folder: string): Promise<RunInfo> {
  const path = join(folder, RUN_FILE);
  const text = (await readOr(path, 'Name the folder of a run, as semivae train made it.')).toString();
  const info = parseJson(text, path) as RunInfo;
  return { ...info, recipe: parseRecipe(info.recipe, path) };
}

/** JSON of a file. Throws `JSON`, naming the file. */
export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TrainingError(
      'JSON',
      place,
      `it is not JSON (${(cause as Error).message})`,
      'Mend it, or write it anew.',
      { cause },
    );
  }
}

export const writeCheckpoint = (folder: string, checkpoint: Checkpoint): Promise<void> =>
  writeAtomically(join(folder, CHECKPOINT), encodeCheckpoint(checkpoint));

const BEST = 'best.safetensors';

/** Keeps a checkpoint beside the last one, as the best so far. Throws `WRITE`. */
export const writeBest = (folder: string, checkpoint: Checkpoint): Promise<void> =>
  writeAtomically(join(folder, BEST), encodeCheckpoint(checkpoint));

async function readState(path: string): Promise<HashedCheckpoint> {
  const bytes = await readOr(path, 'The run has no checkpoint yet: train it.');
  return { checkpoint: decodeCheckpoint(bytes, path), sha256: await sha256(bytes) };
}

/** A checkpoint, and the hash of its file. */
export interface HashedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly sha256: string;
}

/** The checkpoint that ships, with the hash of its file. Throws as `readCheckpoint`. */
export async function readHashed(folder: string): Promise<HashedCheckpoint> {
  const best = join(folder, BEST);
  return readState((await exists(best)) ? best : join(folder, CHECKPOINT));
}

/** The checkpoint that ships: the best where one is kept, else the last. Throws as `readCheckpoint`. */
export const readShipped = async (folder: string): Promise<Checkpoint> =>
  (await readHashed(folder)).checkpoint;

/** The last checkpoint of a run. Throws `RUN_FILE`, `SAFETENSORS`, `CHECKPOINT`. */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const path = join(folder, CHECKPOINT);
  return decodeCheckpoint(await readOr(path, 'The run has no checkpoint yet: train it.'), path);
}

export const hasCheckpoint = (folder: string): Promise<boolean> => exists(join(folder, CHECKPOINT));

/** Adds a line to the run's metrics. Throws `WRITE`. */
export async function appendMetrics(folder: string, line: MetricsLine): Promise<void> {
  const path = join(folder, METRICS);
  await appendFile(path, `${JSON.stringify(line)}\n`).catch((cause) => {
    throw unwritable(path, cause);
  });
}

/** The metrics of a run, in the order of its epochs; a line cut short by a crash is left out. */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const text = (await readOr(join(folder, METRICS), 'Name the folder of a run.')).toString();
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as MetricsLine);
}

/** Drops what was logged after the step from which a run is resumed. */
export async function rewindMetrics(folder: string, step: number): Promise<void> {
  const kept = (await readMetrics(folder)).filter((line) => line.step <= step);
  await writeAtomically(join(folder, METRICS), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
