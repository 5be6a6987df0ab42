export * from './adversarial.ts';
export * from './bound.ts';
export * from './certainty.ts';
export * from './classification.ts';
export * from './few-labels.ts';
export * from './objective.ts';
export * from './pseudo-labels.ts';
export * from './stages.ts';
