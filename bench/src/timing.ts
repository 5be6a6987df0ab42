/** The middle of some times, and the shortest of them, in milliseconds. */
export interface Timing {
  readonly median: number;
  readonly best: number;
}

export function timingOf(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median, best: sorted[0]! };
}

/** How long something takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Something to time, and how often in each round. */
export interface Contestant {
  readonly work: () => Promise<unknown>;
  readonly times: number;
}

/**
 * Times each contestant in turn, in blocks, round after round, so that whatever else the machine does meets all of
 * them; the first call of a block warms it up and is not counted.
 */
export async function interleaved<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  rounds: number,
  progress: (round: number) => void = () => {},
): Promise<Record<Name, Timing>> {
  const entries = Object.entries<Contestant>(contestants);
  const taken = Object.fromEntries(entries.map(([name]) => [name, [] as number[]]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, { work, times }] of entries) {
      await work();
      for (let i = 0; i < times; i++) taken[name]!.push(await timed(work));
    }
    progress(round);
  }
  const timings = entries.map(([name]) => [name, timingOf(taken[name]!)] as const);
  return Object.fromEntries(timings) as Record<Name, Timing>;
}
