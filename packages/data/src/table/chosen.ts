import type { TableColumn } from './table.ts';
import { TableError } from './table-error.ts';

/** The columns that are asked for, in the order asked, or all of them; throws TABLE_COLUMNS for an unknown name. */
export function chosen<C extends TableColumn>(
  place: string,
  columns: readonly C[],
  asked?: readonly string[],
): readonly C[] {
  if (!asked) return columns;
  const known = new Map(columns.map((column) => [column.name, column]));
  return asked.map(
    (name) =>
      known.get(name) ??
      unknownColumn(
        place,
        name,
        columns.map((column) => column.name),
      ),
  );
}

/** Throws TABLE_COLUMNS: there is no column `name` among `present`. */
export function unknownColumn(place: string, name: string, present: readonly string[]): never {
  throw new TableError(
    'TABLE_COLUMNS',
    place,
    `there is no column '${name}'`,
    `It has ${present.map((column) => `'${column}'`).join(', ')}.`,
  );
}
