import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { RawRows } from '@semivae/data';
import {
  isLock,
  isPartial,
  lockFolder,
  removePartials,
  syncFolder,
  temporaryFor,
  writeAtomically,
  writeFlushed,
} from '@semivae/data/node';
import { load } from '@semivae/runtime';
import {
  type Files,
  type Manifest,
  manifestFile,
  memoryFiles,
  SemivaeError,
  sealManifest,
} from '@semivae/runtime/core';
import {
  asideOf,
  BESIDES,
  entriesOf,
  homeOf,
  isAside,
  ownFiles,
  standingManifest,
  withAside,
} from './bundle-files.ts';
import { ExportError } from './errors.ts';
import { sheet } from './sheet.ts';
import type { BundleFiles } from './ship-options.ts';
import { type Comparison, compareAnswers, compareCalibration, readParity } from './verify.ts';

const SAMPLES_PER_CLASS = 10;

/** Samples of a bundle of images as a PNG: a row for each class, or a square where there are none. */
async function samplesPicture(files: BundleFiles): Promise<BundleFiles> {
  const model = await load(memoryFiles(files));
  if (model.manifest.input.kind === 'table') return {};
  const { labels } = model.manifest;
  const images = labels.length
    ? await Promise.all(
        labels.map((label, seed) => model.generate({ label, count: SAMPLES_PER_CLASS, seed })),
      )
    : [await model.generate({ count: SAMPLES_PER_CLASS ** 2, seed: 0 })];
  await model.dispose();
  return { 'samples.png': sheet(images.flat(), { columns: SAMPLES_PER_CLASS }) };
}

/** What people put beside a bundle before there is one. */
const KEPT = ['recipe.json', 'entry.json', 'result.json'];

const isKept = (name: string): boolean =>
  KEPT.includes(name) || isAside(name) || isLock(name) || isPartial(name);

/** Throws `NOT_A_BUNDLE` where something else is in a folder. */
function checkReplaceable(folder: string, inside: readonly string[], before: Manifest | undefined): void {
  if (before || inside.every(isKept)) return;
  throw new ExportError(
    'NOT_A_BUNDLE',
    folder,
    'it exists and is no bundle, so it is not replaced',
    'Choose another --out.',
  );
}

const bytesIn = (path: string): Promise<Buffer | undefined> => readFile(path).catch(() => undefined);

/** Throws `NOT_ITS_OWN` where a file that is not the bundle's has the name of a new one. */
async function checkOwn(folder: string, files: BundleFiles, before: Manifest | undefined): Promise<void> {
  const own = before ? ownFiles(before) : [];
  for (const name of Object.keys(files)) {
    if (own.includes(name) || !(await bytesIn(join(folder, name)))) continue;
    const problem = 'it has the name of a file of the bundle, and is not its own';
    throw new ExportError(
      'NOT_ITS_OWN',
      join(folder, name),
      problem,
      'Move it away, or choose another --out.',
    );
  }
}

/** Removes new files that wait in vain: the manifest that stands does not name them. */
async function removeWaiting(folder: string): Promise<void> {
  const standing = await standingManifest(folder);
  const named = standing ? entriesOf(standing).map(({ file }) => file) : [];
  const waiting = (await readdir(folder)).filter((name) => isAside(name) && !named.includes(name));
  for (const name of waiting) await rm(join(folder, name), { force: true });
}

/** Removes what stands under names that a manifest will only have once its files need not wait any more. */
async function removeEarly(folder: string, before: Manifest): Promise<void> {
  const named = entriesOf(before).map(({ file }) => file);
  const early = named.map(homeOf).filter((name) => !named.includes(name));
  for (const name of early) await rm(join(folder, name), { force: true });
}

/** Lets the files of a bundle that the next one has not wait: under such names they are known to be left over. */
async function setAside(folder: string, before: Manifest, files: BundleFiles): Promise<void> {
  const gone = entriesOf(before).filter(({ file }) => !(file in files) && !isAside(file));
  if (gone.length === 0) return;
  for (const entry of gone) {
    const bytes = await bytesIn(join(folder, entry.file));
    if (bytes) await writeAtomically(join(folder, asideOf(entry)), bytes);
  }
  const manifest = await sealManifest(withAside(before, new Set(gone.map(({ file }) => file))));
  await writeAtomically(join(folder, manifestFile), manifest);
  for (const { file } of gone) await rm(join(folder, file), { force: true });
}

/** The names of the files that are not there yet as they are to be. */
async function changedFiles(folder: string, files: BundleFiles): Promise<Set<string>> {
  const changed = new Set<string>();
  for (const [name, bytes] of Object.entries(files))
    if (!(await bytesIn(join(folder, name)))?.equals(bytes)) changed.add(name);
  return changed;
}

