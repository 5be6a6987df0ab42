import { isConstant, isUsed, type TableColumns } from '@semivae/model';
import { type Recipe, RecipeError } from '@semivae/recipe';
import { streamOf } from '@semivae/runtime/core';
import { withoutGrowth } from '../columns/growth.ts';
import { type ColumnSample, type InferOptions, inferColumn } from '../columns/infer.ts';
import { leaks } from '../columns/leaks.ts';
import { fitSurprise } from '../columns/surprise/fit.ts';
import { codesForMissing, identifiers } from '../columns/suspicions.ts';
import { range, shuffle } from '../shuffle.ts';
import { validationSplit } from '../split.ts';
import type { Cells, Chunk, Table, TableColumn } from '../table/table.ts';
import { encodedSet, type SetFacts, type TrainingSet } from '../training-set.ts';
import { EVERY_LABEL } from '../unlabelled.ts';
import { openEncoder } from './encoder.ts';
import { readHolding } from './holding.ts';
import { type Labels, readLabels, withoutLabel } from './labels.ts';
import type { RawRows } from './raw-rows.ts';
import { dealRoles, type Roles, role } from './roles.ts';
import { openTrainedRows, type TrainedRows } from './trained-rows.ts';

/** Encoded rows that never enter a training step: [rows, width]. */
export interface HeldRows {
  readonly x: Float32Array;
  /** The class of each row, −1 where it is unknown. */
  readonly labels: Int32Array;
}

/** A table, ready for training. */
export interface PreparedTable {
  readonly columns: TableColumns;
  readonly set: TrainingSet;
  readonly calibration: HeldRows;
  /** The same rows as they are, of the columns that a model sees: what ships is calibrated by its answers to them. */
  readonly calibrationCells: RawRows;
  /** By which a row that was trained on is recognised. */
  readonly trainedRows: TrainedRows;
  /** Known anomalies. */
  readonly anomalies: HeldRows;
  /** Some training rows by number, in random order: what a score may keep to compare with. */
  readonly reference: Int32Array;
  /** Some calibration rows as they are: what later data is compared with. Training rows where none are held back. */
  readonly sample: RawRows;
  /** How rows were held back for calibration, in words; absent: at random. */
  readonly heldBack?: string;
  /** Training rows that are held out to choose the epoch, where whole groups decide how many. */
  readonly validationRows?: number;
  /** What a person should know before training. */
  readonly warnings: readonly string[];
}

/** Where encoded training rows go: memory, or a file where they are too many. */
export interface RowStore {
  append(x: Float32Array): void;
  set(about: SetFacts): TrainingSet;
}

export interface PrepareOptions {
  readonly seed: number;
  /** Bytes that encoded training rows may take in memory; by default any. */
  readonly budget?: number;
  /** Opens a place for so many rows of this width where the budget does not hold them. */
  readonly openStore?: (rows: number, width: number) => RowStore;
  /** Columns of a bare array of numbers. */
  readonly array?: boolean;
  /** Shown every row as it was read, in order. */
  readonly see?: (chunk: Chunk) => void;
}

/** Rows from which kinds, scales and levels are guessed, and rows kept raw. */
const MOST_SAMPLED = 100_000;
const MOST_KEPT = 2000;
const MOST_ANOMALIES = 1000;

export function openMemory(rows: number, width: number): RowStore {
  const x = new Float32Array(rows * width);
  let at = 0;
  return {
    append(more) {
      x.set(more, at);
      at += more.length;
    },
    set: (about) => encodedSet(about, x, width),
  };
}

interface Known {
  readonly labels: Labels;
  readonly anomalous: (row: number) => boolean;
}

