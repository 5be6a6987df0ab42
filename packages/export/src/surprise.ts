import {
  add,
  constant,
  div,
  type LeafValue,
  matmul,
  max,
  mul,
  parameter,
  sqrt,
  square,
  sum,
  unsqueeze,
  type Value,
} from '@semivae/graph';
import { isConstant, type RawTable, squaredSurprises, type TableColumns, usedColumns } from '@semivae/model';
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

/** A root of squares that are all 0 divides nothing by this. */
const TINY = 1e-6;

/**
 * A distance with surprises at right angles to it: squares add up, so the columns' parts of both are exact, and of two columns
 * that say the same the second adds little.
 */
function besideDistance({ score, contributions }: Strangeness, squares: Value, unit: Value): Strangeness {
  const worth = square(unit);
  const both = sqrt(add(square(score), mul(sum(squares, [-1]), worth)));
  const parts = add(mul(contributions, unsqueeze(score, -1)), mul(squares, worth));
  return { score: both, contributions: div(parts, unsqueeze(max(both, TINY), -1)) };
}

/** A bound with the length of all surprises added to it, nats to nats. */
function besideBound({ score, contributions }: Strangeness, squares: Value): Strangeness {
  const length = sqrt(sum(squares, [-1]));
  const parts = div(squares, unsqueeze(max(length, TINY), -1));
  return { score: add(score, length), contributions: add(contributions, parts) };
}

/** A score and its parts beside what is surprising about each cell; a nat is worth `unit` of a distance, or one nat of a bound. */
export function besideSurprise(
  { score, contributions }: Strangeness,
  table: TableColumns,
  raw: RawTable,
  x: Value,
  unit: Value | undefined,
): Strangeness {
  const strange = { score, contributions: widened(contributions, table) };
  if (!table.surprise) return strange;
  const squares = squaredSurprises(table, table.surprise, raw, x);
  return unit ? besideDistance(strange, squares, unit) : besideBound(strange, squares);
}
