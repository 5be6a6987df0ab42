import type { PairSurprise, UsedColumn } from '@semivae/model';
import type { Outcomes } from './cells.ts';
import { amongRows, counted, type Ramp } from './onset.ts';

/** How often the named levels of two columns occur together. */
interface PairTable {
  readonly columns: readonly [number, number];
  readonly width: number;
  /** Row-major: a line for each level of the first. */
  readonly together: Float64Array;
  /** What they would be if the columns had nothing to do with each other. */
  readonly expected: Float64Array;
}

const MOST_LEVELS = 64;
const MOST_PLACES = 256;

const namedLevels = (column: UsedColumn): number =>
  column.kind === 'categorical' || column.kind === 'binary' ? column.levels.length : 0;

/** The columns whose levels are looked at in pairs: those of few levels first, until there are too many. */
function pairable(columns: readonly UsedColumn[]): number[] {
  const fewFirst = columns
    .map((column, at) => ({ at, levels: namedLevels(column) }))
    .filter(({ levels }) => levels > 1 && levels <= MOST_LEVELS)
    .sort((a, b) => a.levels - b.levels || a.at - b.at);
  const chosen: number[] = [];
  let places = 0;
  for (const { at, levels } of fewFirst) {
    places += levels;
    if (places <= MOST_PLACES) chosen.push(at);
  }
  return chosen.sort((a, b) => a - b);
}

function tableOf(
  a: number,
  b: number,
  columns: readonly UsedColumn[],
  outcomes: readonly Outcomes[],
): PairTable {
  const [height, width] = [namedLevels(columns[a]!), namedLevels(columns[b]!)];
  const together = new Float64Array(height * width);
  const [first, second] = [outcomes[a]!.of, outcomes[b]!.of];
  const [lines, rows] = [new Float64Array(height), new Float64Array(width)];
  let all = 0;
  for (let row = 0; row < first.length; row++) {
    const [i, j] = [first[row]!, second[row]!];
    if (i < 0 || j < 0 || i >= height || j >= width) continue;
    together[i * width + j]!++;
    lines[i]!++;
    rows[j]!++;
    all++;
  }
  const expected = together.map(
    (_, at) => (lines[Math.floor(at / width)]! * rows[at % width]!) / Math.max(1, all),
  );
  return { columns: [a, b], width, together, expected };
}

/** Minus the information component (Bate et al. 1998): how much less often two levels meet than by chance, in nats. */
const avoidance = (together: number, expected: number): number =>
  Math.log((expected + 0.5) / (together + 0.5));

function raise(
  largest: Float64Array,
  { columns: [a, b], width, together }: PairTable,
  own: Float64Array,
  outcomes: readonly Outcomes[],
): void {
  const [first, second] = [outcomes[a]!.of, outcomes[b]!.of];
  const height = together.length / width;
  for (let row = 0; row < largest.length; row++) {
    const [i, j] = [first[row]!, second[row]!];
    if (i >= 0 && j >= 0 && i < height && j < width)
      largest[row] = Math.max(largest[row]!, own[i * width + j]!);
  }
}

/** The pairs of levels that avoid each other more than those of nearly all training rows do, each beside the other rows. */
export function pairSurprises(
  columns: readonly UsedColumn[],
  outcomes: readonly Outcomes[],
  ramp: Ramp,
): PairSurprise[] {
  const chosen = pairable(columns);
  const tables = chosen.flatMap((a, i) => chosen.slice(i + 1).map((b) => tableOf(a, b, columns, outcomes)));
  const avoiding = (table: PairTable, others: number) =>
    table.together.map((count, at) => avoidance(count - others, table.expected[at]!));
  const largest = new Float64Array(outcomes[0]?.of.length ?? 0);
  for (const table of tables) raise(largest, table, avoiding(table, 1), outcomes);
  const nats = amongRows(largest);
  return tables.flatMap((table) => {
    const cells = Array.from(avoiding(table, 0), (each, at): [number, number, number] => [
      Math.floor(at / table.width),
      at % table.width,
      each > 0 ? counted(ramp, nats(each)) : 0,
    ]);
    const surprising = cells.filter(([, , each]) => each > 0);
    return surprising.length > 0 ? [{ columns: table.columns, cells: surprising }] : [];
  });
}
