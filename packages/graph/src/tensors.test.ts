import { describe, expect, test } from 'vitest';
import { GraphError } from './errors.ts';
import { fromSafetensors, toSafetensors } from './tensors.ts';

const tensors = {
  'q(z|x,y)/mean/weight': { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-38, Infinity) },
  'ε, of rank 0': { shape: [], data: Float32Array.of(7) },
  empty: { shape: [0, 3], data: new Float32Array(0) },
};
const bytes = toSafetensors(tensors, { step: '12', note: 'für alle' });

/** Bytes with this header and so much data behind it. */
function withHeader(header: unknown, data = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const made = new Uint8Array(8 + text.length + data);
  new DataView(made.buffer).setBigUint64(0, BigInt(text.length), true);
  made.set(text, 8);
  return made;
}

const damaged = expect.objectContaining({
  code: 'SAFETENSORS',
  place: expect.stringContaining('a.safetensors'),
});

describe('safetensors', () => {
  test('come back as they went, wherever they lie in memory', () => {
    expect(fromSafetensors(bytes)).toEqual({ tensors, metadata: { step: '12', note: 'für alle' } });
    const inside = new Uint8Array(bytes.length + 13).fill(9);
    inside.set(bytes, 5);
    expect(fromSafetensors(inside.subarray(5, 5 + bytes.length)).tensors).toEqual(tensors);
  });

  test('begin their data on 8 bytes', () => {
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  test('of any shorter or longer length are refused', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(() => fromSafetensors(bytes.slice(0, length), 'a.safetensors')).toThrow(damaged);
    expect(() => fromSafetensors(Uint8Array.of(...bytes, 0), 'a.safetensors')).toThrow(damaged);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', null],
    ['a list', []],
    ['an entry that is null', { w: null }],
    ['an entry without a shape', { w: { dtype: 'F32', data_offsets: [0, 4] } }],
    ['a shape that is no list', { w: { dtype: 'F32', shape: 1, data_offsets: [0, 4] } }],
    ['a negative shape', { w: { dtype: 'F32', shape: [-1, -1], data_offsets: [0, 4] } }],
    ['a text for a size', { w: { dtype: 'F32', shape: ['1'], data_offsets: [0, 4] } }],
    ['offsets that run backwards', { w: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }],
    ['offsets outside', { w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }],
    ['one offset', { w: { dtype: 'F32', shape: [1], data_offsets: [4] } }],
    ['another type', { w: { dtype: 'F64', shape: [1], data_offsets: [0, 4] } }],
    ['data of no tensor', {}],
    ['metadata that is null', { __metadata__: null, w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }],
    [
      'metadata with numbers',
      { __metadata__: { a: 1 }, w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } },
    ],
  ])('whose header is %s are refused', (_, header) => {
    expect(() => fromSafetensors(withHeader(header, 4), 'a.safetensors')).toThrow(damaged);
  });

  test('with any one byte changed are read or refused, and nothing else happens', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 0x20, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at]! ^= change;
        try {
          fromSafetensors(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(GraphError);
        }
      }
    }
  });
});
