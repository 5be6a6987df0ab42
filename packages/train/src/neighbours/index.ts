export * from './beliefs.ts';
export * from './joined.ts';
export * from './k-means.ts';
export * from './layout.ts';
export * from './nearest.ts';
export * from './propagation.ts';
