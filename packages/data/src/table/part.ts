import { SemivaeError } from '@semivae/runtime/core';
import type { Layout } from './csv.ts';
import { type Connection, type Engine, withConnection } from './duckdb.ts';
import { translated } from './engine-error.ts';
import type { Field } from './fields.ts';
import { checkUnchanged, type Fingerprint } from './files.ts';
import { TableError } from './table-error.ts';

/** One file, or the rows of a query. */
export interface Part extends Layout {
  readonly place: string;
  /** Absent for a query, whose rows are kept. */
  readonly file?: Fingerprint;
}

/** The field of the column `name`, which every part of a table has. */
export function fieldOf(part: Part, name: string): Field {
  const field = part.fields.find((field) => field.name === name);
  if (field) return field;
  throw new TableError(
    'TABLE_COLUMNS',
    part.place,
    `there is no column '${name}'`,
    'Write it with all columns.',
  );
}

/** What `use` gives, on a connection of its own; what DuckDB complains of is told as an error of `part`. */
export async function reading<T>(
  engine: Engine,
  part: Pick<Part, 'place' | 'file'>,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  try {
    return await withConnection(engine, use);
  } catch (reason) {
    throw await failure(reason, part);
  }
}

/** What went wrong in reading `part`: that it was changed meanwhile, or what DuckDB says. */
export async function failure(reason: unknown, part: Pick<Part, 'place' | 'file'>): Promise<unknown> {
  if (reason instanceof SemivaeError || !part.file) return translated(reason, part.place);
  return checkUnchanged(part.place, part.file).then(
    () => translated(reason, part.place),
    (changed) => changed,
  );
}
