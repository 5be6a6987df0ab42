import { SemivaeError } from '@semivae/runtime/core';

/** A run that cannot be shipped, or a bundle that cannot be written. */
export class ExportError extends SemivaeError {}
