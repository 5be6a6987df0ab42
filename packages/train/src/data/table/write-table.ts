import { rm } from 'node:fs/promises';
import { SemivaeError } from '@semivae/runtime/core';
import { type Carried, carriedNames, carry, checkSource, sourceOf } from './carried.ts';
import { type Engine, quoted, startEngine, text, withConnection } from './duckdb.ts';
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
  /** Instead of the format that the name tells. */
  readonly format?: OutputFormat;
  readonly memory?: number;
  readonly threads?: number;
}

/** A file that comes into being at `close` and not before. */
export interface TableWriter {
  /** Adds rows, NaN and '' standing for missing cells; throws TABLE_COLUMNS. */
  append(cells: Readonly<Record<string, Cells>>): Promise<void>;
  /** Writes the file and puts it in its place; throws TABLE_WRITE, and then leaves what was there as it was. */
  close(): Promise<void>;
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
  const { beside, keep, order = [], format, memory, threads } = options;
  const kept = beside ? carriedNames(beside, keep) : [];
  checkNew(path, columns, kept);
  const shared = beside && sourceOf(beside)?.engine;
  const engine = shared ?? (await startEngine(memory, threads));
  const release = async () => (shared ? undefined : engine.close());
  let file: OutputFile | undefined;
  try {
    file = await outputFile(path, await engine.folder(), format);
    const rows = await stageRows(engine, columns);
    return writer({ engine, file, rows, columns, beside, kept, order }, release);
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
}

async function finished(writing: Writing): Promise<void> {
  const { file, rows, beside } = writing;
  const count = rows.finish();
  if (beside && count !== beside.rows) {
    const problem = `it was given ${count} rows to stand beside the ${beside.rows} of ${beside.place}`;
    throw new TableError('TABLE_WRITE', file.path, problem, 'Append an answer for every row.');
  }
  try {
    await copied(writing);
    await delivered(file);
  } catch (reason) {
    throw reason instanceof SemivaeError ? reason : notWritten(file.path, reason);
  }
}

async function copied(writing: Writing): Promise<void> {
  const { engine, file, beside, kept } = writing;
  const carried = beside && (await carry(engine, beside, kept, file.format));
  try {
    await withConnection(engine, (connection) => connection.run(copySql(writing, carried)));
  } finally {
    await carried?.drop();
    if (beside) await checkSource(beside);
  }
}

/** DuckDB joins by position, and each side is read in its order. */
function copySql({ file, rows, columns, order }: Writing, carried: Carried | undefined): string {
  const answers = columns.map(({ name, type }, i) => ({
    name,
    sql: spelled(rows.columns[i] ?? '', type, file.format),
  }));
  const place = ({ name }: { readonly name: string }) =>
    order.includes(name) ? order.indexOf(name) : order.length;
  const all = [...(carried?.columns ?? []), ...answers]
    .sort((a, b) => place(a) - place(b))
    .map(({ name, sql }) => `${sql} AS ${quoted(name)}`);
  const from = carried ? `${carried.relation} POSITIONAL JOIN ${rows.relation}` : rows.relation;
  return `COPY (SELECT ${all.join(', ')} FROM ${from}) TO ${text(file.temporary)} (${file.how})`;
}
