import { streamOf } from '@semivae/runtime/core';
import { DataError } from './data-error.ts';
import { type Groups, rowsOfGroups, shuffledGroups } from './groups.ts';
import { range, shuffle } from './shuffle.ts';

/**
 * The rows whose labels are seen, ascending: `count` of them, as even over the classes as the rows allow, random
 * within a class. With the same seed, fewer labels are a subset of more when both divide by `classes`. `among`
 * limits the choice to some rows. Throws LABELS_NONE, LABELS_ONE_CLASS, LABELS_TOO_FEW, LABELS_TOO_MANY or LABELS_NO_ROW.
 */
export function chooseLabelled(
  labels: ArrayLike<number>,
  classes: number,
  count: number,
  seed: number,
  among: Int32Array = range(labels.length),
): Int32Array {
  const byClass = rowsByClass(labels, classes, among);
  checkCount(
    classes,
    count,
    byClass.reduce((sum, rows) => sum + rows.length, 0),
  );
  byClass.forEach((rows, label) => {
    checkClass(rows, label);
    shuffle(rows, seed, streamOf('labelledRows'), label);
  });
  const quota = evenQuota(byClass, count, seed);
  const chosen = byClass.flatMap((rows, label) => [...rows.subarray(0, quota[label])]);
  return Int32Array.from(chosen).sort();
}

/**
 * Rows held out for validation, drawn at random, and the others; both ascending. Below 1 it is a share. Rows of a group are
 * held out together, and may be a few more or less. Throws VALIDATION_SIZE, GROUPS_FEW.
 */
export function validationSplit(
  rows: number,
  asked: number,
  seed: number,
  groups?: Groups,
): { readonly train: Int32Array; readonly validation: Int32Array } {
  const count = asked < 1 ? Math.round(asked * rows) : asked;
  if (!Number.isInteger(count) || count < 0 || count >= rows) {
    const remedy = `Hold out 0 to ${rows - 1} rows.`;
    throw new DataError(
      'VALIDATION_SIZE',
      'validation split',
      `${count} of ${rows} rows were asked for`,
      remedy,
    );
  }
  if (groups) return groupedSplit(rows, count, seed, groups);
  const order = range(rows);
  shuffle(order, seed, streamOf('validationRows'), 0);
  return { validation: order.slice(0, count).sort(), train: order.slice(count).sort() };
}

function groupedSplit(rows: number, count: number, seed: number, groups: Groups) {
  const order = shuffledGroups(groups, seed, streamOf('validationRows'));
  const validation = rowsOfGroups(range(rows), groups, order, count, 'validation split');
  const held = new Set(validation);
  return { validation, train: range(rows).filter((row) => !held.has(row)) };
}

const PLACE = 'labelled rows';

/** Throws LABELS_NONE, LABELS_ONE_CLASS where labels tell nothing apart. */
export function checkClasses(classes: number, rows: number): void {
  if (rows === 0) {
    const remedy = 'Label some, or choose m1, which needs none.';
    throw new DataError('LABELS_NONE', PLACE, 'no training row has a label', remedy);
  }
  if (classes > 1) return;
  const remedy = 'Give data with at least two classes, or choose m1, which needs none.';
  throw new DataError('LABELS_ONE_CLASS', PLACE, 'a single class leaves nothing to tell apart', remedy);
}

function checkCount(classes: number, count: number, rows: number): void {
  checkClasses(classes, rows);
  if (!Number.isInteger(count) || count < classes) {
    const remedy = `Ask for at least ${classes}, one for each class.`;
    throw new DataError('LABELS_TOO_FEW', PLACE, `${count} labels for ${classes} classes`, remedy);
  }
  if (count > rows) {
    const remedy = `Ask for at most ${rows}.`;
    throw new DataError(
      'LABELS_TOO_MANY',
      PLACE,
      `${count} labels asked for, but there are ${rows} rows with one`,
      remedy,
    );
  }
}

function checkClass(rows: Int32Array, label: number): void {
  if (rows.length > 0) return;
  throw new DataError(
    'LABELS_NO_ROW',
    PLACE,
    `no row has label ${label}`,
    'Leave that class out or add rows of it.',
  );
}

function rowsByClass(labels: ArrayLike<number>, classes: number, among: Int32Array): Int32Array[] {
  return Array.from({ length: classes }, (_, label) => among.filter((row) => labels[row] === label));
}

/** One each in turn, in a random order of the classes, until `count` are given out; a class that is used up is skipped. */
function evenQuota(byClass: readonly Int32Array[], count: number, seed: number): number[] {
  const turn = range(byClass.length);
  shuffle(turn, seed, streamOf('labelledRows'), byClass.length);
  const quota = byClass.map(() => 0);
  for (let left = count; left > 0; ) {
    for (const label of turn) {
      if (left === 0 || quota[label] === byClass[label]!.length) continue;
      quota[label]!++;
      left--;
    }
  }
  return quota;
}
