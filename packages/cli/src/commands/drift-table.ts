import type { StoredSample } from '@semivae/data';
import { writeAtomically } from '@semivae/data/node';
import { driftPage } from '@semivae/report';
import {
  compareColumn,
  compareColumns,
  type DriftColumn,
  type DriftReport,
  type Verdict,
} from '@semivae/statistics';
import { answerRows } from '../answered-rows.ts';
import type { SharedOptions } from '../arguments.ts';
import { type BundleTable, openBundleTable, type TableFlags } from '../bundle-table.ts';
import { gather, keptSample, scoreSample } from '../column-samples.ts';
import { CommandFailure, exitCodes } from '../failure.ts';
import { checkNotInput } from '../inputs.ts';
import { checkInterruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { showCount } from '../row-progress.ts';
import { table } from '../table.ts';
import { loadTable, type TableModel } from '../table-model.ts';

/** What `drift` may be told. */
export interface DriftOptions extends SharedOptions, TableFlags {
  readonly out: string;
  readonly failOn?: 'slight' | 'strong';
}

/** About how many rows are looked at. */
const MOST = 20_000;

/** Compares the rows of files, or of a query, with those that a bundle knows; prints what differs and writes the page. Throws `REFERENCE_MISSING`, `COLUMNS_MISSING`, `TABLE_…`, `WRITE`. */
export async function drift(path: string, files: readonly string[], options: DriftOptions): Promise<void> {
  const output = openOutput(options.json === true);
  await checkNotInput(options.out, { files: [path, ...files], sql: options.sql });
  const known = await loadTable(path);
  try {
    const found = await compared(known, files, options, output);
    await checkInterruption(options.out);
    await writeAtomically(options.out, driftPage(found));
    report(found, options, output);
  } finally {
    await known.model.dispose();
  }
}

function requireReference({ model, reference }: TableModel): readonly StoredSample[] {
  if (reference?.length) return reference;
  const problem = 'it does not say how the columns of held-out rows are distributed';
  const remedy = 'Export its run again with this version.';
  throw new CommandFailure('REFERENCE_MISSING', model.manifest.name, problem, remedy);
}

async function compared(
  known: TableModel,
  files: readonly string[],
  options: DriftOptions,
  output: Output,
): Promise<DriftReport> {
  const reference = requireReference(known);
  const { manifest } = known.model;
  const opened = await openBundleTable(manifest, files, options, output);
  try {
    return await compareRows(known, reference, opened);
  } finally {
    await opened.table.close();
  }
}

async function compareRows(
  { model }: TableModel,
  reference: readonly StoredSample[],
  opened: BundleTable,
): Promise<DriftReport> {
  const { name, calibration } = model.manifest;
  const { table, names } = opened;
  const columns = reference.map((column) => ({ of: column.name, gathering: gather(column) }));
  const rows = await answerRows(model, opened, {
    most: MOST,
    see: ({ columns: cells }) => columns.forEach(({ of, gathering }) => gathering.add(cells[of]!)),
  });
  const found = compareColumns(
    reference.map(keptSample),
    columns.map(({ gathering }) => gathering.sample()),
  );
  const others = table.columns.map((column) => column.name).filter((each) => !names.includes(each));
  return {
    ...found,
    name,
    data: rows.name,
    extraColumns: others,
    ...(calibration && {
      score: compareColumn(scoreSample(calibration.scores), scoreSample(rows.scores)),
    }),
  };
}

const GRAVITY: readonly Verdict[] = ['none', 'slight', 'strong'];

/** The gravest verdict, of columns and score. */
const gravest = ({ verdict, score }: DriftReport): Verdict =>
  GRAVITY[Math.max(GRAVITY.indexOf(verdict), GRAVITY.indexOf(score?.verdict ?? 'none'))]!;

const decimals = (value: number | undefined): string => value?.toFixed(3) ?? '';
const share = (value: number): string => `${(100 * value).toFixed(1)} %`;

function missingShares({ missing: { reference, fresh } }: DriftColumn): string {
  return share(reference) === share(fresh) ? share(fresh) : `${share(reference)} → ${share(fresh)}`;
}

function newLevels({ unseen, problem }: DriftColumn): string {
  if (problem) return problem === 'absent' ? 'not there' : 'another kind of value';
  if (!unseen?.levels.length) return '';
  const named = [...unseen.levels.slice(0, 3), ...(unseen.levels.length > 3 ? ['…'] : [])];
  return `${named.join(', ')} (${share(unseen.share)})`;
}

const line = (column: DriftColumn, name: string): string[] => [
  name,
  column.verdict,
  decimals(column.distance),
  decimals(column.populationStability),
  decimals(column.adjustedPValue),
  missingShares(column),
  newLevels(column),
];

/** All but what the page draws. */
const figures = ({ picture: _, ...column }: DriftColumn): Omit<DriftColumn, 'picture'> => column;

function report(found: DriftReport, { out, failOn }: DriftOptions, output: Output): void {
  const { columns, score, freshRows, referenceRows, data, extraColumns } = found;
  const verdict = gravest(found);
  const ok = failOn === undefined || GRAVITY.indexOf(verdict) < GRAVITY.indexOf(failOn);
  const drifting = columns.filter((column) => column.verdict !== 'none').length;
  output.say(
    table([
      ['column', 'drift', 'distance', 'PSI', 'p', 'missing', 'new levels'],
      ...(score ? [line(score, '(score)')] : []),
      ...columns.map((column) => line(column, column.name)),
    ]),
  );
  output.say();
  output.say(
    `drift: ${output.style(verdict === 'none' ? 'green' : 'yellow', verdict)}; ${drifting} of ${columns.length} columns, score ${score?.verdict ?? 'not calibrated'}`,
  );
  output.say(
    `${showCount(freshRows)} ${data} against ${showCount(referenceRows)} reference rows; page in ${out}`,
  );
  if (!ok) process.exitCode = exitCodes.failed;
  output.answer({
    ok,
    verdict,
    data,
    rows: freshRows,
    referenceRows,
    ...(score && { score: figures(score) }),
    columns: columns.map(figures),
    extraColumns,
    page: out,
  });
}
