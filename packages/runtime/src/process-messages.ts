/** What a model can be asked in another process. */
export const methods = [
  'classify',
  'encode',
  'decode',
  'generate',
  'reconstruct',
  'score',
  'scoreColumns',
  'impute',
  'imputeColumns',
] as const;
export type Method = 'load' | (typeof methods)[number];

export interface Asked {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** The answer to what was asked by the same number. */
export type Answered =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: Carried };

/** An error on its way to another process; without a code where it is none of ours. */
export interface Carried {
  readonly message: string;
  readonly code?: string;
  readonly place: string;
  readonly problem: string;
  readonly remedy: string;
}
