import { access, chmod, copyFile, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { load } from '@semivae/runtime';
import { type Files, manifestFile, memoryFiles } from '@semivae/runtime/core';
import { ExportError } from './errors.ts';
import { sheet } from './sheet.ts';
import type { BundleFiles } from './ship.ts';
import { type Comparison, compareAnswers, readParity } from './verify.ts';

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

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** What people put beside a bundle; a new export keeps it. */
const KEPT = ['recipe.json', 'entry.json', 'result.json'];

async function checkReplaceable(folder: string): Promise<void> {
  const inside = await readdir(folder).catch((): string[] => []);
  if (inside.includes(manifestFile) || inside.every((name) => KEPT.includes(name))) return;
  throw new ExportError(
    'NOT_A_BUNDLE',
    folder,
    'it exists and is no bundle, so it is not replaced',
    'Choose another --out.',
  );
}

async function keepNotes(from: string, to: string): Promise<void> {
  for (const name of KEPT)
    if (await exists(join(from, name))) await copyFile(join(from, name), join(to, name));
}

/** The new folder takes the old one's place; the old one comes back if that fails. */
async function replaceFolder(fresh: string, folder: string): Promise<void> {
  if (!(await exists(folder))) return rename(fresh, folder);
  const old = `${fresh}.old`;
  await rename(folder, old);
  try {
    await rename(fresh, folder);
  } catch (cause) {
    await rename(old, folder);
    throw cause;
  }
  await rm(old, { recursive: true });
}

/**
 * Writes a bundle, with a picture of its samples, into a temporary folder that is then renamed: an interrupted export
 * leaves the old bundle. Throws `NOT_A_BUNDLE` for a folder with something else in it, `WRITE` where it cannot be written.
 */
export async function writeBundle(folder: string, files: BundleFiles): Promise<void> {
  const target = resolve(folder);
  await checkReplaceable(target);
  const picture = await samplesPicture(files);
  let fresh: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    fresh = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
    await chmod(fresh, 0o755); // mkdtemp makes it private
    for (const [name, bytes] of Object.entries({ ...files, ...picture }))
      await writeFlushed(join(fresh, name), bytes);
    await keepNotes(target, fresh);
    await replaceFolder(fresh, target);
  } catch (cause) {
    if (fresh) await rm(fresh, { recursive: true, force: true }).catch(() => {});
    const { code } = cause as NodeJS.ErrnoException;
    throw new ExportError(
      'WRITE',
      folder,
      `the bundle cannot be written (${code ?? cause})`,
      'Free space or choose another --out.',
      { cause },
    );
  }
}

/** The size of each file of a bundle's folder, in bytes. */
export async function fileSizes(folder: string): Promise<Record<string, number>> {
  const names = (await readdir(folder)).sort();
  const sizes = await Promise.all(
    names.map(async (name) => [name, (await stat(join(folder, name))).size] as const),
  );
  return Object.fromEntries(sizes);
}

/** Loads a bundle through the runtime and compares its answers with the trained model's own. Throws `BUNDLE_…`. */
export async function verify(files: Files): Promise<Comparison[]> {
  const model = await load(files);
  try {
    return await compareAnswers(model, await readParity(files, model));
  } finally {
    await model.dispose();
  }
}
