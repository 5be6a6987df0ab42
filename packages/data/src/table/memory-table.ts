import { chosen } from './chosen.ts';
import {
  type Cells,
  type Chunk,
  type ColumnType,
  ROWS_AT_ONCE,
  type Table,
  type TableColumn,
} from './table.ts';
import { TableError } from './table-error.ts';

/** A table in memory; columns of numbers have type `number`. Throws TABLE_COLUMNS unless all are of equal length. */
export function arrayTable(name: string, cells: Readonly<Record<string, Cells>>): Table {
  const columns = Object.entries(cells).map(([name, values]) => ({ name, type: typeOf(values) }));
  return memoryTable(name, columns, cells);
}

/** As `arrayTable`, with the columns' types stated. */
export function memoryTable(
  place: string,
  columns: readonly TableColumn[],
  cells: Readonly<Record<string, Cells>>,
): Table {
  const rows = commonLength(place, cells);
  return {
    place,
    columns,
    rows,
    chunks: (asked, rowsAtOnce = ROWS_AT_ONCE) =>
      slices(cells, namesOf(chosen(place, columns, asked)), rows, rowsAtOnce),
    close: async () => {},
  };
}

async function* slices(
  cells: Readonly<Record<string, Cells>>,
  names: readonly string[],
  rows: number,
  rowsAtOnce: number,
): AsyncGenerator<Chunk> {
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const end = Math.min(start + rowsAtOnce, rows);
    const columns = names.map((name) => [name, cells[name]?.slice(start, end)] as const);
    yield { start, rows: end - start, columns: Object.fromEntries(columns) as Chunk['columns'] };
  }
}

function commonLength(place: string, cells: Readonly<Record<string, Cells>>): number {
  const [first, ...others] = Object.entries(cells);
  const rows = first?.[1].length ?? 0;
  const odd = others.find(([, values]) => values.length !== rows);
  if (!odd) return rows;
  const problem = `column '${odd[0]}' has ${odd[1].length} cells and column '${first?.[0]}' has ${rows}`;
  throw new TableError('TABLE_COLUMNS', place, problem, 'Give every column the same number of cells.');
}

const typeOf = (values: Cells): ColumnType => (values instanceof Float64Array ? 'number' : 'text');

const namesOf = (columns: readonly TableColumn[]) => columns.map(({ name }) => name);
