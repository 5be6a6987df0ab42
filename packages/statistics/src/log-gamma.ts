const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** log Γ(a) for a ≥ ½ (Lanczos 1964, g = 7). */
export function logGamma(a: number): number {
  const shifted = a - 1;
  const base = shifted + 7.5;
  const series = LANCZOS.reduce((sum, term, k) => (k ? sum + term / (shifted + k) : term), 0);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series);
}
