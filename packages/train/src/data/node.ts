export { cacheDirectory, type OnProgress, type Progress } from './download.ts';
export { loadFolder, unpacked } from './idx-files.ts';
export * from './named.ts';
export { escapedFormula } from './table/formulas.ts';
export { openTable, type TableOptions } from './table/open-table.ts';
export { openTableWriter, type TableWriter, type WriterOptions, type Written } from './table/write-table.ts';
