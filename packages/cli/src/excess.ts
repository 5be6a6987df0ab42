import type { Chunk, StoredSample } from '@semivae/data';
import { type Calibration, exactRate } from '@semivae/runtime';
import type { DriftColumn } from '@semivae/statistics';
import { gather, keptSample } from './column-samples.ts';
import { pickRows, shareOf } from './picked-rows.ts';
import { showRate } from './row-progress.ts';
import { showPercent } from './table.ts';

/** A column that is no longer as it was in the rows that training held out. */
export type Drifted = Pick<DriftColumn, 'name' | 'verdict' | 'distance' | 'populationStability' | 'problem'>;

/** More alarms than a calibration promises, by more than chance. */
export interface Excess {
  /** How many were to be expected of rows like those of the calibration. */
  readonly expected: number;
  /** How likely so many or more are, of such rows. */
  readonly pValue: number;
  /** The columns that have changed most, where the bundle says what they were. */
  readonly drifted?: readonly Drifted[];
}

/** Rows like those of the calibration are taken for others in one file of so many. */
const CHANCE = 1e-3;

/** About how many rows are looked at to tell which columns have changed. */
const MOST_ROWS = 4000;
const MOST_NAMED = 5;

/** Counts alarms, and keeps some rows by column, as rows go by. */
export interface Watch {
  add(chunk: Chunk, alarms: number): void;
  /** What the alarms say, all rows seen. */
  excess(): Promise<Excess | undefined>;
}

/** Watches `rows` rows that are judged by a calibration at a rate of false alarms. */
export function openWatch(
  { scores }: Calibration,
  fpr: number,
  rows: number,
  reference: readonly StoredSample[] = [],
): Watch {
  const gathered = reference.map((column) => ({ column, gathering: gather(column) }));
  const share = shareOf(rows, MOST_ROWS);
  const rate = exactRate(scores.length, fpr);
  let [alarms, seen] = [0, 0];
  return {
    add(chunk, more) {
      alarms += more;
      seen += chunk.rows;
      const { columns } = pickRows(chunk, share);
      for (const { column, gathering } of gathered)
        if (columns[column.name]) gathering.add(columns[column.name]!);
    },
    async excess() {
      if (alarms <= rate * seen) return undefined;
      const { exceedancePValue } = await import('@semivae/statistics');
      const rank = Math.round(rate * (scores.length + 1));
      const pValue = exceedancePValue(alarms, seen, { rank, calibration: scores.length });
      if (pValue > CHANCE) return undefined;
      const drifted = gathered.length > 0 && { drifted: await driftOf(gathered) };
      return { expected: rate * seen, pValue, ...drifted };
    },
  };
}

type Gathered = readonly { readonly column: StoredSample; readonly gathering: ReturnType<typeof gather> }[];

async function driftOf(gathered: Gathered): Promise<readonly Drifted[]> {
  const { compareColumns } = await import('@semivae/statistics');
  const fresh = gathered.map(({ gathering }) => gathering.sample()).filter(({ rows }) => rows > 0);
  const { columns } = compareColumns(
    gathered.map(({ column }) => keptSample(column)),
    fresh,
  );
  return columns
    .filter(({ verdict }) => verdict !== 'none')
    .map(({ name, verdict, distance, populationStability, problem }) => ({
      ...{ name, verdict },
      ...(distance !== undefined && { distance }),
      ...(populationStability !== undefined && { populationStability }),
      ...(problem && { problem }),
    }));
}

const driftInWords = ({ name, verdict, distance }: Drifted): string =>
  `${name} (${verdict}${distance === undefined ? '' : `, distance ${distance.toFixed(2)}`})`;

function changed(drifted: readonly Drifted[] | undefined): string {
  if (!drifted) return '';
  if (drifted.length === 0) return 'no column by itself has changed: look at how they hang together';
  const more = drifted.length > MOST_NAMED ? `, and ${drifted.length - MOST_NAMED} more` : '';
  return `changed most: ${drifted.slice(0, MOST_NAMED).map(driftInWords).join(', ')}${more}`;
}

/** Lines that warn of far too many alarms among so many rows. */
export function excessInWords(
  { drifted }: Excess,
  { alarms, rows, fpr }: { readonly alarms: number; readonly rows: number; readonly fpr: number },
): readonly string[] {
  const what = changed(drifted);
  return [
    `warning ${showPercent((100 * alarms) / rows)} of these rows are called anomalies, where ${showRate(fpr)} was promised of ordinary ones:`,
    '        either so many really are, or the data are no longer what the model was calibrated on, and the promise does not hold',
    ...(what ? [`        ${what}`] : []),
    '        see semivae drift; where the rows are ordinary: semivae recalibrate, or train on newer rows',
  ];
}
