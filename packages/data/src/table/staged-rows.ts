import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { type Connection, type Engine, newScratch, quoted } from './duckdb.ts';
import type { Cells, ColumnType, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';

/** Rows on disk, to which more can be added; `relation` is their name in SQL. */
export interface StagedRows {
  readonly relation: string;
  /** The names of its columns in SQL, which no other relation has. */
  readonly columns: readonly string[];
  /** Throws TABLE_COLUMNS unless `cells` has every column, all of one length. */
  append(cells: Readonly<Record<string, Cells>>): Promise<void>;
  /** Makes what was appended visible; gives the number of rows. */
  finish(): number;
  /** Gives their space back. */
  drop(): Promise<void>;
}

const TYPES: Record<ColumnType, string> = {
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP_MS',
  text: 'VARCHAR',
};

/** An empty table on disk, in the engine's folder. */
export async function stageRows(engine: Engine, columns: readonly TableColumn[]): Promise<StagedRows> {
  const scratch = await newScratch(engine);
  const own = columns.map((_, i) => quoted(`${scratch.name} ${i}`));
  const typed = columns.map(({ type }, i) => `${own[i]} ${TYPES[type]}`);
  const connection = await engine.connect();
  await connection.run(`CREATE TABLE ${scratch.relation} (${typed.join(', ')})`);
  const adder = await appender(connection, scratch.name, columns);
  const drop = async () => {
    adder.finish();
    connection.closeSync();
    await scratch.drop();
  };
  return { relation: scratch.relation, columns: own, ...adder, drop };
}

async function appender(connection: Connection, name: string, columns: readonly TableColumn[]) {
  const duckdb = await import('@duckdb/node-api');
  const types: Record<ColumnType, DuckDBType> = {
    number: duckdb.DOUBLE,
    boolean: duckdb.BOOLEAN,
    timestamp: duckdb.TIMESTAMP_MS,
    text: duckdb.VARCHAR,
  };
  const toTime = (millis: number) => new duckdb.DuckDBTimestampMillisecondsValue(BigInt(Math.round(millis)));
  const rowsAtOnce = 2048;
  const opened = await connection.createAppender(name, 'main', name);
  const columnTypes = columns.map(({ type }) => types[type]);
  let rows = 0;
  let finished = false;
  return {
    async append(cells: Readonly<Record<string, Cells>>) {
      const added = lengthOf(columns, cells);
      for (let from = 0; from < added; from += rowsAtOnce) {
        const to = Math.min(from + rowsAtOnce, added);
        const chunk = duckdb.DuckDBDataChunk.create(columnTypes, to - from);
        for (const [i, { name, type }] of columns.entries()) {
          chunk.setColumnValues(i, stored(cells[name] ?? [], from, to, type, toTime));
        }
        opened.appendDataChunk(chunk);
      }
      rows += added;
    },
    finish() {
      if (!finished) opened.closeSync();
      finished = true;
      return rows;
    },
  };
}

function lengthOf(columns: readonly TableColumn[], cells: Readonly<Record<string, Cells>>): number {
  const lengths = columns.map(({ name }) => (Object.hasOwn(cells, name) ? cells[name]?.length : undefined));
  const length = lengths[0] ?? 0;
  const odd = lengths.findIndex((other) => other !== length);
  if (odd < 0) return length;
  const problem = `column '${columns[odd]?.name}' has ${lengths[odd] ?? 'no'} cells instead of ${length}`;
  throw new TableError('TABLE_COLUMNS', 'rows to be written', problem, 'Give every column as many cells.');
}

function stored(
  cells: Cells,
  from: number,
  to: number,
  type: ColumnType,
  toTime: (millis: number) => DuckDBValue,
): DuckDBValue[] {
  const values: DuckDBValue[] = new Array(to - from);
  for (let i = from; i < to; i++) {
    const cell = cells[i] ?? '';
    const missing = cell === '' || Number.isNaN(cell);
    values[i - from] = missing
      ? null
      : type === 'boolean'
        ? cell !== 0
        : type === 'timestamp'
          ? toTime(Number(cell))
          : cell;
  }
  return values;
}
