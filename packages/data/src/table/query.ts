import { type Connection, type Engine, newScratch, withConnection } from './duckdb.ts';
import { translated } from './engine-error.ts';
import { relationLayout } from './layout.ts';
import type { Part } from './part.ts';
import { TableError } from './table-error.ts';

/** The rows of the SELECT `sql`, kept in the engine's folder so that every reading gives the same; throws TABLE_SQL. */
export async function queryPart(engine: Engine, sql: string): Promise<Part> {
  try {
    return await withConnection(engine, async (connection) => {
      await refuseAllButSelect(connection, sql);
      const { relation } = await newScratch(engine);
      await connection.run(`CREATE TABLE ${relation} AS (${sql.replace(/[\s;]+$/, '')}\n)`);
      return { place: 'query', ...(await relationLayout(connection, relation)) };
    });
  } catch (reason) {
    throw translated(reason, 'query', 'TABLE_SQL');
  }
}

async function refuseAllButSelect(connection: Connection, sql: string): Promise<void> {
  const { StatementType } = await import('@duckdb/node-api');
  const statements = await connection.extractStatements(sql);
  if (statements.count === 1) {
    const { statementType } = await statements.prepare(0);
    if (statementType === StatementType.SELECT) return;
  }
  const remedy = `Write one SELECT, such as SELECT * FROM 'rows.parquet' WHERE amount > 0.`;
  throw new TableError('TABLE_SQL', 'query', 'it is not one SELECT', remedy);
}
