export * from './errors.ts';
export * from './recipe.ts';
export * from './recipes.ts';
