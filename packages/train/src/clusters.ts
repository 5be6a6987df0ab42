/**
 * The column for each row of a square matrix whose total cost is least (Kuhn 1955; Munkres 1957), by shortest augmenting
 * paths, O(n³).
 */
export function assignment(costs: readonly (readonly number[])[]): number[] {
  const n = costs.length;
  const [ofRow, ofColumn] = [Array<number>(n).fill(0), Array<number>(n + 1).fill(0)];
  const rowOf = Array<number>(n + 1).fill(-1);
  for (let row = 0; row < n; row++) {
    const [nearest, before] = [Array<number>(n).fill(Infinity), Array<number>(n).fill(n)];
    const done = Array<boolean>(n + 1).fill(false);
    rowOf[n] = row;
    let at = n;
    while (rowOf[at] !== -1) {
      done[at] = true;
      const from = rowOf[at]!;
      for (let column = 0; column < n; column++) {
        const reduced = costs[from]![column]! - ofRow[from]! - ofColumn[column]!;
        if (done[column] || reduced >= nearest[column]!) continue;
        nearest[column] = reduced;
        before[column] = at;
      }
      const open = nearest.map((each, column) => (done[column] ? Infinity : each));
      const next = open.indexOf(Math.min(...open));
      const step = open[next]!;
      for (let column = 0; column <= n; column++) {
        if (done[column]) {
          ofRow[rowOf[column]!]! += step;
          ofColumn[column]! -= step;
        } else nearest[column]! -= step;
      }
      at = next;
    }
    while (at !== n) {
      rowOf[at] = rowOf[before[at]!]!;
      at = before[at]!;
    }
  }
  return Array.from({ length: n }, (_, row) => rowOf.indexOf(row));
}

/** Rows that are of each cluster and of each class. */
function counted(clusters: ArrayLike<number>, labels: ArrayLike<number>, size: number): number[][] {
  const counts = Array.from({ length: size }, () => Array<number>(size).fill(0));
  for (let row = 0; row < labels.length; row++) counts[clusters[row]!]![labels[row]!]!++;
  return counts;
}

export interface Clustering {
  /** The share of rows, in percent, whose cluster is the one of their class, under the best naming of clusters. */
  readonly accuracy: number;
  /** The class of each cluster. */
  readonly classes: readonly number[];
}

/** How well clusters are classes, one cluster for each class (Xie et al. 2016, eq. 10); `size` of both. */
export function clustering(clusters: ArrayLike<number>, labels: ArrayLike<number>, size: number): Clustering {
  const counts = counted(clusters, labels, size);
  const classes = assignment(counts.map((row) => row.map((each) => -each)));
  const right = classes.reduce((total, label, cluster) => total + counts[cluster]![label]!, 0);
  return { accuracy: (100 * right) / labels.length, classes };
}
