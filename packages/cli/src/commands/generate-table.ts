import type { Cells, ColumnType, TableColumn } from '@semivae/data';
import { openTableWriter } from '@semivae/data/node';
import { type GenerateOptions, type InputColumn, type Model, type Row, tableInput } from '@semivae/runtime';
import type { Output } from '../output.ts';
import { checkStdout, isStdout, noteFormulas, tellerBeside } from '../row-output.ts';
import { showCount } from '../row-progress.ts';

/** What `generate` may be told about a table. */
export interface GenerateTableOptions extends GenerateOptions {
  readonly label?: string;
  readonly count: number;
  readonly out: string;
  readonly escapeFormulas?: boolean;
}

/** A column of rows that are drawn. */
interface DrawnColumn extends TableColumn {
  cell(row: Row, index: number): number | string;
}

/** Draws rows of a table into a file. Throws `OUT_JSON`, `HEAD_MISSING`, `LABEL_UNKNOWN`, `TABLE_…`. */
export async function generateTable(
  model: Model,
  { out, escapeFormulas = false, ...drawing }: GenerateTableOptions,
  output: Output,
): Promise<void> {
  checkStdout(out, output);
  const columns = columnsOf(model, drawing.label);
  const rows = await model.generate<Row>(drawing);
  const writer = await openTableWriter(out, columns, { escapeFormulas });
  try {
    await writer.append(Object.fromEntries(columns.map((column) => [column.name, cellsOf(column, rows)])));
  } catch (error) {
    await writer.abort();
    throw error;
  }
  noteFormulas(await writer.close(), output);
  tellerBeside(out, output)(`${showCount(rows.length)} rows${isStdout(out) ? '' : ` in ${out}`}`);
  output.answer({ out, ...drawing });
}

function columnsOf({ manifest }: Model, label: string | undefined): DrawnColumn[] {
  const used = tableInput(manifest).columns.filter(({ kind }) => kind !== 'ignored');
  const columns = used.map((column): DrawnColumn => {
    const { name } = column;
    return { name, type: typeOf(column), cell: (row) => rawOf(row[name]!) };
  });
  const { labels } = manifest;
  if (labels.length === 0) return columns;
  const name = used.some((column) => column.name.toLowerCase() === 'label') ? 'semivae_label' : 'label';
  return [...columns, { name, type: 'text', cell: (_, row) => label ?? labels[row % labels.length]! }];
}

function typeOf({ kind, tensor, levels = [] }: InputColumn): ColumnType {
  if (tensor === 'texts') return 'text';
  if (kind === 'timestamp') return 'timestamp';
  return levels.length > 0 && levels.every((level) => typeof level === 'boolean') ? 'boolean' : 'number';
}

const rawOf = (cell: Row[string]): number | string => (typeof cell === 'string' ? cell : Number(cell));

const cellsOf = ({ type, cell }: DrawnColumn, rows: readonly Row[]): Cells =>
  type === 'text'
    ? rows.map((row, i) => String(cell(row, i)))
    : Float64Array.from(rows, (row, i) => Number(cell(row, i)));
