import { SemivaeError } from '@semivae/runtime/core';

/** What an empty bin counts as, so that its logarithm exists. */
const FLOOR = 1e-4;

/**
 * Population stability index Σ (new − reference) · log(new / reference) over shares of the same bins, in nats;
 * empty bins count as `floor`. Under 0.1 is usually called stable, over 0.25 a shift.
 * Throws SemivaeError where the two do not have the same bins.
 */
export function populationStability(
  referenceShares: readonly number[],
  newShares: readonly number[],
  floor = FLOOR,
): number {
  if (referenceShares.length !== newShares.length) {
    const problem = `${referenceShares.length} reference shares and ${newShares.length} new ones`;
    throw new SemivaeError('BINS_DIFFER', 'population stability', problem, 'Count both over the same bins.');
  }
  return referenceShares.reduce((sum, share, bin) => {
    const [reference, fresh] = [Math.max(share, floor), Math.max(newShares[bin]!, floor)];
    return sum + (fresh - reference) * Math.log(fresh / reference);
  }, 0);
}
