import { type CsvOptions, csvLayout, type Layout, type StoredTexts } from './csv.ts';
import { type Connection, onlyFile, quoted, rowsOf, text } from './duckdb.ts';
import { type Field, storedAs } from './fields.ts';
import type { Format } from './files.ts';

/** The columns of `file` and how SQL reads them; npz and npy are not read by SQL. */
export function layoutOf(
  connection: Connection,
  stored: StoredTexts,
  format: Exclude<Format, 'npz' | 'npy'>,
  options: CsvOptions,
): Promise<Layout> {
  const { file } = stored;
  if (format === 'csv') return csvLayout(connection, stored, options);
  if (format === 'json') return jsonLayout(connection, file);
  return parquetLayout(connection, file);
}

/** DuckDB tells names apart by a number where they differ by case alone; the file knows better. */
async function parquetLayout(connection: Connection, file: string): Promise<Layout> {
  const layout = await relationLayout(
    connection,
    `read_parquet(${onlyFile(file)}, hive_partitioning = false)`,
  );
  if (!layout.fields.some((field) => isRenamed(field, layout.fields))) return layout;
  const schema = await rowsOf(connection, `SELECT name, num_children FROM parquet_schema(${onlyFile(file)})`);
  const names = topNames(schema.map(([name, children]) => [String(name), Number(children ?? 0)]));
  return { ...layout, fields: layout.fields.map((field, i) => ({ ...field, name: names[i] ?? field.name })) };
}

/** The names of the children of the first of nodes that are listed depth first, each with how many children it has. */
function topNames([root, ...nodes]: readonly (readonly [name: string, children: number])[]): string[] {
  const names: string[] = [];
  let open = 0;
  for (const [name, children] of root ? nodes : []) {
    if (open === 0) names.push(name);
    open += children - (open > 0 ? 1 : 0);
  }
  return names;
}

/** Whether a field looks like one that DuckDB gave another name: `amount_1` beside `Amount`. */
function isRenamed({ name }: Field, fields: readonly Field[]): boolean {
  const stem = /^(.*)_\d+$/s.exec(name)?.[1]?.toLowerCase();
  return (
    stem !== undefined && fields.some((other) => other.name !== name && other.name.toLowerCase() === stem)
  );
}

/** The columns of anything that can stand after FROM. */
export async function relationLayout(connection: Connection, relation: string): Promise<Layout> {
  return { relation, fields: await describe(connection, relation) };
}

/** Times stay the texts that they are, as in a CSV. */
async function jsonLayout(connection: Connection, file: string): Promise<Layout> {
  const found = await describe(connection, `read_json(${onlyFile(file)}, sample_size = -1)`);
  if (found.some((field) => isRenamed(field, found))) return objectLayout(connection, file);
  const fields = found.map(asSpelt);
  const types = fields.map(({ sql, duckType }) => `${quoted(sql)}: ${text(duckType)}`);
  return { relation: `read_json(${onlyFile(file)}, columns = {${types.join(', ')}})`, fields };
}

/** Records whose names may differ by case alone, each value taken out by its exact name. */
async function objectLayout(connection: Connection, file: string): Promise<Layout> {
  const objects = `read_json_objects(${onlyFile(file)}, format = 'auto')`;
  const keys = `SELECT unnest(json_keys(json)) AS key, row_number() OVER () AS record FROM ${objects}`;
  const found = await rowsOf(connection, `SELECT key FROM (${keys}) GROUP BY key ORDER BY min(record)`);
  const names = found.map(([name]) => String(name));
  const pointer = (name: string) => text(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  const values = names.map((name, i) => `json_extract(json, ${pointer(name)}) AS c${i}`);
  return {
    relation: `(SELECT ${values.join(', ')} FROM ${objects})`,
    fields: names.map((name, i) => ({ name, sql: `c${i}`, stored: 'json', duckType: 'JSON' })),
  };
}

function asSpelt(field: Field): Field {
  const time = field.stored === 'timestamp' || field.stored === 'time';
  const spelt = { ...field, stored: 'text', duckType: 'VARCHAR' } as const;
  return time
    ? { ...spelt, spells: 'timestamp' }
    : field.stored === 'text'
      ? { ...spelt, open: true }
      : field;
}

async function describe(connection: Connection, relation: string): Promise<Field[]> {
  const rows = await rowsOf(connection, `DESCRIBE SELECT * FROM ${relation}`);
  return rows.map(([name, type]) => {
    const [sql, duckType] = [String(name), String(type)];
    return { name: sql, sql, stored: storedAs(duckType), duckType };
  });
}
