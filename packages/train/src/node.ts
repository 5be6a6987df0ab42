export * from './data/node.ts';
export * from './index.ts';
export * from './run.ts';
