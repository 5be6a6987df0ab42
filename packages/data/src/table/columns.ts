import type { DateOrder, DateUnit, DecimalSign, Written } from '@semivae/runtime/core';
import { unknownColumn } from './chosen.ts';
import type { Engine } from './duckdb.ts';
import { type Field, isUntyped, naturalType, refuseNested } from './fields.ts';
import { fieldOf, type Part, reading } from './part.ts';
import type { ColumnType, TableColumn } from './table.ts';
import { TableError } from './table-error.ts';
import { spelledType, type Tally, tallied, together } from './tally.ts';

/** What is asked of a table's columns. */
export interface Asked {
  /** Types that columns must have. */
  readonly types: ReadonlyMap<string, ColumnType>;
  /** Whether columns without a stated type are wanted, too. */
  readonly others: boolean;
  /** Columns that are wanted in any case. */
  readonly found: ReadonlySet<string>;
  /** Columns that nothing is read of. */
  readonly unread: ReadonlySet<string>;
  /** Columns that are what they plainly spell. */
  readonly asWritten: ReadonlySet<string>;
  /** How columns are written; those of a stated type that are not here plainly. Absent: it is found out. */
  readonly written?: ReadonlyMap<string, Written>;
  readonly decimal?: DecimalSign;
  /** How dates are written that do not begin with the year, and what numbers of dates count. */
  readonly format?: DateOrder | DateUnit;
  /** The same for single columns. */
  readonly formats: ReadonlyMap<string, DateOrder | DateUnit>;
}

/** A part and what one reading of it showed: its rows, and the tallies of its columns of texts. */
export interface Counted extends Part {
  readonly rows: number;
  readonly tallies: ReadonlyMap<string, Tally>;
}

/** `part` with its rows counted, and with tallies of the texts whose types are not asked for. */
export async function counted(
  engine: Engine,
  part: Part,
  asked: Asked,
  missing: readonly string[],
): Promise<Counted> {
  const open = part.fields.filter((field) => isUntyped(field) && isLookedAt(field, asked));
  const { rows, tallies } = await reading(engine, part, (use) => tallied(use, part, open, missing));
  const named = open.map(({ name }, i) => [name, tallies[i] as Tally] as const);
  return withNested({ ...part, rows, tallies: new Map(named) });
}

/** Whether anything is read of the column `name`. */
const isWanted = (name: string, { types, others, found, unread }: Asked): boolean =>
  (others || types.has(name) || found.has(name)) && !unread.has(name);

function isLookedAt({ name, stored }: Field, asked: Asked): boolean {
  const { types, written } = asked;
  if (!isWanted(name, asked)) return false;
  return stored === 'json' || !types.has(name) || (types.get(name) !== 'text' && !written);
}

/** A JSON column with any list or record in it is not one of texts. */
function withNested(part: Counted): Counted {
  const fields = part.fields.map((field) =>
    part.tallies.get(field.name)?.nested ? ({ ...field, stored: 'other' } as const) : field,
  );
  return { ...part, fields };
}

/** Throws TABLE_COLUMNS unless all parts have columns of the same names, in whatever order, and where no others are wanted all asked ones. */
export function checkNames(parts: readonly Part[], asked: Asked): void {
  const [first, ...others] = parts;
  if (!first) return;
  const names = new Set(first.fields.map(({ name }) => name));
  for (const name of asked.others ? [] : asked.types.keys())
    if (!names.has(name)) unknownColumn(first.place, name, [...names]);
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
 * The columns of all parts: of the asked types, else as stored, else as spelled. Throws TABLE_NESTED for what is wanted and
 * is neither number, time nor text; other such columns are left out.
 */
export function columnsOf(parts: readonly Counted[], asked: Asked): TableColumn[] {
  const { types, unread, written } = asked;
  const names = parts[0]?.fields.map(({ name }) => name) ?? [];
  const isNested = (name: string) => parts.some((part) => fieldOf(part, name).stored === 'other');
  for (const part of parts)
    refuseNested(
      part.place,
      names.filter((name) => isWanted(name, asked)).map((name) => fieldOf(part, name)),
    );
  return names.flatMap((name): TableColumn[] => {
    if (!isWanted(name, asked))
      return isNested(name) && !unread.has(name) ? [] : [{ name, type: 'text', unread: true }];
    const how = written?.get(name);
    const type = types.get(name) ?? (isOfTexts(parts, name, asked) ? 'text' : foundType(parts, name));
    return [{ name, type, ...(how && { written: how }) }];
  });
}

/** Whether a column that is taken as it is written holds anything but numbers, or times, or booleans. */
function isOfTexts(parts: readonly Counted[], name: string, { asWritten }: Asked): boolean {
  const tally = asWritten.has(name) ? tallyOf(parts, name) : undefined;
  return tally !== undefined && Math.max(tally.numbers, tally.times, tally.booleans) < tally.present;
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
