import { SemivaeError } from '@semivae/runtime/core';

/** Training that cannot go on: the loss is no number, or a checkpoint does not fit. */
export class TrainingError extends SemivaeError {}