/** Classes to learn, and which rows are known anomalies. One class alone is nothing to learn. */
async function readKnown(
  table: Table,
  { labelColumn, anomalyLabel, unlabelled }: Recipe['data'],
): Promise<Known> {
  const none: Labels = { names: [], of: new Int32Array(table.rows).fill(-1) };
  if (labelColumn === undefined) return { labels: none, anomalous: () => false };
  const guessed = anomalyLabel === '-1' ? EVERY_LABEL : undefined;
  const read = await readLabels(table, labelColumn, unlabelled ?? guessed);
  if (anomalyLabel === undefined) return { labels: read, anomalous: () => false };
  const { labels, taken } = withoutLabel(read, anomalyLabel, table, labelColumn);
  const { notes = [] } = read;
  return { labels: { ...(labels.names.length > 1 ? labels : none), notes }, anomalous: taken };
}

/** Every row of a chunk that is wanted, by its place in the chunk. */
const wantedRows = ({ start, rows }: Chunk, wanted: (row: number) => boolean): number[] =>
  Array.from({ length: rows }, (_, i) => i).filter((i) => wanted(start + i));

const pickCells = (cells: Cells, rows: readonly number[]): Cells =>
  cells instanceof Float64Array
    ? Float64Array.from(rows, (row) => cells[row]!)
    : rows.map((row) => cells[row]!);

/** Cells of some rows, gathered chunk by chunk. */
function openGathering(names: readonly string[]) {
  const parts = new Map<string, Cells[]>(names.map((name) => [name, []]));
  let rows = 0;
  return {
    add(chunk: Chunk, chosen: readonly number[]) {
      for (const [name, cells] of parts) cells.push(pickCells(chunk.columns[name]!, chosen));
      rows += chosen.length;
    },
    rows: (): RawRows => ({
      rows,
      columns: Object.fromEntries([...parts].map(([name, cells]) => [name, joinCells(cells)])),
    }),
  };
}

function joinCells(parts: readonly Cells[]): Cells {
  if (!parts.every((each) => each instanceof Float64Array))
    return parts.flatMap((each) => [...(each as string[])]);
  const all = new Float64Array(parts.reduce((length, each) => length + each.length, 0));
  parts.reduce((at, each) => {
    all.set(each, at);
    return at + each.length;
  }, 0);
  return all;
}

/** Of the rows with a role every so many, at most `most`, evenly over the table. */
function thinned({ of, counts }: Roles, wanted: number, most: number): (row: number) => boolean {
  const every = Math.max(1, counts[wanted]! / most);
  let seen = 0;
  const chosen = new Set<number>();
  of.forEach((each, row) => {
    if (each !== wanted) return;
    if (Math.floor(seen / every) >= chosen.size) chosen.add(row);
    seen++;
  });
  return (row) => chosen.has(row);
}

interface Sampled {
  readonly train: RawRows;
  readonly kept: RawRows;
}

async function readSamples(table: Table, features: readonly TableColumn[], roles: Roles): Promise<Sampled> {
  const names = features.map(({ name }) => name);
  const [train, kept] = [openGathering(names), openGathering(names)];
  const inTrain = thinned(roles, role.train, MOST_SAMPLED);
  const inKept = thinned(roles, roles.counts[role.calibration] ? role.calibration : role.train, MOST_KEPT);
  for await (const chunk of table.chunks(names)) {
    train.add(chunk, wantedRows(chunk, inTrain));
    kept.add(chunk, wantedRows(chunk, inKept));
  }
  return { train: train.rows(), kept: kept.rows() };
}

function inferColumns(
  features: readonly TableColumn[],
  { columns }: RawRows,
  { data }: Recipe,
  how: Pick<InferOptions, 'array' | 'rows'>,
): TableColumns {
  const inferred = features.map(({ name, type, written }): ReturnType<typeof inferColumn> => {
    const cells = Object.hasOwn(columns, name) ? columns[name]! : [];
    const sample: ColumnSample = { name, type, cells, ...(written && { written }) };
    return inferColumn(sample, { asked: data.columns, ...how });
  });
  return { kind: 'table', columns: inferred };
}

