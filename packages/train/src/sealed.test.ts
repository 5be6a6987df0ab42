import { fromSafetensors } from '@semivae/graph';
import { expect, test } from 'vitest';
import { checkSealed, openRecord, sealRecord, sealTensors } from './sealed.ts';

const tensors = {
  weight: { shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, at) => at / 7) },
  step: { shape: [], data: Float32Array.of(3) },
};

test('sealed tensors are tensors, and any single flipped bit of them is noticed (fault 22)', () => {
  const bytes = sealTensors(tensors, { format: 'test' });
  expect(fromSafetensors(bytes).tensors).toEqual(tensors);
  expect(() => checkSealed(bytes, 'here')).not.toThrow();
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => checkSealed(flipped, 'here'), `bit ${bit}`).toThrow(/here: it is not as it was written/);
  }
});

test('a sealed record is read back; flipped bits of its text leave it equal, or it is refused (fault 22)', () => {
  const record = {
    recipe: { rate: 1e-3, name: 'a [1, 2] b' },
    columns: [1.5, null, true],
    extra: { __proto: 1 },
  };
  const text = JSON.stringify(sealRecord(record), null, 2);
  expect(openRecord(JSON.parse(text), 'here', 'recipe')).toEqual(record);
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    let read: unknown;
    try {
      read = openRecord(JSON.parse(flipped.toString()), 'here', 'recipe');
    } catch {
      continue;
    }
    expect(read, `bit ${bit}`).toEqual(record);
  }
});

test('what older versions wrote without a seal is read', () => {
  expect(openRecord({ recipe: 1 }, 'here', 'recipe')).toEqual({ recipe: 1 });
});
