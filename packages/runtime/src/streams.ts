/** Streams from here up are the library's own; callers number theirs from 0. */
export const reservedStreams = 0xffff0000;

/** What the library draws for: the place of its first stream, and how many it has. A number never changes: runs go on from it. */
const STREAMS = {
  generatedRows: [0x000, 1],
  generatedCells: [0x001, 1],
  digits: [0x100, 1],
  labelledRows: [0x101, 1],
  validationRows: [0x102, 1],
  unlabelledOrder: [0x103, 1],
  labelledOrder: [0x104, 1],
  calibrationRows: [0x105, 1],
  referenceRows: [0x106, 1],
  labelledMoves: [0x107, 1],
  unlabelledMoves: [0x108, 1],
  initialParameters: [0x200, 1],
  shippedScore: [0x300, 1],
  parity: [0x301, 1],
  judgedSamples: [0x302, 1],
  likelihood: [0x310, 16],
  layoutPlaces: [0x320, 1],
  layoutPairs: [0x321, 1],
  clusterMeans: [0x322, 1],
  averagedClassifier: [0x330, 16],
  sampleSheet: [0x340, 1],
  teachers: [0x350, 1],
  permutation: [0xffff, 1],
} as const satisfies Readonly<Record<string, readonly [first: number, count: number]>>;

export type StreamUse = keyof typeof STREAMS;

/** How many streams each use has. */
export const streamUses: readonly (readonly [use: StreamUse, count: number])[] = Object.entries(STREAMS).map(
  ([use, [, count]]) => [use as StreamUse, count],
);

/** The Philox stream of a use, or of one of several noises of it, counted from 0: no two share one. */
export function streamOf(use: StreamUse, index = 0): number {
  const [first, count] = STREAMS[use];
  if (index >= count) throw new RangeError(`${use} has ${count} streams, and none of number ${index}`);
  return reservedStreams + first + index;
}
