import { chiSquareHomogeneity } from './chi-square.ts';
import type { ColumnSample, LevelPair } from './drift.ts';

/** Levels drawn one by one. */
const DRAWN = 8;
/** Expected rows in the smaller sample from which on a level is tested by itself (Cochran 1954). */
const EXPECTED = 5;

interface LevelCount {
  readonly level: string;
  readonly reference: number;
  readonly fresh: number;
}

/** Every level of either sample with its counts, the most frequent first. */
function levelCounts(reference: ColumnSample, fresh: ColumnSample): LevelCount[] {
  const before = new Map(Object.entries(reference.levels ?? {}));
  const after = new Map(Object.entries(fresh.levels ?? {}));
  const share = (count: LevelCount) => count.reference / reference.rows + count.fresh / fresh.rows;
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((level) => ({ level, reference: before.get(level) ?? 0, fresh: after.get(level) ?? 0 }))
    .filter((count) => count.reference + count.fresh > 0)
    .sort((a, b) => share(b) - share(a));
}

const total = (counts: readonly LevelCount[]) => ({
  reference: counts.reduce((sum, count) => sum + count.reference, 0),
  fresh: counts.reduce((sum, count) => sum + count.fresh, 0),
});

/** Counts over frequent levels, rare ones together (new ones turn up by chance), new ones together, and missing. */
function cells(reference: ColumnSample, fresh: ColumnSample, counts: readonly LevelCount[]) {
  const smaller = Math.min(reference.rows, fresh.rows) / (reference.rows + fresh.rows);
  const isRare = (count: LevelCount) => (count.reference + count.fresh) * smaller < EXPECTED;
  const frequent = counts.filter((count) => !isRare(count));
  const missing = { reference: reference.missing, fresh: fresh.missing };
  const seen = frequent.filter((count) => count.reference > 0);
  return [...seen, total(counts.filter(isRare)), total(unseenOf(frequent)), missing];
}

const unseenOf = (counts: readonly LevelCount[]): readonly LevelCount[] =>
  counts.filter((count) => count.reference === 0).sort((a, b) => b.fresh - a.fresh);

function levelShares(reference: ColumnSample, fresh: ColumnSample, counts: readonly LevelCount[]): LevelPair {
  const share = (count: { readonly reference: number; readonly fresh: number }) => ({
    reference: count.reference / reference.rows,
    fresh: count.fresh / fresh.rows,
  });
  const rest = counts.slice(DRAWN);
  return {
    kind: 'level',
    levels: counts.slice(0, DRAWN).map((count) => ({ level: count.level, ...share(count) })),
    ...(rest.length ? { others: { count: rest.length, ...share(total(rest)) } } : {}),
  };
}

/** Distance, p-value, stability index, unseen levels and picture of a column of levels. */
export function compareLevels(reference: ColumnSample, fresh: ColumnSample) {
  const counts = levelCounts(reference, fresh);
  const tested = cells(reference, fresh, counts);
  const before = tested.map((cell) => cell.reference / reference.rows);
  const after = tested.map((cell) => cell.fresh / fresh.rows);
  const unseen = unseenOf(counts);
  const { pValue } = chiSquareHomogeneity(
    tested.map((cell) => cell.reference),
    tested.map((cell) => cell.fresh),
  );
  return {
    distance: before.reduce((sum, share, cell) => sum + Math.abs(share - after[cell]!) / 2, 0),
    pValue,
    shares: [before, after] as const,
    unseen: { levels: unseen.map((count) => count.level), share: total(unseen).fresh / fresh.rows },
    picture: levelShares(reference, fresh, counts),
  };
}
