import { type CsvOptions, csvLayout, type Layout } from './csv.ts';
import { type Connection, onlyFile, quoted, rowsOf, text } from './duckdb.ts';
import { type Field, storedAs } from './fields.ts';
import type { Format } from './files.ts';

/** The columns of `file` and how SQL reads them; npz and npy are not read by SQL. */
export function layoutOf(
  connection: Connection,
  file: string,
  format: Exclude<Format, 'npz' | 'npy'>,
  options: CsvOptions,
): Promise<Layout> {
  if (format === 'csv') return csvLayout(connection, file, options);
  if (format === 'json') return jsonLayout(connection, file);
  return relationLayout(connection, `read_parquet(${onlyFile(file)}, hive_partitioning = false)`);
}

/** The columns of anything that can stand after FROM. */
export async function relationLayout(connection: Connection, relation: string): Promise<Layout> {
  return { relation, fields: await describe(connection, relation) };
}

/** Times stay the texts that they are, as in a CSV. */
async function jsonLayout(connection: Connection, file: string): Promise<Layout> {
  const found = await describe(connection, `read_json(${onlyFile(file)}, sample_size = -1)`);
  const fields = found.map(asSpelt);
  const types = fields.map(({ sql, duckType }) => `${quoted(sql)}: ${text(duckType)}`);
  return { relation: `read_json(${onlyFile(file)}, columns = {${types.join(', ')}})`, fields };
}

function asSpelt(field: Field): Field {
  const time = field.stored === 'timestamp' || field.stored === 'time';
  const spelt = { ...field, stored: 'text', duckType: 'VARCHAR' } as const;
  return time ? { ...spelt, spells: 'timestamp' } : field.stored === 'text' ? spelt : field;
}

async function describe(connection: Connection, relation: string): Promise<Field[]> {
  const rows = await rowsOf(connection, `DESCRIBE SELECT * FROM ${relation}`);
  return rows.map(([name, type]) => {
    const [sql, duckType] = [String(name), String(type)];
    return { name: sql, sql, stored: storedAs(duckType), duckType };
  });
}
