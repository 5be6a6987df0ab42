import { chosen, unknownColumn } from './chosen.ts';
import { type Counted, tallyOf } from './columns.ts';
import { type Engine, newScratch, quoted } from './duckdb.ts';
import { type Field, presentText } from './fields.ts';
import { checkUnchanged } from './files.ts';
import type { StoredTable } from './open-table.ts';
import type { OutputFormat } from './output-file.ts';
import { fieldOf, reading } from './part.ts';
import type { Source } from './read-rows.ts';
import { finite, spelled } from './spelled.ts';
import { stageRows } from './staged-rows.ts';
import type { Table } from './table.ts';
import { spelledType, tallied } from './tally.ts';

/** The rows of another table, as SQL: a relation that is one scan, and its columns under their names. */
export interface Carried {
  readonly relation: string;
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  /** Gives the space back that it took. */
  drop(): Promise<void>;
}

/** Where `table` is read by DuckDB: from what. */
export const sourceOf = (table: Table): Source | undefined =>
  'source' in table ? (table as StoredTable).source : undefined;

/** Throws TABLE_CHANGED unless the files of `table` are as they were. */
export async function checkSource(table: Table): Promise<void> {
  for (const { place, file } of sourceOf(table)?.parts ?? []) if (file) await checkUnchanged(place, file);
}

/** The names of the columns to be carried: all, also those that a model cannot read. Throws TABLE_COLUMNS. */
export function carriedNames(table: Table, keep?: readonly string[]): readonly string[] {
  const stored = sourceOf(table)?.parts[0]?.fields ?? table.columns;
  const names = stored.map(({ name }) => name);
  return (
    keep?.map((name) => (names.includes(name) ? name : unknownColumn(table.place, name, names))) ?? names
  );
}

/** The columns `names` of `table`; what is not one file is put together on disk. Throws TABLE_CHANGED. */
export async function carry(
  engine: Engine,
  table: Table,
  names: readonly string[],
  format: OutputFormat,
): Promise<Carried> {
  const stored = sourceOf(table);
  if (!stored) return carryRows(engine, table, names, format);
  await checkSource(table);
  const source = format === 'csv' || format === 'tsv' ? stored : await lookedAt(stored, names);
  const [part, ...others] = source.parts;
  const sqlOf = (part: Counted) => names.map((name) => keptAs(source, table, fieldOf(part, name), format));
  if (part && others.length === 0) return whole(part.relation, names, sqlOf(part));
  return carryParts(source, names, sqlOf);
}

/** `source` with what the texts of its columns spell, also of those that were not read before. */
async function lookedAt(source: Source, names: readonly string[]): Promise<Source> {
  const { engine, missing } = source;
  const parts = source.parts.map(async (part) => {
    const open = part.fields.filter(
      (field) => field.stored === 'cell' && names.includes(field.name) && !part.tallies.has(field.name),
    );
    if (open.length === 0) return part;
    const { tallies } = await reading(engine, part, (use) => tallied(use, part, open, missing));
    return {
      ...part,
      tallies: new Map([...part.tallies, ...open.map(({ name }, i) => [name, tallies[i]!] as const)]),
    };
  });
  return { ...source, parts: await Promise.all(parts) };
}

function whole(
  relation: string,
  names: readonly string[],
  sql: readonly string[],
  drop = async () => {},
): Carried {
  return { relation, columns: names.map((name, i) => ({ name, sql: sql[i] ?? '' })), drop };
}

async function carryRows(
  engine: Engine,
  table: Table,
  names: readonly string[],
  format: OutputFormat,
): Promise<Carried> {
  const columns = chosen(table.place, table.columns, names);
  const staged = await stageRows(engine, columns);
  for await (const chunk of table.chunks(names)) await staged.append(chunk.columns);
  staged.finish();
  const sql = columns.map(({ type }, i) => spelled(staged.columns[i] ?? '', type, format));
  return whole(staged.relation, names, sql, staged.drop);
}

/** One file after the other, so that their rows stay in order and each is read in its own way. */
async function carryParts(
  { engine, parts }: Source,
  names: readonly string[],
  sqlOf: (part: Counted) => readonly string[],
): Promise<Carried> {
  const { relation, drop } = await newScratch(engine);
  const own = names.map((_, i) => quoted(`kept ${i}`));
  for (const [i, part] of parts.entries()) {
    const columns = sqlOf(part).map((sql, j) => `${sql} AS ${own[j]}`);
    const select = `SELECT ${columns.join(', ')} FROM ${part.relation}`;
    const sql = i === 0 ? `CREATE TABLE ${relation} AS ${select}` : `INSERT INTO ${relation} ${select}`;
    await reading(engine, part, (connection) => connection.run(sql));
  }
  return whole(relation, names, own, drop);
}

/** Cells of a CSV stay texts in a CSV; elsewhere a column of nothing but numbers, or but booleans, becomes one. */
function keptAs({ parts, missing }: Source, table: Table, field: Field, format: OutputFormat): string {
  const raw = quoted(field.sql);
  if (field.stored === 'float') return finite(raw, format);
  if (field.stored !== 'cell' || format === 'csv' || format === 'tsv') return raw;
  const column = table.columns.find(({ name }) => name === field.name);
  const tally = tallyOf(parts, field.name);
  if (column?.written) return raw;
  const type = column?.unread && tally ? spelledType(tally) : column?.type;
  const cell = `nullif(${presentText(field, missing)}, '')`;
  if (type === 'boolean') return `CAST(${cell} AS BOOLEAN)`;
  if (type !== 'number' || (tally && (tally.numbers < tally.present || tally.wide > 0))) return raw;
  const number = `CAST(${cell} AS DOUBLE)`;
  return tally?.fractions === 0 ? `${number}::BIGINT` : finite(number, format);
}
