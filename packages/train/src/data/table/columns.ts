import { unknownColumn } from './chosen.ts';
import type { Engine } from './duckdb.ts';
import { isUntyped, naturalType, refuseNested } from './fields.ts';
import { fieldOf, type Part, reading } from './part.ts';
import type { ColumnType, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';
import { spelledType, type Tally, tallied, together } from './tally.ts';

/** Types that columns must have. */
export type AskedTypes = ReadonlyMap<string, ColumnType>;

/** A part and what one reading of it showed: its rows, and the tallies of its columns of texts. */
export interface Counted extends Part {
  readonly rows: number;
  readonly tallies: ReadonlyMap<string, Tally>;
}

/** `part` with its rows counted, and with tallies of the texts whose types are not asked for. */
export async function counted(
  engine: Engine,
  part: Part,
  asked: AskedTypes,
  missing: readonly string[],
): Promise<Counted> {
  const open = part.fields.filter(
    (field) => isUntyped(field) && (field.stored === 'json' || !asked.has(field.name)),
  );
  const { rows, tallies } = await reading(engine, part, (use) => tallied(use, part, open, missing));
  const named = open.map(({ name }, i) => [name, tallies[i] as Tally] as const);
  return withNested({ ...part, rows, tallies: new Map(named) });
}

/** A JSON column with any list or record in it is not one of texts. */
function withNested(part: Counted): Counted {
  const fields = part.fields.map((field) =>
    part.tallies.get(field.name)?.nested ? ({ ...field, stored: 'other' } as const) : field,
  );
  return { ...part, fields };
}

/** Throws TABLE_COLUMNS unless all parts have columns of the same names, in whatever order, and all asked ones. */
export function checkNames(parts: readonly Part[], asked: AskedTypes): void {
  const [first, ...others] = parts;
  if (!first) return;
  const names = new Set(first.fields.map(({ name }) => name));
  for (const name of asked.keys()) if (!names.has(name)) unknownColumn(first.place, name, [...names]);
  for (const part of others) checkSame(part, first.place, names);
}

function checkSame(part: Part, firstPlace: string, names: ReadonlySet<string>): void {
  const own = new Set(part.fields.map(({ name }) => name));
  const lacking = [...names].filter((name) => !own.has(name));
  const extra = [...own].filter((name) => !names.has(name));
  if (lacking.length + extra.length === 0) return;
  const told = [...lacking.map((name) => `lacks '${name}'`), ...extra.map((name) => `has '${name}' besides`)];
  const problem = `compared with ${firstPlace} it ${told.slice(0, 10).join(', ')}`;
  throw new TableError('TABLE_COLUMNS', part.place, problem, 'Give files with the same columns.');
}

/**
 * The columns of all parts: of the asked types, else as stored, else as spelled. Without asked types, throws
 * TABLE_NESTED for what is neither number, time nor text; with them, such columns are left out unless asked for.
 */
export function columnsOf(parts: readonly Counted[], asked: AskedTypes, all: boolean): TableColumn[] {
  const names = parts[0]?.fields.map(({ name }) => name) ?? [];
  const isNested = (name: string) => parts.some((part) => fieldOf(part, name).stored === 'other');
  const needed = names.filter((name) => all || asked.has(name));
  for (const part of parts)
    refuseNested(
      part.place,
      needed.map((name) => fieldOf(part, name)),
    );
  const readable = names.filter((name) => !isNested(name));
  return readable.map((name) => ({ name, type: asked.get(name) ?? foundType(parts, name) }));
}

function foundType(parts: readonly Counted[], name: string): ColumnType {
  const spelled = [tallyOf(parts, name)].filter((tally) => tally !== undefined).map(spelledType);
  const stored = parts.map((part) => fieldOf(part, name)).filter((field) => !isUntyped(field));
  const [type = 'text', other] = new Set([...stored.map(naturalType), ...spelled]);
  if (!other) return type;
  const problem = `column '${name}' is ${type} in some files and ${other} in others`;
  const places = parts.map(({ place }) => place).join(', ');
  throw new TableError('TABLE_COLUMNS', places, problem, 'State its type, or write the files alike.');
}

/** What the cells of column `name` spell, over all parts that store it as texts. */
export function tallyOf(parts: readonly Counted[], name: string): Tally | undefined {
  const tallies = parts.map((part) => part.tallies.get(name)).filter((tally) => tally !== undefined);
  return tallies.length > 0 ? together(tallies) : undefined;
}
