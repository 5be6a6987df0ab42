export { arrayTable, memoryTable } from './memory-table.ts';
export type { Cells, Chunk, ColumnType, Table, TableColumn } from './table.ts';
export * from './table-error.ts';
