import { SemivaeError } from '@semivae/runtime/core';

export type DataCode =
  | 'DATA_UNKNOWN'
  | 'DATA_DOWNLOAD'
  | 'DATA_HASH'
  | 'DATA_CACHE'
  | 'NO_ROWS'
  | 'LABEL_UNKNOWN'
  | 'LABELS_NONE'
  | 'LABELS_ONE_CLASS'
  | 'LABELS_TOO_FEW'
  | 'LABELS_TOO_MANY'
  | 'LABELS_NO_ROW'
  | 'VALIDATION_SIZE'
  | 'GROUPS_FEW';

/** A dataset that could not be had, or a choice of its rows that cannot be made. */
export class DataError extends SemivaeError {
  constructor(code: DataCode, place: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(code, place, problem, remedy, options);
  }
}
