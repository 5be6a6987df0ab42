import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { scratchFolder } from '../files/atomic-files.ts';
import { TableError } from './table-error.ts';

export type Connection = DuckDBConnection;

/** A DuckDB in memory that reads files and may write into a folder of its own. */
export interface Engine {
  connect(): Promise<Connection>;
  /** A fresh folder for what does not fit in memory, made at the first call and removed at `close`. */
  folder(): Promise<string>;
  close(): Promise<void>;
}

/** Bytes DuckDB may use unless asked otherwise. */
export const MEMORY = 2 ** 30;

/** Starts DuckDB with at most `memory` bytes; it reaches no network. Throws TABLE_ENGINE where it is not installed. */
export async function startEngine(memory = MEMORY, threads?: number): Promise<Engine> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.ceil(memory / 2 ** 20)}MiB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: '',
    // its time grows with the square of the number of columns
    disabled_optimizers: 'common_subexpressions',
    ...(threads && { threads: String(threads) }),
  });
  let folder: Promise<string> | undefined;
  let open = true;
  const engine: Engine = {
    connect: async () => (open ? inUtc(await instance.connect()) : refuseClosed()),
    folder: () => (folder ??= spillFolder(engine)),
    async close() {
      if (open) instance.closeSync();
      open = false;
      if (folder) await removeFolder(await folder);
    },
  };
  return engine;
}

function refuseClosed(): never {
  throw new TableError('TABLE_CLOSED', 'table', 'it was closed', 'Open it again, or close it later.');
}

async function loadDuckDb() {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    const problem = `tables are read by DuckDB, and it does not load: ${(cause as Error).message}`;
    const remedy = 'Install it for this platform: npm install @duckdb/node-api.';
    throw new TableError('TABLE_ENGINE', '@duckdb/node-api', problem, remedy, { cause });
  }
}

async function inUtc(connection: Connection): Promise<Connection> {
  await connection.run(`SET TimeZone = 'UTC'`);
  return connection;
}

/** Folders of engines that are not closed yet; a process that ends without closing them still removes them. */
const folders = new Set<string>();

const removeAll = () => folders.forEach((folder) => void rmSync(folder, { recursive: true, force: true }));

async function spillFolder(engine: Engine): Promise<string> {
  const folder = await scratchFolder();
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  await withConnection(engine, (connection) => connection.run(`SET GLOBAL temp_directory = ${text(folder)}`));
  return folder;
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
  if (folders.size === 0) process.off('exit', removeAll);
}

/** What `use` gives, with a connection of its own that is closed afterwards. */
export async function withConnection<T>(
  engine: Engine,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await engine.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
  }
}

/** A database of its own in a file of the engine's folder. */
export interface Scratch {
  /** Of the database, and of the one table that it is for. */
  readonly name: string;
  readonly relation: string;
  /** Gives its space back. */
  drop(): Promise<void>;
}

let scratches = 0;

/** A new, empty database on disk that every connection of `engine` sees. */
export async function newScratch(engine: Engine): Promise<Scratch> {
  const name = `scratch${++scratches}`;
  const file = join(await engine.folder(), `${name}.duckdb`);
  await withConnection(engine, (connection) => connection.run(`ATTACH ${text(file)} AS ${name}`));
  const drop = async () => {
    await withConnection(engine, (connection) => connection.run(`DETACH ${name}`));
    await rm(file, { force: true });
  };
  return { name, relation: `${name}.main.${name}`, drop };
}

/** All rows that `sql` gives. */
export async function rowsOf(connection: Connection, sql: string): Promise<DuckDBValue[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

/** `value` as an SQL text. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** `value` as an SQL name. */
export const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

/** `path` as an SQL text that DuckDB takes for one file, whatever characters of a pattern it holds. */
export const onlyFile = (path: string): string => text(path.replace(/[*?[]/g, '[$&]'));
