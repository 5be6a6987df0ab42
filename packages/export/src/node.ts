export * from './bundle.ts';
export * from './index.ts';
