import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
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
    ...(threads && { threads: String(threads) }),
  });
  let folder: Promise<string> | undefined;
  const engine: Engine = {
    connect: async () => inUtc(await instance.connect()),
    folder: () => (folder ??= spillFolder(engine)),
    async close() {
      instance.closeSync();
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
  return engine;
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

async function spillFolder(engine: Engine): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'semivae-'));
  await using_(engine, (connection) => connection.run(`SET GLOBAL temp_directory = ${text(folder)}`));
  return folder;
}

/** What `use` gives, with a connection of its own that is closed afterwards. */
export async function using_<T>(engine: Engine, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await engine.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
  }
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
