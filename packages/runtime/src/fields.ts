import { BundleMalformed } from './errors.ts';

/** A value of the manifest and where it stands. */
export interface Field {
  readonly value: unknown;
  of(key: string): Field;
  fail(expected: string): never;
}

/** A field at a path below `place`; its `fail` throws BUNDLE_MALFORMED. */
export function at(place: string, path: string, value: unknown): Field {
  const fail = (expected: string): never => {
    const found = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
    throw new BundleMalformed(`${place}, ${path || 'top'}`, `expected ${expected}, found ${found}`);
  };
  const of = (key: string): Field => {
    if (typeof value !== 'object' || value === null) return fail('an object');
    const own = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return at(place, path ? `${path}.${key}` : key, own);
  };
  return { value, of, fail };
}

export function text(field: Field): string {
  return typeof field.value === 'string' ? field.value : field.fail('a text');
}

export function filled(field: Field): string {
  return text(field) || field.fail('a text that is not empty');
}

export function matching(field: Field, pattern: RegExp, expected: string): string {
  return pattern.test(text(field)) ? text(field) : field.fail(expected);
}

/** A plain name: it cannot lead out of the bundle's folder. */
export function fileName(field: Field): string {
  const expected = 'a plain file name (letters, digits, . _ -), not a path';
  return matching(field, /^[A-Za-z0-9_][A-Za-z0-9._-]*$/, expected);
}

export function number(field: Field): number {
  return typeof field.value === 'number' ? field.value : field.fail('a number');
}

export function count(field: Field, least: number): number {
  const value = number(field);
  return Number.isSafeInteger(value) && value >= least ? value : field.fail(`an integer from ${least} up`);
}

export function one<T extends string>(field: Field, expected: T): T {
  return oneOf(field, [expected]);
}

export function oneOf<T extends string | number>(field: Field, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === field.value);
  return found ?? field.fail(choices.map((choice) => JSON.stringify(choice)).join(' or '));
}

export function list<T>(field: Field, item: (each: Field) => T): T[] {
  if (!Array.isArray(field.value)) return field.fail('a list');
  return field.value.map((_, i) => item(field.of(String(i))));
}

export function finite(field: Field): number {
  return Number.isFinite(number(field)) ? number(field) : field.fail('a finite number');
}

export function distinct(field: Field): string[] {
  const names = list(field, filled);
  differing(field, names);
  return names;
}

export function differing(field: Field, values: readonly unknown[]): void {
  if (new Set(values).size !== values.length) field.fail('values that differ from each other');
}

/** The entry of `key`, or none where it is absent. */
export function optional<K extends string, T>(
  key: K,
  parent: Field,
  read: (field: Field) => T,
): { [key in K]?: T } {
  const field = parent.of(key);
  return field.value === undefined ? {} : ({ [key]: read(field) } as { [key in K]: T });
}

export function record<T>(field: Field, item: (each: Field) => T): Record<string, T> {
  if (typeof field.value !== 'object' || field.value === null || Array.isArray(field.value)) {
    return field.fail('an object');
  }
  return Object.fromEntries(Object.keys(field.value).map((key) => [key, item(field.of(key))]));
}
