import { resolve } from 'node:path';
import type { StoredSample, StoredSamples, TrainedRows } from '@semivae/data';
import type { BundleFiles } from '@semivae/export/node';
import { type Recipe, storedRecipe } from '@semivae/recipe';
import {
  type Calibration,
  type Files,
  fetchedFiles,
  folderFiles,
  load,
  type Manifest,
  type Model,
  memoryFiles,
  readChecked,
  tableInput,
  thresholdFor,
} from '@semivae/runtime';
import { onnxRuntimeEngine, parseJson } from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import { loadBundle, shipped } from './source.ts';

/** A bundle of a table, loaded, with what it keeps of held-out rows. */
export interface TableModel {
  readonly model: Model;
  /** How the columns of rows that training did not see are distributed, where the bundle says so. */
  readonly reference?: readonly StoredSample[];
  /** By which a row that training saw is recognised, where the bundle says so. */
  readonly trained?: TrainedRows;
}

/** Loads a bundle of a table. Throws `INPUT_KIND` for one of images, `BUNDLE_…`, `JSON`. */
export async function loadTable(path: string): Promise<TableModel> {
  const model = await loadBundle(path);
  return opened(model, filesAt(path));
}

const filesAt = (path: string): Files => (/^https?:/.test(path) ? fetchedFiles(path) : folderFiles(path));

/** A loaded bundle of a table with what it keeps of rows. Throws `INPUT_KIND`, `BUNDLE_…`, `JSON`. */
export const withReference = (path: string, model: Model): Promise<TableModel> =>
  opened(model, filesAt(path));

/** A run of a table as the bundle that `semivae export` would make of it. Throws the errors of `ship`. */
export async function shipTable(folder: string, fpr: number | undefined): Promise<TableModel> {
  const files: BundleFiles = await shipped(folder, fpr === undefined ? {} : { fpr }, onnxRuntimeEngine());
  const inMemory = memoryFiles(files, folder);
  return opened(await load(inMemory), inMemory);
}

async function opened(model: Model, files: Files): Promise<TableModel> {
  tableInput(model.manifest);
  return { model, ...(await readReference(files, model.manifest)) };
}

async function readReference(files: Files, { reference }: Manifest): Promise<Omit<TableModel, 'model'>> {
  if (!reference) return {};
  const text = new TextDecoder().decode(await readChecked(files, reference));
  const place = `${files.place}, ${reference.file}`;
  const { format, columns, trained } = parseJson(text, place) as Partial<StoredSamples>;
  if (format === 'semivae-reference' && Array.isArray(columns))
    return { reference: columns, ...(trained && { trained }) };
  const remedy = 'Export the run again.';
  throw new CommandFailure('REFERENCE_FORM', place, 'it does not hold how columns are distributed', remedy);
}

/** What a bundle's model was trained by. */
export const recipeOf = ({ training, name }: Manifest): Recipe =>
  storedRecipe(training.recipe, `recipe of ${name}`);

/** Whether the rows that flags name are those that a model was trained on. */
export function isTrainingData(
  { data }: Recipe,
  flags: { readonly data?: string; readonly sql?: string },
): boolean {
  if (flags.sql !== undefined || data.sql !== undefined) return flags.sql === data.sql;
  return flags.data !== undefined && resolve(flags.data) === resolve(data.name);
}

/** A calibration with the threshold of another rate of false alarms. Throws `CALIBRATION_TOO_FEW`. */
export const calibrationAt = ({ calibration }: Manifest, fpr: number | undefined): Calibration | undefined =>
  !calibration || fpr === undefined
    ? calibration
    : { ...calibration, fpr, threshold: thresholdFor(calibration.scores, fpr) };
