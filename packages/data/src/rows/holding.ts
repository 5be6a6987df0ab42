import { type Recipe, RecipeError } from '@semivae/recipe';
import type { Table } from '../table/table.ts';
import type { Holding } from './roles.ts';

/** How rows are held back, and the same in words. */
export interface HoldingInWords extends Holding {
  /** Absent where they are drawn at random. */
  readonly heldBack?: string;
}

/** The column that tells when a row came about: the one that is named, or the first of moments. */
function timeColumn(
  table: Table,
  { timeColumn: named, labelColumn, columns }: Recipe['data'],
): string | undefined {
  if (named !== undefined) return named;
  const isMoment = (name: string, type: string) =>
    Object.hasOwn(columns, name) ? columns[name]!.kind === 'timestamp' : type === 'timestamp';
  return table.columns.find(({ name, type }) => name !== labelColumn && isMoment(name, type))?.name;
}

function checkColumn(table: Table, field: string, name: string): void {
  const names = table.columns.map((each) => each.name);
  if (names.includes(name)) return;
  const remedy = `Its columns are ${names.join(', ')}.`;
  throw new RecipeError('COLUMN_UNKNOWN', `data.${field}`, `${table.place} has no column '${name}'`, remedy);
}

function checkTimes(table: Table, name: string): void {
  if (table.columns.some((each) => each.name === name && each.type !== 'text')) return;
  const remedy = 'Name a column of moments or numbers by --time-column.';
  throw new RecipeError(
    'TIME_COLUMN',
    `${table.place}, column ${name}`,
    'it holds texts, which tell no time',
    remedy,
  );
}

async function readTimes(table: Table, name: string | undefined): Promise<Float64Array> {
  if (name === undefined) return Float64Array.from({ length: table.rows }, (_, row) => row);
  checkTimes(table, name);
  const times = new Float64Array(table.rows);
  for await (const { start, columns } of table.chunks([name]))
    times.set(columns[name] as Float64Array, start);
  return times;
}

/** Rows whose cell is missing are groups of their own. */
async function readGroups(table: Table, name: string): Promise<Int32Array> {
  const numbers = new Map<string | number, number>();
  const groups = new Int32Array(table.rows);
  let next = 0;
  for await (const { start, rows, columns } of table.chunks([name])) {
    for (let i = 0; i < rows; i++) {
      const cell = columns[name]![i]!;
      const missing = cell === '' || Number.isNaN(cell);
      const known = missing ? undefined : numbers.get(cell);
      groups[start + i] = known ?? next;
      if (known === undefined && !missing) numbers.set(cell, next);
      if (known === undefined) next++;
    }
  }
  return groups;
}

/** Reads what decides how rows are held back. Throws `COLUMN_UNKNOWN`, `TIME_COLUMN`, `TABLE_…`. */
export async function readHolding(table: Table, { data }: Recipe): Promise<HoldingInWords> {
  const { calibrateOn, group } = data;
  if (data.timeColumn !== undefined) checkColumn(table, 'timeColumn', data.timeColumn);
  if (group !== undefined) checkColumn(table, 'group', group);
  const clock = calibrateOn === 'latest' ? timeColumn(table, data) : undefined;
  const latest = clock === undefined ? 'the latest as the rows lie' : `the latest by '${clock}'`;
  const words = [
    ...(calibrateOn === 'latest' ? [latest] : []),
    ...(group === undefined ? [] : [`whole groups of '${group}'`]),
  ];
  return {
    ...(calibrateOn === 'latest' && { times: await readTimes(table, clock) }),
    ...(group !== undefined && { groups: await readGroups(table, group) }),
    ...(words.length > 0 && { heldBack: words.join(', ') }),
  };
}