/**
 * Puts a bundle where another stands, or nothing. New files come under names of their own, then a manifest that names
 * these, then the same files under the names that they keep, then the manifest of those: so whenever this ends, all that
 * the manifest names is there as it says, and it is the old bundle or the new one.
 */
async function replaceBundle(
  folder: string,
  files: BundleFiles,
  before: Manifest | undefined,
): Promise<void> {
  const manifest = JSON.parse(new TextDecoder().decode(files[manifestFile])) as Manifest;
  const entries = entriesOf(manifest);
  const put = (name: string, bytes: Uint8Array) => writeAtomically(join(folder, name), bytes);
  const changed = await changedFiles(folder, files);
  const replaced = entries.filter(({ file }) => changed.has(file));
  for (const entry of replaced) await put(asideOf(entry), files[entry.file]!);
  if (replaced.length > 0) await put(manifestFile, await sealManifest(withAside(manifest, changed)));
  for (const { file } of replaced) await put(file, files[file]!);
  await put(manifestFile, files[manifestFile]!);
  const besides = [...changed].filter(
    (name) => name !== manifestFile && !replaced.some(({ file }) => file === name),
  );
  for (const name of besides) await put(name, files[name]!);
  for (const name of BESIDES.filter((each) => before && !(each in files)))
    await rm(join(folder, name), { force: true });
}

/** Puts a bundle where nothing is: a folder of another name, then its own. */
async function placeBundle(folder: string, files: BundleFiles): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removePartials(dirname(folder));
  const fresh = temporaryFor(folder);
  try {
    await mkdir(fresh);
    for (const [name, bytes] of Object.entries(files)) await writeFlushed(join(fresh, name), bytes);
    await syncFolder(fresh);
    await rename(fresh, folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

async function replaceLocked(folder: string, files: BundleFiles): Promise<void> {
  const lock = await lockFolder(folder, 'BUNDLE_LOCKED');
  try {
    const before = await standingManifest(folder);
    await checkOwn(folder, files, before);
    await removeWaiting(folder);
    if (before) await removeEarly(folder, before);
    if (before) await setAside(folder, before, files);
    await replaceBundle(folder, files, before);
  } finally {
    await removeWaiting(folder).catch(() => {});
    await lock.release();
  }
}

function notWritten(folder: string, cause: unknown): ExportError {
  const { code } = (cause instanceof SemivaeError ? cause.cause : cause) as NodeJS.ErrnoException;
  const remedy = 'Free space or choose another --out.';
  return new ExportError('WRITE', folder, `the bundle cannot be written (${code ?? cause})`, remedy, {
    cause,
  });
}

const isTold = (error: unknown): boolean =>
  error instanceof ExportError || (error instanceof SemivaeError && error.code !== 'WRITE');

/**
 * Writes a bundle, with a picture of its samples. Where one stands, it stays whole until the new one has taken its place,
 * and what is not its own stays for good. Throws `NOT_A_BUNDLE` for a folder with something else in it, `NOT_ITS_OWN`,
 * `BUNDLE_LOCKED` while another process writes there, and `WRITE` where it cannot be written.
 */
export async function writeBundle(folder: string, files: BundleFiles): Promise<void> {
  const target = resolve(folder);
  const inside = await readdir(target).catch(() => undefined);
  checkReplaceable(folder, inside ?? [], await standingManifest(target));
  const all = { ...files, ...(await samplesPicture(files)) };
  try {
    await (inside ? replaceLocked(target, all) : placeBundle(target, all));
  } catch (cause) {
    throw isTold(cause) ? cause : notWritten(folder, cause);
  }
}

/** The files of a bundle's folder that are its own, by name. */
export async function readBundleFiles(folder: string): Promise<BundleFiles> {
  const standing = await standingManifest(folder);
  const found: Record<string, Uint8Array> = {};
  for (const name of standing ? ownFiles(standing) : []) {
    const bytes = await bytesIn(join(folder, name));
    if (bytes) found[name] = bytes;
  }
  return found;
}

/** The size of each file of a bundle's folder, in bytes. */
export async function fileSizes(folder: string): Promise<Record<string, number>> {
  const names = (await readdir(folder)).sort();
  const sizes = await Promise.all(
    names.map(async (name) => [name, (await stat(join(folder, name))).size] as const),
  );
  return Object.fromEntries(sizes);
}

/**
 * Loads a bundle through the runtime and compares its answers with the trained model's own, and where raw rows that it was
 * calibrated on are at hand, with its calibration. Throws `BUNDLE_…`.
 */
export async function verify(files: Files, calibratedOn?: RawRows): Promise<Comparison[]> {
  const model = await load(files);
  try {
    const compared = await compareAnswers(model, await readParity(files, model));
    if (!calibratedOn || !model.manifest.calibration) return compared;
    return [...compared, await compareCalibration(model, calibratedOn)];
  } finally {
    await model.dispose();
  }
}
