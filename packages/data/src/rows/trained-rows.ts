import type { Cells } from '../table/table.ts';
import { type Roles, role } from './roles.ts';

/** Which rows were trained on, as far as 32 bits of some of them tell. */
export interface TrainedRows {
  /** Of rows whose hash is less than this, `hashes` has those of all that were trained on. */
  readonly below: number;
  /** Ascending. */
  readonly hashes: readonly number[];
  /** Of the rows held out with such a hash: how many they are, and how many have a twin that was trained on. */
  readonly heldOut: { readonly rows: number; readonly twins: number };
}

/** About so many hashes are kept. */
const MOST_KEPT = 1000;

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** A step of MurmurHash3, 32 bits. */
function mixed(hash: number, word: number): number {
  const scrambled = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotated(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

/** Its end. */
function finished(hash: number): number {
  let last = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  last = Math.imul(last ^ (last >>> 13), 0xc2b2ae35);
  return (last ^ (last >>> 16)) >>> 0;
}

function hashOfText(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mixed(hash, text.charCodeAt(i));
  return hash;
}

const [double, words] = (() => {
  const one = new Float64Array(1);
  return [one, new Int32Array(one.buffer)];
})();

/** −0 is 0, and every NaN is one. */
function mixedNumber(hash: number, number: number): number {
  double[0] = number === 0 ? 0 : Number.isNaN(number) ? Number.NaN : number;
  return mixed(mixed(hash, words[0]!), words[1]!);
}

/** A hash of each row, by the raw cells of the named columns in their order: equal rows have equal ones, on every machine. */
export function hashesOf(
  names: readonly string[],
  columns: Readonly<Record<string, Cells>>,
  rows: number,
): Uint32Array {
  const hashes = new Int32Array(rows);
  const known = new Map<string, number>();
  const hashOf = (text: string): number => {
    const hash = known.get(text) ?? hashOfText(text);
    known.set(text, hash);
    return hash;
  };
  for (const name of names) {
    const cells = columns[name]!;
    for (let row = 0; row < rows; row++) {
      const cell = cells[row]!;
      hashes[row] =
        typeof cell === 'number' ? mixedNumber(hashes[row]!, cell) : mixed(hashes[row]!, hashOf(cell));
    }
  }
  return Uint32Array.from(hashes, finished);
}

/** Gathers hashes of rows as they go by, by their role. */
export function openTrainedRows(names: readonly string[], { of, counts }: Roles) {
  const below = Math.ceil(2 ** 32 * Math.min(1, MOST_KEPT / Math.max(1, counts[role.train]!)));
  const trained = new Set<number>();
  const heldOut: number[] = [];
  return {
    add(start: number, columns: Readonly<Record<string, Cells>>, rows: number): void {
      hashesOf(names, columns, rows).forEach((hash, i) => {
        if (hash >= below) return;
        if (of[start + i] === role.train) trained.add(hash);
        if (of[start + i] === role.calibration) heldOut.push(hash);
      });
    },
    trained: (): TrainedRows => ({
      below,
      hashes: [...trained].sort((a, b) => a - b),
      heldOut: { rows: heldOut.length, twins: heldOut.filter((hash) => trained.has(hash)).length },
    }),
  };
}
