/**
 * p-values adjusted so that calling those under q significant keeps the expected share of false calls under q
 * (Benjamini and Hochberg 1995), in the order given.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const falling = pValues.map((_, index) => index).sort((a, b) => pValues[b]! - pValues[a]!);
  const adjusted = pValues.map(() => 1);
  let least = 1;
  falling.forEach((index, above) => {
    least = Math.min(least, (pValues[index]! * pValues.length) / (pValues.length - above));
    adjusted[index] = least;
  });
  return adjusted;
}
