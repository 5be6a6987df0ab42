export * from './collector.ts';
export * from './data-hashes.ts';
export * from './engines/choose.ts';
export { type Problem, type SearchOptions, versionOf } from './engines/packages.ts';
export * from './index.ts';
export * from './run.ts';
