import { SemivaeError } from '@semivae/runtime/core';
import { benjaminiHochberg } from './benjamini-hochberg.ts';
import {
  type ColumnSample,
  DRIFT_LIMITS,
  type DriftColumn,
  type DriftReport,
  type Verdict,
} from './drift.ts';
import { compareLevels } from './levels.ts';
import { compareNumbers } from './numbers.ts';
import { populationStability } from './population-stability.ts';

const GRAVITY: Readonly<Record<Verdict, number>> = { none: 0, slight: 1, strong: 2 };

type Limits = Readonly<Record<'populationStability' | 'distance' | 'missing', number>>;

const reaches = ({ distance = 0, missing, ...column }: DriftColumn, limits: Limits): boolean =>
  (column.populationStability ?? 0) >= limits.populationStability ||
  distance >= limits.distance ||
  Math.abs(missing.fresh - missing.reference) >= limits.missing;

function verdict(column: DriftColumn): Verdict {
  if (column.problem) return 'strong';
  if ((column.adjustedPValue ?? 1) >= DRIFT_LIMITS.significance) return 'none';
  if (reaches(column, DRIFT_LIMITS.strong)) return 'strong';
  return reaches(column, DRIFT_LIMITS.slight) ? 'slight' : 'none';
}

const judged = (column: DriftColumn, adjustedPValue: number | undefined): DriftColumn => {
  const adjusted = adjustedPValue === undefined ? column : { ...column, adjustedPValue };
  return { ...adjusted, verdict: verdict(adjusted) };
};

function checkRows({ name, rows }: ColumnSample, of: string): void {
  if (rows > 0) return;
  throw new SemivaeError(
    'NO_ROWS',
    `column ${name}`,
    `the ${of} data have no rows`,
    'Compare data with rows.',
  );
}

/** One column of the new data against the reference, its p-value taken by itself. Throws SemivaeError without rows. */
export function compareColumn(reference: ColumnSample, fresh: ColumnSample): DriftColumn {
  checkRows(reference, 'reference');
  checkRows(fresh, 'new');
  const { name, kind } = reference;
  const missing = { reference: reference.missing / reference.rows, fresh: fresh.missing / fresh.rows };
  if (kind !== fresh.kind) return { name, kind, missing, problem: 'kind', verdict: 'strong' };
  const { shares, ...found } =
    kind === 'number' ? compareNumbers(reference, fresh) : compareLevels(reference, fresh);
  const column = { name, kind, missing, ...found, populationStability: populationStability(...shares) };
  return judged({ ...column, verdict: 'none' }, found.pValue);
}

const absent = ({ name, kind, missing, rows }: ColumnSample): DriftColumn => ({
  name,
  kind,
  problem: 'absent',
  verdict: 'strong',
  missing: { reference: rows ? missing / rows : 0, fresh: 1 },
});

const byGravity = (a: DriftColumn, b: DriftColumn): number =>
  GRAVITY[b.verdict] - GRAVITY[a.verdict] ||
  (b.populationStability ?? Number.POSITIVE_INFINITY) - (a.populationStability ?? Number.POSITIVE_INFINITY) ||
  0;

/** Verdicts by p-values that are adjusted for the number of columns. */
function judgedTogether(columns: readonly DriftColumn[]): DriftColumn[] {
  const tested = columns.filter((column) => column.pValue !== undefined);
  const adjusted = benjaminiHochberg(tested.map((column) => column.pValue!));
  return columns.map((column) => judged(column, adjusted[tested.indexOf(column)]));
}

/**
 * Every reference column against the column of that name in the new data, the gravest drift first (DRIFT_LIMITS).
 * Add `name`, `data` and `score` for the page. Throws SemivaeError where either side has no rows.
 */
export function compareColumns(
  reference: readonly ColumnSample[],
  fresh: readonly ColumnSample[],
): DriftReport {
  const byName = new Map(fresh.map((column) => [column.name, column]));
  const known = new Set(reference.map((column) => column.name));
  const compared = reference.map((column) => {
    const counterpart = byName.get(column.name);
    return counterpart ? compareColumn(column, counterpart) : absent(column);
  });
  const columns = judgedTogether(compared).sort(byGravity);
  return {
    referenceRows: reference[0]?.rows ?? 0,
    freshRows: fresh[0]?.rows ?? 0,
    verdict: columns[0]?.verdict ?? 'none',
    columns,
    extraColumns: fresh.map((column) => column.name).filter((name) => !known.has(name)),
  };
}
