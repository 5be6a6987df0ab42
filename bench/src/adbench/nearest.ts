import type { Split } from './protocol.ts';

interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

function scaleOf(cells: Float64Array): Scale {
  const mean = cells.reduce((sum, each) => sum + each, 0) / cells.length;
  const variance = cells.reduce((sum, each) => sum + (each - mean) ** 2, 0) / cells.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

/** Rows side by side, standardised by the training rows. */
function matrix(columns: Split['train'], scales: readonly Scale[]): Float32Array {
  const all = Object.values(columns);
  const rows = all[0]!.length;
  const out = new Float32Array(rows * all.length);
  all.forEach((cells, column) => {
    const { mean, deviation } = scales[column]!;
    for (let row = 0; row < rows; row++) out[row * all.length + column] = (cells[row]! - mean) / deviation;
  });
  return out;
}

/** Puts a squared distance among the smallest so far, ascending. */
function keep(smallest: Float64Array, squared: number): void {
  let at = smallest.length - 1;
  if (squared >= smallest[at]!) return;
  for (; at > 0 && smallest[at - 1]! > squared; at--) smallest[at] = smallest[at - 1]!;
  smallest[at] = squared;
}

/** The distance of every test row to its `k`-th nearest training row, in standardised features. */
export function nearestDistance({ train, test }: Split, k: number): Float64Array {
  const scales = Object.values(train).map(scaleOf);
  const width = scales.length;
  const [known, asked] = [matrix(train, scales), matrix(test, scales)];
  const smallest = new Float64Array(k);
  return Float64Array.from({ length: asked.length / width }, (_, row) => {
    smallest.fill(Infinity);
    for (let other = 0; other < known.length; other += width) {
      let squared = 0;
      const limit = smallest[k - 1]!;
      for (let i = 0; i < width && squared < limit; i++) {
        const gap = asked[row * width + i]! - known[other + i]!;
        squared += gap * gap;
      }
      keep(smallest, squared);
    }
    return Math.sqrt(smallest[k - 1]!);
  });
}
