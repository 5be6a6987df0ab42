import { fillUniform, streamOf } from '@semivae/runtime/core';

export interface MeansOptions {
  /** How often it is tried from other centres. */
  readonly tries?: number;
  /** Of tries that cost at most this share more than the least, the one whose clusters are the most even is taken. */
  readonly slack?: number;
  readonly seed?: number;
}

export interface Clusters {
  /** The cluster of each row. */
  readonly clusters: Int32Array;
  /** Σ of squared distances to the centre. */
  readonly cost: number;
}

const MOST_ROUNDS = 100;

const squaredDistance = (a: ArrayLike<number>, at: number, center: ArrayLike<number>): number => {
  let sum = 0;
  for (let k = 0; k < center.length; k++) sum += (a[at + k]! - center[k]!) ** 2;
  return sum;
};

/** Centres far from each other: each a row, drawn by its squared distance to those before (Arthur and Vassilvitskii 2007). */
function firstCenters(
  places: Float32Array,
  width: number,
  count: number,
  draws: Float32Array,
): Float64Array[] {
  const rows = places.length / width;
  const center = (row: number) => Float64Array.from(places.subarray(row * width, (row + 1) * width));
  const centers = [center(Math.min(rows - 1, Math.floor(draws[0]! * rows)))];
  const far = new Float64Array(rows).fill(Infinity);
  while (centers.length < count) {
    let total = 0;
    for (let row = 0; row < rows; row++) {
      far[row] = Math.min(far[row]!, squaredDistance(places, row * width, centers.at(-1)!));
      total += far[row]!;
    }
    let [left, row] = [draws[centers.length]! * total, 0];
    while (row < rows - 1 && left >= far[row]!) left -= far[row++]!;
    centers.push(center(row));
  }
  return centers;
}

/** Gives each row to its nearest centre, and moves the centres to the means of theirs; tells the cost. */
function assign(places: Float32Array, centers: Float64Array[], clusters: Int32Array): number {
  const width = centers[0]!.length;
  const sums = centers.map(() => new Float64Array(width + 1));
  let cost = 0;
  for (let row = 0; row < clusters.length; row++) {
    let [best, least] = [0, Infinity];
    centers.forEach((center, cluster) => {
      const square = squaredDistance(places, row * width, center);
      if (square < least) [best, least] = [cluster, square];
    });
    clusters[row] = best;
    cost += least;
    for (let k = 0; k < width; k++) sums[best]![k]! += places[row * width + k]!;
    sums[best]![width]!++;
  }
  sums.forEach((sum, cluster) => {
    if (sum[width]! > 0) for (let k = 0; k < width; k++) centers[cluster]![k] = sum[k]! / sum[width]!;
  });
  return cost;
}

/** Rows in clusters around centres that begin at drawn rows, as near as they come. */
function settled(places: Float32Array, width: number, count: number, draws: Float32Array): Clusters {
  const centers = firstCenters(places, width, count, draws);
  const clusters = new Int32Array(places.length / width);
  let [cost, before] = [assign(places, centers, clusters), Infinity];
  for (let round = 1; round < MOST_ROUNDS && cost < before; round++)
    [before, cost] = [cost, assign(places, centers, clusters)];
  return { clusters, cost };
}

/** The entropy of the clusters' shares of all rows, in nats. */
function evenness(clusters: Int32Array, count: number): number {
  const sizes = new Float64Array(count);
  for (const cluster of clusters) sizes[cluster]!++;
  const shares = sizes.filter((size) => size > 0).map((size) => size / clusters.length);
  return -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
}

/** Rows [rows, width] in `count` clusters of least squared distance to their means (Lloyd 1982), the best of some tries. */
export function kMeans(
  places: Float32Array,
  width: number,
  count: number,
  { tries = 50, slack = 0, seed = 0 }: MeansOptions = {},
): Clusters {
  const found = Array.from({ length: tries }, (_, step) => {
    const draws = new Float32Array(count);
    fillUniform(draws, { seed, stream: streamOf('clusterMeans'), step });
    return settled(places, width, count, draws);
  });
  const least = Math.min(...found.map(({ cost }) => cost));
  const near = found.filter(({ cost }) => cost <= least * (1 + slack));
  const even = near.map(({ clusters }) => evenness(clusters, count));
  return near[even.indexOf(Math.max(...even))]!;
}
