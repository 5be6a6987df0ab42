export * from './card.ts';
export * from './errors.ts';
export * from './heads.ts';
export * from './parity.ts';
export { type ConfusionMap, confusionMap } from './pictures/heat-map.ts';
export { type Scatter, scatter } from './pictures/scatter.ts';
export * from './sheet.ts';
export * from './ship.ts';
export * from './verify.ts';
