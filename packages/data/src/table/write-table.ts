import { rm } from 'node:fs/promises';
import { SemivaeError } from '@semivae/runtime/core';
import { type Carried, carriedNames, carry, checkSource, sourceOf } from './carried.ts';
import { type Connection, type Engine, quoted, rowsOf, startEngine, text, withConnection } from './duckdb.ts';
import { lacksMemory, translated } from './engine-error.ts';
import { escapedFormula, isFormula, withoutFormula } from './formulas.ts';
import { delivered, notWritten, type OutputFile, type OutputFormat, outputFile } from './output-file.ts';
import { spelled } from './spelled.ts';
import { type StagedRows, stageRows } from './staged-rows.ts';
import type { Cells, Table, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';

/** How rows are to be written. */
export interface WriterOptions {
  /** A table whose columns are written first, row for row, unchanged; the writer must get as many rows as it has. */
  readonly beside?: Table;
  /** Which columns of it, instead of all. */
  readonly keep?: readonly string[];
  /** Columns in the order that they are written in, instead of those carried over first; others follow. */
  readonly order?: readonly string[];
  /** Whether texts of a CSV that a spreadsheet would run as formulas get a ' before them. */
  readonly escapeFormulas?: boolean;
  /** Instead of the format that the name tells. */
  readonly format?: OutputFormat;
  readonly memory?: number;
  readonly threads?: number;
}

/** What is to be known of a file that was written. */
export interface Written {
  /** Columns of a CSV whose texts a spreadsheet would run as formulas, as far as the first rows show. */
  readonly formulas: readonly string[];
}

/** A file that comes into being at `close` and not before. */
export interface TableWriter {
  /** Adds rows, NaN and '' standing for missing cells; throws TABLE_COLUMNS. */
  append(cells: Readonly<Record<string, Cells>>): Promise<void>;
  /** Writes the file and puts it in its place; throws TABLE_WRITE, and then leaves what was there as it was. */
  close(): Promise<Written>;
  /** Gives up; leaves nothing behind. */
  abort(): Promise<void>;
}

/**
 * Writes rows to a .parquet, .csv, .tsv, .ndjson or .jsonl file (but for the first, also .gz), or to the standard output
 * ('-'), in constant memory. Rows wait in a temporary file until `close`. Cells of a CSV stay as they are in another CSV;
 * elsewhere columns that are wholly numbers or booleans become such. Throws TABLE_FORMAT, TABLE_COLUMNS or TABLE_WRITE.
 */
export async function openTableWriter(
  path: string,
  columns: readonly TableColumn[],
  options: WriterOptions = {},
): Promise<TableWriter> {
  const { beside, keep, order = [], escapeFormulas = false, format, memory, threads } = options;
  const kept = beside ? carriedNames(beside, keep) : [];
  checkNew(path, columns, kept);
  const shared = beside && sourceOf(beside)?.engine;
  const engine = shared ?? (await startEngine(memory, threads));
  const release = async () => (shared ? undefined : engine.close());
  let file: OutputFile | undefined;
  try {
    file = await outputFile(path, await engine.folder(), format);
    const rows = await stageRows(engine, columns);
    return writer({ engine, file, rows, columns, beside, kept, order, escapeFormulas }, release);
  } catch (reason) {
    if (file) await rm(file.temporary, { force: true });
    await release();
    throw reason instanceof SemivaeError ? reason : notWritten(path, reason);
  }
}

function writer(writing: Writing, release: () => Promise<void>): TableWriter {
  const { rows, file } = writing;
  let open = true;
  const end = async () => {
    if (!open) return;
    open = false;
    await rows.drop();
    await rm(file.temporary, { force: true });
    await release();
  };
  return { append: rows.append, close: () => finished(writing).finally(end), abort: end };
}

/** DuckDB and others do not tell names apart by case. */
function checkNew(path: string, columns: readonly TableColumn[], kept: readonly string[]): void {
  const taken = new Set(kept.map((name) => name.toLowerCase()));
  const twice = columns.find(({ name }) => taken.has(name.toLowerCase()));
  if (!twice) return;
  const problem = `there is a column '${twice.name}' already in what is carried over`;
  throw new TableError('TABLE_COLUMNS', path, problem, 'Rename that column, or do not carry it over.');
}

interface Writing {
  readonly engine: Engine;
  readonly file: OutputFile;
  readonly rows: StagedRows;
  readonly columns: readonly TableColumn[];
  readonly beside: Table | undefined;
  readonly kept: readonly string[];
  readonly order: readonly string[];
  readonly escapeFormulas: boolean;
}

async function finished(writing: Writing): Promise<Written> {
  const { file, rows, beside } = writing;
  const count = rows.finish();
  if (beside && count !== beside.rows) {
    const problem = `it was given ${count} rows to stand beside the ${beside.rows} of ${beside.place}`;
    throw new TableError('TABLE_WRITE', file.path, problem, 'Append an answer for every row.');
  }
  try {
    const formulas = await copied(writing);
    await delivered(file);
    return { formulas };
  } catch (reason) {
    if (reason instanceof SemivaeError || lacksMemory(reason as Error)) throw translated(reason, file.path);
    throw notWritten(file.path, reason);
  }
}

/** Gives the columns that hold formulas. */
async function copied(writing: Writing): Promise<string[]> {
  const { engine, file, beside, kept } = writing;
  const carried = beside && (await carry(engine, beside, kept, file.format));
  try {
    return await withConnection(engine, async (connection) => {
      await connection.run(copySql(writing, carried));
      return formulasIn(connection, writing, carried);
    });
  } finally {
    await carried?.drop();
    if (beside) await checkSource(beside);
  }
}

interface Selected {
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  readonly from: string;
}

/** DuckDB joins by position, and each side is read in its order. */
function selected({ file, rows, columns, order }: Writing, carried: Carried | undefined): Selected {
  const answers = columns.map(({ name, type }, i) => ({
    name,
    sql: spelled(rows.columns[i] ?? '', type, file.format),
  }));
  const place = ({ name }: { readonly name: string }) =>
    order.includes(name) ? order.indexOf(name) : order.length;
  return {
    columns: [...(carried?.columns ?? []), ...answers].sort((a, b) => place(a) - place(b)),
    from: carried ? `${carried.relation} POSITIONAL JOIN ${rows.relation}` : rows.relation,
  };
}

const isCsv = ({ file: { format } }: Writing) => format === 'csv' || format === 'tsv';

function copySql(writing: Writing, carried: Carried | undefined): string {
  const { columns, from } = selected(writing, carried);
  const { file } = writing;
  const escapes = writing.escapeFormulas && isCsv(writing);
  const named = columns.map(({ name, sql }) =>
    escapes ? { name: escapedFormula(name), sql: withoutFormula(sql) } : { name, sql },
  );
  if (isCsv(writing) && namesakes(named)) return copyWithNames(file, named, from);
  const all = named.map(({ name, sql }) => `${sql} AS ${quoted(name)}`);
  return `COPY (SELECT ${all.join(', ')} FROM ${from}) TO ${text(file.temporary)} (${file.how})`;
}

interface Named {
  readonly name: string;
  readonly sql: string;
}

/** Whether two columns have names that SQL does not tell apart. */
const namesakes = (columns: readonly Named[]): boolean =>
  new Set(columns.map(({ name }) => name.toLowerCase())).size < columns.length;

/** A CSV whose first row are the names, as they are: DuckDB would number those that differ by case alone. */
function copyWithNames(file: OutputFile, columns: readonly Named[], from: string): string {
  const names = columns.map(({ name }, i) => `${text(name)} AS c${i}`).join(', ');
  const cells = columns.map(({ sql }, i) => `(${sql})::VARCHAR AS c${i}`).join(', ');
  const how = file.how.replace('HEADER', 'HEADER false');
  return `COPY (SELECT ${names} UNION ALL SELECT ${cells} FROM ${from}) TO ${text(file.temporary)} (${how})`;
}

/** Rows that are looked at: enough to notice a kind of text, few enough to cost nothing. */
const LOOKED_AT = 10_000;

async function formulasIn(
  connection: Connection,
  writing: Writing,
  carried: Carried | undefined,
): Promise<string[]> {
  if (writing.escapeFormulas || !isCsv(writing)) return [];
  const { columns, from } = selected(writing, carried);
  const cells = columns.map(({ sql }, i) => `${sql} AS c${i}`).join(', ');
  const found = columns.map((_, i) => `coalesce(bool_or(${isFormula(`c${i}`)}), false)`).join(', ');
  const [row = []] = await rowsOf(
    connection,
    `SELECT ${found} FROM (SELECT ${cells} FROM ${from} LIMIT ${LOOKED_AT})`,
  );
  return columns
    .filter(({ name }, i) => row[i] === true || escapedFormula(name) !== name)
    .map(({ name }) => name);
}
