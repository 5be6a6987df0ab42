/** What a column that never showed anything new is believed to hold of it, in rows: it keeps every chance above 0. */
const UNSEEN_ROWS = 0.1;

/** −log of the chance that a row is among so many of all, by their number in training. */
export const natsOf = (rows: number, all: number): number => Math.log((all + 1) / (rows + UNSEEN_ROWS));

/** The most surprise that so many rows can tell of: that of what none of them holds. */
export const mostNats = (all: number): number => natsOf(0, all);

/**
 * What a surprise tells in a table of many columns, by the largest of each training row: −log of the share of rows whose
 * largest is as large. So of ordinary rows no more than e⁻ᵗ have t nats, however many columns there are.
 */
export function amongRows(largest: Float64Array): (surprise: number) => number {
  const ascending = Float64Array.from(largest).sort();
  return (surprise) => {
    let [low, high] = [0, ascending.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ascending[middle]! < surprise) low = middle + 1;
      else high = middle;
    }
    return natsOf(ascending.length - low, ascending.length);
  };
}

/** The shares of training rows between which chances are held against what the rows reach: fewer are too few to tell. */
const [RAREST, MOST_COMMON] = [0.005, 0.37];
const LEAST_ROWS = 3;

/**
 * How far the largest of a row's surprises lies above its chance: the least δ so that t − δ ≤ −log P(largest ≥ t), by the
 * largest of each training row. log of the number of columns, if these were independent and reached any chance (Bonferroni).
 */
export function inflationOf(largest: Float64Array): number {
  const rows = largest.length;
  const descending = Float64Array.from(largest).sort().reverse();
  let inflation = 0;
  for (let i = Math.ceil(Math.max(LEAST_ROWS, RAREST * rows)); i <= MOST_COMMON * rows; i++)
    inflation = Math.max(inflation, descending[i - 1]! + Math.log(i / rows));
  return inflation;
}

/** Where a surprise begins to count, and where it counts as much as what never occurred. */
export interface Ramp {
  readonly begin: number;
  readonly end: number;
  readonly most: number;
}

/** A ramp that begins so many nats above what ordinary rows reach, and is so long: by default up to what never occurred. */
export function rampOf(inflation: number, all: number, onset: number, length?: number): Ramp {
  const most = mostNats(all);
  const begin = inflation + onset;
  return { begin, end: begin + (length ?? Math.max(1, most - onset)), most };
}

/** What counts of a surprise, in nats. */
export const counted = ({ begin, end, most }: Ramp, nats: number): number =>
  most * Math.min(1, Math.max(0, (nats - begin) / (end - begin)));
