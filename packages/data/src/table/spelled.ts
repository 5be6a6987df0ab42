import type { OutputFormat } from './output-file.ts';
import type { ColumnType } from './table.ts';

/** A float as `format` can say it: texts have no NaN, JSON has no infinity either. */
export function finite(sql: string, format: OutputFormat): string {
  if (format === 'parquet') return sql;
  return `CASE WHEN ${format === 'ndjson' ? `isfinite(${sql})` : `NOT isnan(${sql})`} THEN ${sql} END`;
}

/** SQL of a staged cell for `format`: in a CSV, integers have no point. */
export function spelled(sql: string, type: ColumnType, format: OutputFormat): string {
  if (type !== 'number') return sql;
  if (format === 'parquet' || format === 'ndjson') return finite(sql, format);
  const whole = `${sql} = trunc(${sql}) AND abs(${sql}) <= ${Number.MAX_SAFE_INTEGER}`;
  return `if(${whole}, ${sql}::BIGINT::VARCHAR, ${sql}::VARCHAR)`;
}
