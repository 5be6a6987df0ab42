export * from './batches.ts';
export * from './data-error.ts';
export * from './dataset.ts';
export * from './digits.ts';
export * from './idx.ts';
export * from './split.ts';
export * from './table/index.ts';
export * from './training-set.ts';
