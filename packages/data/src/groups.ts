import { DataError } from './data-error.ts';
import { range, shuffle } from './shuffle.ts';

/** The group of each row, a number from 0: rows of one group are never parted. */
export type Groups = ArrayLike<number>;

/** The numbers of all groups in a random order. */
export function shuffledGroups(groups: Groups, seed: number, use: number): Int32Array {
  let most = -1;
  for (let row = 0; row < groups.length; row++) most = Math.max(most, groups[row]!);
  const order = range(most + 1);
  shuffle(order, seed, use, 0);
  return order;
}

/**
 * The rows of whole groups, about `count`, as groups come in their order; at least one group is taken and one is left.
 * Throws GROUPS_FEW where there is but one.
 */
export function rowsOfGroups(
  rows: Int32Array,
  groups: Groups,
  order: ArrayLike<number>,
  count: number,
  place: string,
): Int32Array {
  if (count === 0) return new Int32Array();
  const sizes = new Map<number, number>();
  for (const row of rows) sizes.set(groups[row]!, (sizes.get(groups[row]!) ?? 0) + 1);
  const present = Array.from(order).filter((group) => sizes.has(group));
  if (present.length < 2) throw tooFew(count, place);
  const taken = chosenGroups(present, sizes, count);
  return rows.filter((row) => taken.has(groups[row]!));
}

/** Each group in turn whose rows bring their number nearer to `count`; the smallest where none does. */
function chosenGroups(
  present: readonly number[],
  sizes: ReadonlyMap<number, number>,
  count: number,
): ReadonlySet<number> {
  const taken = new Set<number>();
  let held = 0;
  for (const group of present) {
    const more = held + sizes.get(group)!;
    if (taken.size === present.length - 1 || Math.abs(more - count) >= count - held) continue;
    taken.add(group);
    held = more;
  }
  if (taken.size > 0) return taken;
  return new Set([present.reduce((least, each) => (sizes.get(each)! < sizes.get(least)! ? each : least))]);
}

function tooFew(count: number, place: string): DataError {
  const problem = `${count} rows are to be held out in whole groups, and all rows are of one group`;
  const remedy = 'Give rows of more groups, or leave --group out.';
  return new DataError('GROUPS_FEW', place, problem, remedy);
}
