/** The largest |a − b| of equally many numbers, or of |a − b| / max(1, |b|) where `relative`; NaN where there is one. */
export function largestGap(a: readonly number[], b: readonly number[], relative = false): number {
  if (a.length !== b.length) return Infinity;
  const gap = (each: number, i: number) =>
    Math.abs(each - b[i]!) / (relative ? Math.max(1, Math.abs(b[i]!)) : 1);
  return a.reduce((most, each, i) => Math.max(most, gap(each, i)), 0);
}