/** A model that saw which group a row is of would know none of another group. */
function withoutGroup({ columns, ...table }: TableColumns, { data }: Recipe): TableColumns {
  const isGroup = (name: string) => name === data.group && !Object.hasOwn(data.columns, name);
  const reason = 'its rows are held out whole';
  return {
    ...table,
    columns: columns.map((column) =>
      isGroup(column.name) ? { name: column.name, kind: 'ignored', reason } : column,
    ),
  };
}

function checkUsable({ columns }: TableColumns, place: string): void {
  if (columns.some((column) => isUsed(column) && !isConstant(column))) return;
  const reasons = columns
    .map((each) => `${each.name}: ${isUsed(each) ? 'it is always the same' : each.reason}`)
    .join('; ');
  const remedy = 'Say what they are by data.columns, or give another table.';
  throw new RecipeError('COLUMNS_NONE', place, `no column is of use (${reasons})`, remedy);
}

function checkAsked({ data }: Recipe, table: Table): void {
  const names = table.columns.map(({ name }) => name);
  const unknown = Object.keys(data.columns).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const remedy = `Its columns are ${names.join(', ')}.`;
  throw new RecipeError(
    'COLUMN_UNKNOWN',
    `data.columns.${unknown}`,
    `${table.place} has no such column`,
    remedy,
  );
}

/** What a person wants to be ignored is never read. */
const isRead = ({ name, unread }: TableColumn, { data: { columns } }: Recipe): boolean =>
  !unread && !(Object.hasOwn(columns, name) && columns[name]?.kind === 'ignored');

/** Rows of one role, encoded, with their labels. */
function openHeld(rows: number, width: number) {
  const x = new Float32Array(rows * width);
  const labels = new Int32Array(rows);
  let filled = 0;
  return {
    add(from: Float32Array, row: number, label: number) {
      if (filled === rows) return;
      x.set(from.subarray(row * width, (row + 1) * width), filled * width);
      labels[filled++] = label;
    },
    held: (): HeldRows => ({ x, labels }),
  };
}

/** How classes share the labelled rows, one row more of each so that none is impossible. */
function sharesOf(labels: Int32Array, classes: number): number[] {
  const counts = Array<number>(classes).fill(1);
  for (const label of labels) if (label >= 0) counts[label]!++;
  const all = counts.reduce((sum, each) => sum + each, 0);
  return counts.map((count) => count / all);
}

const MOST_CALIBRATION = 10_000;

/** The rows' encoding, each where its role puts it. */
async function encodeRows(
  table: Table,
  columns: TableColumns,
  names: readonly string[],
  roles: Roles,
  labels: Labels,
  { budget = Infinity, openStore = openMemory, see }: PrepareOptions,
) {
  const encoder = await openEncoder(columns);
  const { width } = encoder;
  const [trainRows, calibrationRows, anomalyRows] = roles.counts as [number, number, number];
  const fits = trainRows * width * Float32Array.BYTES_PER_ELEMENT <= budget;
  const store = (fits ? openMemory : openStore)(trainRows, width);
  const trainLabels = new Int32Array(trainRows);
  const calibration = openHeld(Math.min(MOST_CALIBRATION, calibrationRows), width);
  const anomalies = openHeld(Math.min(MOST_ANOMALIES, anomalyRows), width);
  const inCalibration = thinned(roles, role.calibration, MOST_CALIBRATION);
  const cells = openGathering(names);
  const seen = openTrainedRows(names, roles);
  let trained = 0;
  try {
    for await (const chunk of table.chunks(names)) {
      see?.(chunk);
      const x = await encoder.encode(chunk.columns, chunk.rows);
      const training: number[] = [];
      for (let i = 0; i < chunk.rows; i++) {
        const row = chunk.start + i;
        if (roles.of[row] === role.train) {
          training.push(i);
          trainLabels[trained++] = labels.of[row]!;
        } else if (roles.of[row] === role.anomaly) anomalies.add(x, i, labels.of[row]!);
        else if (inCalibration(row)) calibration.add(x, i, labels.of[row]!);
      }
      store.append(rowsOf(x, training, width));
      cells.add(chunk, wantedRows(chunk, inCalibration));
      seen.add(chunk.start, chunk.columns, chunk.rows);
    }
  } finally {
    await encoder.close();
  }
  return {
    ...{ store, trainLabels, width, calibrationCells: cells.rows(), trainedRows: seen.trained() },
    ...{ calibration: calibration.held(), anomalies: anomalies.held() },
  };
}

