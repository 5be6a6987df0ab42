import { SemivaeError } from '@semivae/runtime/core';

/** Throws SemivaeError unless `given`, found at `place`, has an entry for each of `among`. */
export function checkLength(
  place: string,
  given: { readonly length: number } | undefined,
  among: { readonly length: number },
): void {
  if (!given || given.length === among.length) return;
  const problem = `${given.length} entries, where ${among.length} are needed`;
  throw new SemivaeError('LENGTHS_DIFFER', place, problem, 'Give one entry for each.');
}
