import { createHash } from 'node:crypto';
import { type Tensors as StoredTensors, toSafetensors } from '@semivae/graph';
import { TrainingError } from './errors.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a file that is not as it was written is refused with: `CHECKSUM`. */
export const damaged = (place: string, remedy = 'Use another copy of it, or train again.'): TrainingError =>
  new TrainingError('CHECKSUM', place, 'it is not as it was written: its checksum does not match', remedy);

const SEAL = 'sha256';
const BLANK = '0'.repeat(64);

/** How the bytes of sealed tensors begin, after eight that say how long the header is. */
const START = Buffer.from(`{"__metadata__":{"${SEAL}":"`);
const AT = 8 + START.length;

/** Tensors as safetensors bytes that bear the SHA-256 of themselves, taken with zeros in its place. */
export function sealTensors(tensors: StoredTensors, metadata: Readonly<Record<string, string>>): Uint8Array {
  const bytes = toSafetensors(tensors, { [SEAL]: BLANK, ...metadata });
  bytes.set(Buffer.from(sha256(bytes)), AT);
  return bytes;
}

/** Throws `CHECKSUM` where bytes are not as they were sealed. What older versions wrote has no seal: its metadata begins with the format. */
export function checkSealed(bytes: Uint8Array, place: string): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.subarray(8).indexOf('{"__metadata__":{"format":"') === 0) return;
  if (text.subarray(8).indexOf(START) !== 0) throw damaged(place);
  const blank = Buffer.from(bytes);
  blank.write(BLANK, AT, 'latin1');
  if (sha256(blank) !== text.toString('latin1', AT, AT + BLANK.length)) throw damaged(place);
}

/** A record with the SHA-256 of the rest of it, as JSON, for its first field. */
export const sealRecord = <T extends object>(record: T): T & { readonly sha256: string } =>
  ({
    [SEAL]: sha256(Buffer.from(JSON.stringify(record))),
    ...record,
  }) as T & { readonly sha256: string };

/** The record that was sealed. Throws `CHECKSUM`; what older versions wrote has no seal: it begins with another field. */
export function openRecord<T extends object>(sealed: T, place: string, unsealed: string): T {
  const [first] = Object.keys(sealed);
  if (first === unsealed) return sealed;
  const { [SEAL]: seal, ...record } = sealed as T & { readonly [SEAL]?: unknown };
  if (first !== SEAL || seal !== sha256(Buffer.from(JSON.stringify(record)))) throw damaged(place);
  return record as unknown as T;
}
