import { GraphError } from './errors.ts';

/** A named tensor as it is stored: numbers, row-major, with their shape. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
export type Tensors = Readonly<Record<string, StoredTensor>>;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const ALIGNMENT = 8;

/** float32 tensors as safetensors bytes, in the order of the record, with string metadata. */
export function toSafetensors(tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { shape, data }]): [string, unknown] => {
    const data_offsets = [offset, offset + data.byteLength];
    offset += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets }];
  });
  const header = Object.fromEntries<unknown>([['__metadata__', metadata], ...entries]);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, 8);
  let at = 8 + headerBytes;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function corrupt(problem: string, place: string): GraphError {
  return new GraphError(
    'SAFETENSORS',
    problem,
    place,
    'The file is damaged or not safetensors: use another copy.',
  );
}

type Header = Readonly<Record<string, unknown>>;

const isRecord = (each: unknown): each is Header =>
  typeof each === 'object' && each !== null && !Array.isArray(each);
const areSizes = (each: unknown): each is readonly number[] =>
  Array.isArray(each) && each.every((size) => Number.isSafeInteger(size) && size >= 0);
const isEntry = (each: unknown): boolean =>
  isRecord(each) && areSizes(each.shape) && areSizes(each.data_offsets) && each.data_offsets.length === 2;

function headerOf(bytes: Uint8Array, place: string): { header: Header; start: number } {
  if (bytes.length < 8) throw corrupt(`${bytes.length} bytes are too few`, place);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8)
    throw corrupt(`a header of ${length} bytes does not fit in ${bytes.length}`, place);
  const header = parsed(new TextDecoder().decode(bytes.subarray(8, 8 + length)), place);
  if (!isRecord(header)) throw corrupt('the header is no record of tensors', place);
  return { header, start: 8 + length };
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw corrupt('the header is not JSON', place);
  }
}

function entryTensor(bytes: Uint8Array, start: number, given: unknown, place: string): StoredTensor {
  if (!isEntry(given)) throw corrupt('an entry without shape and offsets', place);
  const { dtype, shape, data_offsets } = given as Entry;
  const [from, to] = data_offsets;
  if (dtype !== 'F32') throw corrupt(`type ${dtype}, only F32 is read`, place);
  const size = shape.reduce((product, each) => product * each, 1);
  if (to - from !== size * 4 || start + to > bytes.length)
    throw corrupt('offsets that disagree with the shape', place);
  // a copy, for alignment; a Buffer's own slice would share its pool
  const copy = Uint8Array.from(bytes.subarray(start + from, start + to));
  return { shape, data: new Float32Array(copy.buffer) };
}

/** The tensors and metadata of safetensors bytes. Throws `SAFETENSORS` where they are damaged; `place` names the file. */
export function fromSafetensors(
  bytes: Uint8Array,
  place = 'safetensors',
): { tensors: Tensors; metadata: Record<string, string> } {
  const { header, start } = headerOf(bytes, place);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((each) => typeof each === 'string'))
    throw corrupt('metadata that is no record of texts', place);
  const told = Object.values(entries).map((each) => (isEntry(each) ? (each as Entry).data_offsets : [0, 0]));
  const stored = told.reduce((total, [from, to]) => total + to! - from!, 0);
  if (start + stored !== bytes.length)
    throw corrupt(`${bytes.length - start} bytes of data where tensors have ${stored}`, place);
  const tensors = Object.entries(entries).map(
    ([name, entry]) => [name, entryTensor(bytes, start, entry, `${place}, tensor '${name}'`)] as const,
  );
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}
