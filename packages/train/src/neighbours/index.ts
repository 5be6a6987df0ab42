export * from './affinity.ts';
export * from './beliefs.ts';
export * from './nearest.ts';
export * from './propagation.ts';
