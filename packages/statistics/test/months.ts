import type { ColumnSample } from '../src/index.ts';

/** Even numbers in (0, 1), the same each time (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers, the same each time (Box–Muller). */
export function normal(seed: number): () => number {
  const draw = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

const numbers = (name: string, values: readonly number[]): ColumnSample => ({
  name,
  kind: 'number',
  numbers: Float64Array.from(values),
  missing: values.filter(Number.isNaN).length,
  rows: values.length,
});

const levels = (name: string, counts: Readonly<Record<string, number>>, missing = 0): ColumnSample => ({
  name,
  kind: 'level',
  levels: counts,
  missing,
  rows: Object.values(counts).reduce((sum, count) => sum + count, missing),
});

const times = <T>(length: number, each: (i: number) => T): T[] => Array.from({ length }, (_, i) => each(i));

/** A month of payments, and, `shifted`, the next one: dearer, from elsewhere, with gaps. */
export function month(shifted: boolean, seed: number): ColumnSample[] {
  const [value, even] = [normal(seed), uniform(seed + 1)];
  const rows = shifted ? 1000 : 4000;
  const thousand = rows / 1000;
  const country = { GB: 520, FR: 210, DE: 150, ES: 60, IT: 40, NL: 20 };
  const elsewhere = {
    GB: 410,
    FR: 180,
    DE: 140,
    ES: 50,
    IT: 40,
    NL: 20,
    KM: 90,
    PA: 60,
    'Côte d’Ivoire': 10,
  };
  const all = (counts: Record<string, number>) =>
    Object.fromEntries(Object.entries(counts).map(([level, count]) => [level, count * thousand]));
  return [
    numbers(
      'amount',
      times(rows, () => Math.exp(3 + value() + (shifted ? 0.9 : 0))),
    ),
    numbers(
      'hour',
      times(rows, () => Math.floor(24 * even())),
    ),
    numbers(
      'birth_year',
      times(rows, () => (even() < (shifted ? 0.22 : 0.12) ? Number.NaN : Math.round(1975 + 15 * value()))),
    ),
    numbers(
      'distance_from_home_km',
      times(rows, () => 40 * even() ** 3 + (shifted ? 1.8 * even() : 0)),
    ),
    levels('merchant_country', all(shifted ? elsewhere : country)),
    levels('card_present', all(shifted ? { true: 655, false: 345 } : { true: 660, false: 340 })),
    levels(
      'channel',
      all(shifted ? { shop: 480, web: 420, phone: 60 } : { shop: 640, web: 300, phone: 40 }),
      (shifted ? 40 : 20) * thousand,
    ),
    numbers(
      'previous_declines',
      times(rows, () => Math.floor(-Math.log(1 - even()) * 0.8)),
    ),
  ];
}

/** Scores of that month. */
export const monthScores = (shifted: boolean, seed: number): ColumnSample => {
  const value = normal(seed);
  return numbers(
    'score',
    times(shifted ? 1000 : 4000, () => 14 + 4 * value() + (shifted ? 1.6 : 0)),
  );
};
