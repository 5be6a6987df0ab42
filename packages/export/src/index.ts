export * from './card.ts';
export * from './errors.ts';
export * from './heads.ts';
export * from './parity.ts';
export * from './sheet.ts';
export * from './ship.ts';
export * from './verify.ts';
