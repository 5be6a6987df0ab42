import { add, constant, type LeafValue, matmul, mul, parameter, sum, type Value } from '@semivae/graph';
import { isConstant, type RawTable, surprises, type TableColumns, usedColumns } from '@semivae/model';
import type { Strangeness } from './detector.ts';

/** What a nat of surprise is worth in the score's own unit. */
export type SurpriseUnit = LeafValue<'parameter'>;

export const SURPRISE_UNIT = 'surprise/unit';
export const surpriseUnit = (): SurpriseUnit => parameter(SURPRISE_UNIT, [], { kind: 'constant', value: 1 });

/** A surprise whose chance is this adds as much to a score as this share of ordinary rows goes beyond. */
const SHARE = 0.01;
/** Where nearly all ordinary rows have twins, at distance 0, a surprise still counts: a tenth of a number's deviation. */
const LEAST_DISTANCE = 0.1;

/** What a nat is worth where ordinary rows have such distances. */
export function unitOf(distances: ArrayLike<number>): number {
  const ascending = Float64Array.from(distances).sort();
  const far = ascending[Math.floor((1 - SHARE) * (ascending.length - 1))] ?? 0;
  return Math.max(LEAST_DISTANCE, far) / -Math.log(SHARE);
}

/** Contributions of the columns that the model sees as those of all columns that are used: constants add nothing. */
function widened(contributions: Value, table: TableColumns): Value {
  const columns = usedColumns(table);
  const seen = columns.filter((column) => !isConstant(column));
  if (seen.length === columns.length) return contributions;
  const places = new Float32Array(seen.length * columns.length);
  seen.forEach((column, i) => {
    places[i * columns.length + columns.indexOf(column)] = 1;
  });
  return matmul(contributions, constant(places, [seen.length, columns.length]));
}

/** A score and its parts with what is surprising about each cell added; a nat counts `unit`, or 1 where the score is in nats. */
export function besideSurprise(
  { score, contributions }: Strangeness,
  table: TableColumns,
  raw: RawTable,
  x: Value,
  unit: Value | number,
): Strangeness {
  const wide = widened(contributions, table);
  if (!table.surprise) return { score, contributions: wide };
  const nats = surprises(table, table.surprise, raw, x);
  return {
    score: add(score, mul(sum(nats, [-1]), unit)),
    contributions: add(wide, mul(nats, unit)),
  };
}
