export * from './batches.ts';
export * from './data-error.ts';
export * from './dataset.ts';
export * from './digits.ts';
export * from './idx.ts';
export * from './split.ts';
