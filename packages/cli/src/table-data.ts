import { totalmem } from 'node:os';
import { join } from 'node:path';
import { type ColumnType, type PreparedTable, prepareTable, type Table } from '@semivae/data';
import { openSpill, openTable } from '@semivae/data/node';
import { type Column, isConstant, isUsed, timestampInWords } from '@semivae/model';
import type { Recipe } from '@semivae/recipe';
import { visibleLine } from '@semivae/runtime/core';
import { type DataHashes, openTableHashes } from '@semivae/train/node';
import { CommandFailure } from './failure.ts';
import type { Output } from './output.ts';
import { table } from './table.ts';
import { writtenInWords } from './written-in-words.ts';

const TABLE_NAME = /\.(csv|tsv|txt|data|parquet|json|ndjson|jsonl|npz|npy|xlsx?|ods)(\.(gz|zst|bz2))?$/i;

/** Whether a name of data is that of tables: files with an ending that says so, or a pattern of them. */
export const isTableName = (name: string): boolean => TABLE_NAME.test(name) || /[*?[\]]/.test(name);

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** A number of bytes as people write it: 512M, 4GB. Throws `MEMORY`. */
export function bytesOf(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (number !== undefined) return Math.floor(Number(number) * UNITS[unit.toLowerCase()]!);
  throw new CommandFailure(
    'MEMORY',
    `--memory ${text}`,
    'this is no amount of memory',
    'Write --memory 4GB.',
  );
}

/** What a table may use of the machine: a quarter of it unless told. */
export const memoryOf = (asked: string | undefined): number =>
  asked === undefined ? Math.floor(totalmem() / 4) : bytesOf(asked);

/** Opens the table that a recipe names; what it says to ignore is never read. Throws `TABLE_…`. */
export function openRecipeTable({ data }: Recipe, memory: number): Promise<Table> {
  const { sql, header, missing, delimiter, quote, encoding, decimal, dateFormat } = data;
  return openTable(sql === undefined ? data.name.split(',') : [], {
    memory,
    ...(sql !== undefined && { sql }),
    ...(header !== undefined && { header }),
    ...(missing && { missing }),
    ...(delimiter !== undefined && { delimiter }),
    ...(quote !== undefined && { quote }),
    ...(encoding !== undefined && { encoding }),
    ...(decimal && { decimal }),
    ...(dateFormat && { dateFormat }),
    ...(!isArray(data.name) && askedColumns(data)),
  });
}

const TYPES = { numeric: 'number', count: 'number', timestamp: 'timestamp' } as const;

/** What a recipe says of a table's columns, as the reader takes it; labels are what is written there. */
function askedColumns({ columns, labelColumn, timeColumn }: Recipe['data']) {
  const said = Object.entries(columns);
  const of = (kind: string) => said.filter(([, each]) => each.kind === kind).map(([name]) => name);
  const types = said.flatMap(([name, { kind }]) =>
    Object.hasOwn(TYPES, kind) ? [[name, TYPES[kind as keyof typeof TYPES]] as const] : [],
  );
  const label = labelColumn === undefined ? [] : [[labelColumn, 'text'] as const];
  const formats = said.flatMap(([name, each]) =>
    each.kind === 'timestamp' && each.date ? [[name, each.date] as const] : [],
  );
  return {
    types: Object.fromEntries<ColumnType>([...types, ...label]),
    others: true,
    unread: of('ignored').filter((name) => name !== timeColumn),
    asWritten: of('categorical'),
    dateFormats: Object.fromEntries(formats),
  };
}

const isArray = (name: string): boolean => /\.np[yz]$/i.test(name);

/** A table read for training; `close` frees what its rows lie in. */
export interface ReadTable {
  readonly prepared: PreparedTable;
  readonly hashes: DataHashes;
  close(): void;
}

export interface ReadOptions {
  readonly seed: number;
  readonly memory: number;
  /** Where rows go that memory may not hold. */
  readonly folder: string;
}

/** Reads a table for training: in memory where half of the budget holds it, else beside the run. */
export async function readTable(
  opened: Table,
  recipe: Recipe,
  { seed, memory, folder }: ReadOptions,
): Promise<ReadTable> {
  const closing: (() => void)[] = [];
  const spilled = (rows: number, width: number) => {
    const spill = openSpill(join(folder, 'rows.f32'), rows, width);
    closing.push(() => spill.close());
    return spill;
  };
  const hashes = openTableHashes();
  const close = () => closing.forEach((each) => each());
  try {
    const prepared = await prepareTable(opened, recipe, {
      seed,
      array: isArray(recipe.data.name),
      budget: memory / 2,
      openStore: spilled,
      see: hashes.add,
    });
    return { prepared, hashes: hashes.hashes(prepared.set), close };
  } catch (error) {
    close();
    throw error;
  }
}

const about = (column: Column): string => {
  if (column.kind === 'ignored') return column.reason;
  if (column.kind === 'numeric') {
    const log = column.transform.kind === 'log' ? ', its logarithm' : '';
    return `${column.likelihood}${log}${column.ranks ? ', and its rank' : ''}`;
  }
  if (column.kind === 'count') return column.likelihood;
  if (column.kind === 'binary')
    return `${(column.written?.words ?? column.levels).join(' or ')}, the second in ${(100 * column.share).toFixed(1)} %`;
  if (column.kind === 'timestamp') return timestampInWords(column);
  if (isConstant(column)) return `always ${column.levels[0]}; anything else is a surprise`;
  const more = column.levels.length > 3 ? ', …' : '';
  return `${column.levels.length} levels: ${column.levels.slice(0, 3).join(', ')}${more}${column.rare.length ? `; ${column.rare.length} rare ones` : ''}`;
};

/** The same, with how it is written where that is not plain. */
const aboutAll = (column: Column): string =>
  [about(column), ...(isUsed(column) ? writtenInWords(column) : [])].join('; ');

/** What a table's columns are taken for, before it is trained on. */
export function introduceColumns({ columns, warnings }: PreparedTable, output: Output): void {
  output.note('columns (say otherwise by --column name=kind)');
  output.note(
    table([
      ['  column', 'kind', 'how'],
      ...columns.columns.map((column) => [`  ${column.name}`, column.kind, aboutAll(column)]),
    ]),
  );
  for (const warning of warnings) output.note(`warning ${visibleLine(warning)}`);
}
