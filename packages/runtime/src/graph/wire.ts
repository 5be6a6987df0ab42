import { GraphRefused, GraphTooLarge } from '../errors.ts';

/** A message of protobuf, not yet taken apart, and how errors name it. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly place: string;
  readonly budget: Budget;
}

/** What is left to be read of a file: however it is made, reading it ends soon and holds little. */
export interface Budget {
  fields: number;
}

/** A table of 38 columns takes 10,000; each text that a category is told by takes one. */
export const MOST_FIELDS = 500_000;

/** An integer, or the bytes of whatever else a field holds. */
type Field = number | Uint8Array;

/** What is found of each field that is asked for, in order. */
export type Found<Name extends string> = { readonly [N in Name]: readonly Field[] };

/**
 * The fields of a message by name; `known` tells their names by number, and no other may be there: what this file format
 * may hold beside it (graphs within graphs, functions, external data) is not ours. None may be there more than `most` times.
 * Throws GRAPH_REFUSED, GRAPH_TOO_LARGE.
 */
export function fieldsOf<Name extends string>(
  message: Message,
  known: Readonly<Record<number, Name>>,
  most = MOST_FIELDS,
): Found<Name> {
  const found = Object.fromEntries(Object.values(known).map((name) => [name, [] as Field[]]));
  const cursor = { at: 0 };
  while (cursor.at < message.bytes.length) {
    spend(message);
    const [number, field] = nextField(message, cursor);
    const name = known[number];
    if (name === undefined) throw new GraphRefused(message.place, unknownField(message, number));
    if (found[name]!.push(field) > most)
      throw new GraphTooLarge(message.place, `it has more than ${most} fields '${name}'`);
  }
  return found as unknown as Found<Name>;
}

function unknownField({ place }: Message, number: number): string {
  const kind = place.slice(place.lastIndexOf(', ') + 2).split(' ')[0]!;
  return `it holds ${strange[`${kind} ${number}`] ?? `field ${number}, which no export writes`}`;
}

/** Fields of ONNX that can do harm, by message and number. */
const strange: Readonly<Record<string, string>> = {
  'model 20': 'a training graph',
  'model 25': 'functions of its own',
  'graph 15': 'sparse tensors',
  'attribute 6': 'a graph within the graph',
  'attribute 11': 'graphs within the graph',
  'tensor 13': 'the name of another file (external data)',
  'tensor 14': 'a place outside the file (external data)',
};

export function spend({ budget, place }: Message): void {
  if (budget.fields-- > 0) return;
  throw new GraphTooLarge(place, `the file has more than ${MOST_FIELDS} fields`);
}

interface Cursor {
  at: number;
}

/** Wire types of protobuf that are still in use. */
const [varint, eightBytes, delimited, fourBytes] = [0, 1, 2, 5];

function nextField(message: Message, cursor: Cursor): [number, Field] {
  const tag = integerAt(message, cursor);
  const number = Math.floor(tag / 8);
  const type = tag % 8;
  if (type === varint) return [number, integerAt(message, cursor)];
  if (type === delimited) return [number, take(message, cursor, integerAt(message, cursor))];
  if (type === eightBytes) return [number, take(message, cursor, 8)];
  if (type === fourBytes) return [number, take(message, cursor, 4)];
  throw broken(message);
}

function take(message: Message, cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (!(length >= 0 && end <= message.bytes.length)) throw broken(message);
  const taken = message.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return taken;
}

/** A varint of 64 bits, as signed; beyond 2⁵³ it is not exact, and beyond every limit. */
function integerAt(message: Message, cursor: Cursor): number {
  let [low, high] = [0, 0];
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = message.bytes[cursor.at++];
    if (byte === undefined) break;
    if (shift < 28) low += (byte & 127) * 2 ** shift;
    else high += (byte & 127) * 2 ** (shift - 28);
    if (byte < 128) return signed(low, high);
  }
  throw broken(message);
}

/** 28 and 36 bits; below zero where the last of them is set. */
const signed = (low: number, high: number): number =>
  (high < 2 ** 35 ? high : high - 2 ** 36) * 2 ** 28 + low;

const broken = ({ place }: Message): GraphRefused =>
  new GraphRefused(place, 'the bytes are not an ONNX model');

/** The message in a field. */
export function messageIn(parent: Message, field: Field, place: string): Message {
  if (typeof field === 'number') throw broken(parent);
  return { bytes: field, place: `${parent.place}, ${place}`, budget: parent.budget };
}

/** The one value of a field; nothing where it is absent. */
export function only(message: Message, name: string, fields: readonly Field[]): Field | undefined {
  if (fields.length > 1) throw new GraphRefused(message.place, `its ${name} is there ${fields.length} times`);
  return fields[0];
}

export function integerIn(message: Message, name: string, fields: readonly Field[]): number {
  const field = only(message, name, fields) ?? 0;
  if (typeof field !== 'number') throw broken(message);
  return field;
}

/** Repeated integers, one by one or packed. */
export function integersIn(message: Message, fields: readonly Field[]): number[] {
  return fields.flatMap((field) => (typeof field === 'number' ? [field] : packed(message, field)));
}

function packed(message: Message, bytes: Uint8Array): number[] {
  const [values, cursor] = [[] as number[], { at: 0 }];
  while (cursor.at < bytes.length) {
    spend(message);
    values.push(integerAt({ ...message, bytes }, cursor));
  }
  return values;
}

export function textIn(message: Message, name: string, fields: readonly Field[]): string {
  return textOf(message, only(message, name, fields) ?? new Uint8Array());
}

/** Names are short; a longer one would be held many times over. */
const LONGEST_NAME = 10_000;
const decoder = new TextDecoder('utf-8', { fatal: true });

export function textOf(message: Message, field: Field): string {
  if (typeof field === 'number' || field.length > LONGEST_NAME) throw broken(message);
  try {
    return decoder.decode(field);
  } catch {
    throw broken(message);
  }
}
