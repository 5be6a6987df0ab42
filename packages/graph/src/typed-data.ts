import type { NumberData, TypedData } from './value.ts';

export const isTexts = (data: TypedData): data is readonly string[] => Array.isArray(data);

export const rawBytes = (data: NumberData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Equal where the data are, bit by bit: −0 is not 0. */
export const showData = (data: TypedData): string =>
  isTexts(data) ? JSON.stringify(data) : rawBytes(data).join();