function rowsOf(x: Float32Array, rows: readonly number[], width: number): Float32Array {
  if (rows.length * width === x.length) return x;
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => picked.set(x.subarray(row * width, (row + 1) * width), i * width));
  return picked;
}

const groupsOfTraining = (groups: ArrayLike<number>, { of }: Roles): Int32Array =>
  Int32Array.from(groups).filter((_, row) => of[row] === role.train);

const validationOf = ({ labels, groups }: SetFacts, { data }: Recipe, seed: number): number =>
  validationSplit(labels.length, data.validation, seed, groups).validation.length;

/** Some of the training rows, at random, in ascending order so that they are read in one pass. */
function chooseReference(rows: number, most: number, seed: number): Int32Array {
  const order = range(rows);
  shuffle(order, seed, streamOf('referenceRows'), 0);
  return order.slice(0, most).sort();
}

/**
 * Reads a table for a recipe: deals its rows out, guesses what its columns are from training rows alone, and encodes it by
 * the graph that ships. Throws `TABLE_…` for bad cells, `LABEL…`, `COLUMN…`, `CALIBRATION_SIZE`.
 */
export async function prepareTable(
  table: Table,
  recipe: Recipe,
  options: PrepareOptions,
): Promise<PreparedTable> {
  const { seed, array = false } = options;
  const { labelColumn, calibration: held } = recipe.data;
  checkAsked(recipe, table);
  const { labels, anomalous } = await readKnown(table, recipe.data);
  const holding = await readHolding(table, recipe);
  const roles = dealRoles(anomalous, table.rows, held, seed, table.place, holding);
  const features = table.columns.filter(({ name }) => name !== labelColumn);
  const read = features.filter((column) => isRead(column, recipe));
  const sampled = await readSamples(table, read, roles);
  const guessed = inferColumns(features, sampled.train, recipe, { array, rows: table.rows });
  const inferred = withoutGroup(guessed, recipe);
  const { columns: shown, warnings } = array
    ? { columns: inferred, warnings: [] }
    : withoutGrowth(inferred, sampled.train, new Set(Object.keys(recipe.data.columns)));
  checkUsable(shown, table.place);
  const columns = { ...shown, surprise: fitSurprise(shown, sampled.train) };
  const used = columns.columns.filter(({ kind }) => kind !== 'ignored').map(({ name }) => name);
  const encoded = await encodeRows(table, columns, used, roles, labels, options);
  const about: SetFacts = {
    name: recipe.data.name,
    columns,
    classes: labels.names,
    labels: encoded.trainLabels,
    ...(holding.groups && { groups: groupsOfTraining(holding.groups, roles) }),
    ...(labels.names.length > 0 && { classShares: sharesOf(encoded.trainLabels, labels.names.length) }),
  };
  return {
    columns,
    set: encoded.store.set(about),
    calibration: encoded.calibration,
    calibrationCells: encoded.calibrationCells,
    trainedRows: encoded.trainedRows,
    anomalies: encoded.anomalies,
    reference: chooseReference(roles.counts[role.train]!, recipe.score.neighbours, seed),
    sample: sampled.kept,
    ...(holding.heldBack && { heldBack: holding.heldBack }),
    ...(about.groups && { validationRows: validationOf(about, recipe, seed) }),
    warnings: [
      ...(table.notes ?? []),
      ...(labels.notes ?? []),
      ...identifiers(columns),
      ...codesForMissing(columns, sampled.train),
      ...warnings,
      ...(labelColumn === undefined ? [] : await leaks(table, labelColumn, read)),
    ],
  };
}
