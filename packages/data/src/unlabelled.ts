import { DataError } from './data-error.ts';

/** Said in place of a mark: every label is a class. */
export const EVERY_LABEL = 'none';

/** What means that a row has no label, and what a person should be told of it. */
export interface UnlabelledMark<Label> {
  readonly mark?: Label;
  readonly notes: readonly string[];
}

/** Throws `LABEL_UNKNOWN`: rows were to be unlabelled by a mark that none bears. */
export function unknownMark(place: string, mark: string, labels: readonly string[]): DataError {
  const remedy = `Its labels are ${labels.join(', ')}; '${EVERY_LABEL}' makes each of them a class.`;
  return new DataError(
    'LABEL_UNKNOWN',
    place,
    `no row is marked '${mark}', which was to mean no label`,
    remedy,
  );
}

const counted = (labels: Uint8Array): Uint32Array => {
  const counts = new Uint32Array(256);
  for (const label of labels) counts[label]!++;
  return counts;
};

const namesIn = (counts: Uint32Array): string[] =>
  Array.from(counts, (_, label) => label)
    .filter((label) => counts[label]! > 0)
    .map(String);

const MINUS_ONE = 255;

/** −1 in a byte, unless the labels go up to it. */
const isMinusOne = (train: Uint32Array, test: Uint32Array): boolean =>
  train[MINUS_ONE]! + test[MINUS_ONE]! > 0 && train[MINUS_ONE - 1] === 0;

/** The last label, where no test row has it and more training rows do than all others together. */
function classBeyond(train: Uint32Array, test: Uint32Array): number | undefined {
  const last = train.findLastIndex((rows) => rows > 0);
  const others = train.reduce((sum, rows) => sum + rows, 0) - train[last]!;
  const isBeyond = last > 1 && test[last] === 0 && test.slice(0, last).every((rows) => rows > 0);
  return isBeyond && train[last]! > others ? last : undefined;
}

const told = (mark: string, rows: number, of: number): string =>
  `${rows} of ${of} training rows are marked ${mark}, which is taken to mean no label; if it is a class, say --unlabelled ${EVERY_LABEL}`;

function askedByte(asked: string, train: Uint32Array, test: Uint32Array, place: string): number {
  const byte = asked === '-1' ? MINUS_ONE : Number(asked);
  if (/^-?\d+$/.test(asked) && train[byte]! + test[byte]! > 0) return byte;
  throw unknownMark(place, asked, namesIn(train));
}

/**
 * The byte of label files that means no label: what was asked, or else 255 (−1 as a byte), or a last label that no test row
 * has and most training rows do. Throws `LABEL_UNKNOWN` where no row bears what was asked.
 */
export function unlabelledByte(
  train: Uint8Array,
  test: Uint8Array,
  place: string,
  asked?: string,
): UnlabelledMark<number> {
  const [inTrain, inTest] = [counted(train), counted(test)];
  if (asked === EVERY_LABEL) return { notes: [] };
  if (asked !== undefined) return { mark: askedByte(asked, inTrain, inTest, place), notes: [] };
  const mark = isMinusOne(inTrain, inTest) ? MINUS_ONE : classBeyond(inTrain, inTest);
  if (mark === undefined) return { notes: [] };
  const name = mark === MINUS_ONE ? '255 (−1 as a byte)' : String(mark);
  return { mark, notes: [told(name, inTrain[mark]!, train.length)] };
}

const WORDS = /^(un-?labell?ed|unknown|not? label|none|null|n\/?a|nan|\?)$/i;
const isCount = (text: string): boolean => /^\d+$/.test(text);

/** Words that may mean no label, or a class of their own: it is asked which. */
const doubts = (labels: readonly string[]): string[] =>
  labels
    .filter((label) => WORDS.test(label.trim()))
    .map((label) => `label '${label}' is taken for a class; if it means no label, say --unlabelled ${label}`);

/**
 * The label of a table that means no label, as an empty cell does: what was asked, or −1 where the others, two or more, are
 * numbers from 0 up. Throws `LABEL_UNKNOWN` where no row bears what was asked.
 */
export function unlabelledText(
  counts: ReadonlyMap<string, number>,
  rows: number,
  place: string,
  asked?: string,
): UnlabelledMark<string> {
  const labels = [...counts.keys()];
  if (asked === EVERY_LABEL) return { notes: [] };
  if (asked !== undefined) {
    if (counts.has(asked)) return { mark: asked, notes: [] };
    throw unknownMark(place, asked, labels);
  }
  const others = labels.filter((label) => label !== '-1');
  if (others.length < labels.length && others.length > 1 && others.every(isCount))
    return { mark: '-1', notes: [told('-1', counts.get('-1')!, rows)] };
  return { notes: doubts(labels) };
}
