import { SemivaeError } from '@semivae/runtime/core';

/** A recipe that cannot be followed: an unknown or ill-typed field, or choices that do not go together. */
export class RecipeError extends SemivaeError {}
