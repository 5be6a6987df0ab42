import { copyFile, link, mkdir, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { encodeSamples, type PreparedTable, type RawRows } from '@semivae/data';
import {
  appendLine,
  type FolderLock,
  isLock,
  lockFolder,
  removePartials,
  syncFolder,
  unwritable,
  writeAtomically,
} from '@semivae/data/node';
import { fromSafetensors, type Tensors as StoredTensors } from '@semivae/graph';
import { storedRecipe } from '@semivae/recipe';
import { printJson, sha256 } from '@semivae/runtime/core';
import { checkpointMetadata, decodeCheckpoint } from './checkpoint.ts';
import { TrainingError } from './errors.ts';
import type { Checkpoint } from './fit.ts';
import { decodeRows, encodeRows } from './kept-rows.ts';
import { heldTensors, type RunInfo } from './run-info.ts';
import { checkSealed, damaged, openRecord, sealRecord, sealTensors } from './sealed.ts';

const HELD = 'rows.safetensors';
const SAMPLE = 'reference.json';
const CALIBRATION = 'calibration.json';

/** Writes what a run of a table keeps of its rows; the tensors come last and bear the hashes of the rest. Throws `WRITE`. */
export async function writeHeld(folder: string, prepared: PreparedTable): Promise<void> {
  const sample = Buffer.from(encodeSamples(prepared));
  const calibration = Buffer.from(encodeRows(prepared.calibrationCells));
  await writeAtomically(join(folder, SAMPLE), sample);
  await writeAtomically(join(folder, CALIBRATION), calibration);
  const hashes = { [SAMPLE]: await sha256(sample), [CALIBRATION]: await sha256(calibration) };
  const tensors = sealTensors(heldTensors(prepared), { format: 'semivae-rows', ...hashes });
  await writeAtomically(join(folder, HELD), tensors);
}

/** What a run of a table keeps of its rows. */
export interface KeptRows {
  /** `reference`, `calibration`, `anomalies`, encoded: [rows, features]. */
  readonly tensors: StoredTensors;
  /** The bytes of reference.json. */
  readonly sample: Uint8Array;
  /** The calibration rows as they are. */
  readonly calibration: RawRows;
}

/** Writes the pixels that a run of images keeps. Throws `WRITE`. */
export const writeKeptImages = (folder: string, kept: StoredTensors): Promise<void> =>
  writeAtomically(join(folder, HELD), sealTensors(kept, { format: 'semivae-rows' }));

/** The pixels that a run of images keeps; undefined where it keeps none. Throws `SAFETENSORS`, `CHECKSUM`. */
export async function readKeptImages(folder: string): Promise<StoredTensors | undefined> {
  const path = join(folder, HELD);
  if (!(await exists(path))) return undefined;
  return fromSafetensors(await readSealed(path, 'Train it again.'), path).tensors;
}

/** The rows that a run of a table keeps. Throws `RUN_FILE`, `SAFETENSORS`, `CHECKSUM`, `JSON`. */
export async function readHeld(folder: string): Promise<KeptRows> {
  const remedy = 'The run is of an older version, or not whole: train it again.';
  const at = (name: string) => join(folder, name);
  const [bytes, sample, cells] = await Promise.all([
    readSealed(at(HELD), remedy),
    readOr(at(SAMPLE), remedy),
    readOr(at(CALIBRATION), remedy),
  ]);
  const { tensors, metadata } = fromSafetensors(bytes, at(HELD));
  for (const [name, each] of [
    [SAMPLE, sample],
    [CALIBRATION, cells],
  ] as const)
    if (metadata[name] !== undefined && metadata[name] !== (await sha256(each))) throw damaged(at(name));
  return {
    tensors,
    sample,
    calibration: decodeRows(parseJson(cells.toString(), at(CALIBRATION)), at(CALIBRATION)),
  };
}

const BELIEFS = 'beliefs.safetensors';

/** Writes what is believed of rows before training. Throws `WRITE`. */
export const writeBeliefs = (folder: string, beliefs: Float32Array, classes: number): Promise<void> =>
  writeAtomically(
    join(folder, BELIEFS),
    sealTensors(
      { beliefs: { shape: [beliefs.length / classes, classes], data: beliefs } },
      { format: 'semivae-beliefs' },
    ),
  );

/** What was believed of rows before training. Throws `RUN_FILE`, `SAFETENSORS`, `CHECKSUM`. */
export async function readBeliefs(folder: string): Promise<Float32Array> {
  const path = join(folder, BELIEFS);
  const bytes = await readSealed(path, 'The run is not whole: train it again.');
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

const entriesOf = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** All that a run may hold before its run.json, which is written last and makes it whole. */
const PARTS = [METRICS, CHECKPOINT, HELD, SAMPLE, CALIBRATION, BELIEFS];

/** Whether all there is was left by a process that died while it made a run: its lock is there too. */
const isCutShort = (entries: readonly string[]): boolean =>
  entries.some(isLock) && entries.every((name) => isLock(name) || PARTS.includes(name));

async function checkVacant(folder: string): Promise<void> {
  await removePartials(folder);
  const entries = await entriesOf(folder);
  if (entries.length === 0 || isCutShort(entries)) return;
  const [code, problem] = entries.includes(RUN_FILE)
    ? (['RUN_EXISTS', 'there is a run already'] as const)
    : (['RUN_FOLDER', 'it is not empty'] as const);
  const remedy =
    code === 'RUN_EXISTS'
      ? 'Go on with it by --resume, or choose another --out.'
      : 'Choose another --out, or empty it.';
  throw new TrainingError(code, folder, problem, remedy);
}

/** Removes all that makes a run; what else is in its folder stays. */
export async function removeRun(folder: string): Promise<void> {
  for (const name of [RUN_FILE, ...PARTS]) await rm(join(folder, name), { force: true }).catch(() => {});
}

/** Removes a folder, and those above it up to `last`, as long as nothing is in them. */
async function removeEmpty(folder: string, last: string | undefined): Promise<void> {
  if (last === undefined) return;
  try {
    for (let at = resolve(folder); at.length >= resolve(last).length; at = dirname(at)) await rmdir(at);
  } catch {
    // something is in it
  }
}

async function fillRun(folder: string, info: RunInfo, parts: () => Promise<void>): Promise<void> {
  await removeRun(folder); // what a process left that died while it made one
  try {
    await writeAtomically(join(folder, METRICS), '');
    await parts();
    await writeAtomically(join(folder, RUN_FILE), printJson(sealRecord(info)));
  } catch (error) {
    await removeRun(folder);
    throw error;
  }
}

/**
 * Makes a new run's folder and takes it for this process. `parts` writes what belongs to it besides; run.json comes last,
 * so that a run that is there is whole. Throws `RUN_EXISTS` where one is, `RUN_FOLDER` where something else is,
 * `RUN_LOCKED` where another process makes one, and `WRITE` where it cannot be made; then nothing of it is left.
 */
export async function createRun(
  folder: string,
  info: RunInfo,
  parts: () => Promise<void> = async () => {},
): Promise<FolderLock> {
  await checkVacant(folder);
  const made = await mkdir(folder, { recursive: true }).catch((cause) => {
    throw unwritable(folder, cause);
  });
  let lock: FolderLock | undefined;
  try {
    lock = await lockFolder(folder);
    await checkVacant(folder);
    await fillRun(folder, info, parts);
    return lock;
  } catch (error) {
    await lock?.release();
    await removeEmpty(folder, made);
    throw error;
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** What to do where a checkpoint that is the last of a run cannot be read. */
const fromBefore = (folder: string): string =>
  `Use another copy of it, or go on from the one before: semivae train --resume ${folder}`;

/** Bytes of sealed tensors. Throws `RUN_FILE`, and `SAFETENSORS` or `CHECKSUM` where they are damaged. */
async function readSealed(path: string, remedy: string): Promise<Buffer> {
  const bytes = await readOr(path, remedy);
  try {
    checkSealed(bytes, path);
  } catch (error) {
    fromSafetensors(bytes, path); // which says what is wrong of a file that was cut short
    throw basename(path) === CHECKPOINT ? damaged(path, fromBefore(dirname(path))) : error;
  }
  return bytes;
}

async function readOr(path: string, remedy: string): Promise<Buffer> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new TrainingError('RUN_FILE', path, `it cannot be read (${cause.code})`, remedy, { cause });
  });
}

/** The info of a run. Throws `RUN_FILE`, `JSON`, `CHECKSUM`, or the errors of a recipe. */
export async function readRun(folder: string): Promise<RunInfo> {
  const path = join(folder, RUN_FILE);
  const text = (await readOr(path, 'Name the folder of a run, as semivae train made it.')).toString();
  const info = openRecord(parseJson(text, path) as RunInfo, path, 'recipe');
  return { ...info, recipe: storedRecipe(info.recipe, path) };
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

const PREVIOUS = 'previous.safetensors';

const encoded = (checkpoint: Checkpoint): Uint8Array =>
  sealTensors(checkpoint.state, checkpointMetadata(checkpoint));

/** Keeps a file under a second name, without a moment in which the first is missing. */
async function keepAs(path: string, other: string): Promise<void> {
  if (!(await exists(path))) return;
  await rm(other, { force: true });
  await link(path, other).catch(() => copyFile(path, other)); // some disks have no second names
}

/** Writes the last checkpoint of a run, and keeps the one before. Throws `WRITE`. */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const path = join(folder, CHECKPOINT);
  await keepAs(path, join(folder, PREVIOUS)).catch((cause) => {
    throw unwritable(path, cause);
  });
  await writeAtomically(path, encoded(checkpoint));
}

const BEST = 'best.safetensors';

/** Keeps a checkpoint beside the last one, as the best so far. Throws `WRITE`. */
export const writeBest = (folder: string, checkpoint: Checkpoint): Promise<void> =>
  writeAtomically(join(folder, BEST), encoded(checkpoint));

async function readState(path: string): Promise<HashedCheckpoint> {
  const bytes = await readSealed(path, 'The run has no checkpoint yet: train it.');
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

/** The last checkpoint of a run. Throws `RUN_FILE`, `SAFETENSORS`, `CHECKSUM`, `CHECKPOINT`. */
export const readCheckpoint = async (folder: string): Promise<Checkpoint> =>
  (await readState(join(folder, CHECKPOINT))).checkpoint;

export const hasCheckpoint = (folder: string): Promise<boolean> => exists(join(folder, CHECKPOINT));

/** Where a run can be gone on from. */
export interface Standing {
  /** Absent where it has not come to one. */
  readonly checkpoint?: Checkpoint;
  /** Why the last one is not it, where it is damaged and the one before has taken its place. */
  readonly damage?: Error;
}

const DAMAGED = 'damaged.safetensors';

/**
 * The last checkpoint of a run that this process holds, or the one before where that is damaged, which is then put aside
 * as damaged.safetensors. Throws as `readCheckpoint` where both are.
 */
export async function recoverCheckpoint(folder: string): Promise<Standing> {
  const [last, previous] = [join(folder, CHECKPOINT), join(folder, PREVIOUS)];
  if (!(await exists(last)))
    return (await exists(previous)) ? { checkpoint: (await readState(previous)).checkpoint } : {};
  try {
    return { checkpoint: await readCheckpoint(folder) };
  } catch (error) {
    const before = await readState(previous).catch(() => {
      throw error;
    });
    await rename(last, join(folder, DAMAGED));
    await rename(previous, last);
    await syncFolder(folder);
    return { checkpoint: before.checkpoint, damage: error as Error };
  }
}

/** Adds a line to the run's metrics. Throws `WRITE`. */
export const appendMetrics = (folder: string, line: MetricsLine): Promise<void> =>
  appendLine(join(folder, METRICS), JSON.stringify(line));

/** The metrics of a run, in the order of its epochs; a line cut short by a crash is left out. */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const path = join(folder, METRICS);
  const text = (await readOr(path, 'Name the folder of a run.')).toString();
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line, at) => parseJson(line, `${path}, line ${at + 1}`) as MetricsLine);
}

/** Drops what was logged after the step from which a run is resumed. */
export async function rewindMetrics(folder: string, step: number): Promise<void> {
  const kept = (await readMetrics(folder)).filter((line) => line.step <= step);
  await writeAtomically(join(folder, METRICS), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
