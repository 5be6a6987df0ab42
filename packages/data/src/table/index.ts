export {
  arrayTable,
  type Cells,
  type Chunk,
  type ColumnType,
  memoryTable,
  type Table,
  type TableColumn,
} from './table.ts';
export * from './table-error.ts';
