import { describe, expect, test } from 'vitest';
import { modelProto } from '../test/onnx.ts';
import { host as nodeHost } from './node.ts';
import { peer } from './session.ts';
import { host as webHost } from './web.ts';

const ports = (name: string) => [{ name, type: 'float32', shape: ['batch', 2] } as const];
const doubling = modelProto(
  [
    { op: 'Mul', inputs: ['a', 'two'], output: 'b' },
    { op: 'Neg', inputs: ['b'], output: 'c' },
  ],
  [{ name: 'two', dims: [1], data: Float32Array.of(2) }],
  ports('a'),
  [...ports('b'), ...ports('c')],
);
const a = { type: 'float32', dims: [1, 2], data: Float32Array.of(3, 4) } as const;

describe.each([nodeHost, webHost])('$name', (host) => {
  test('names inputs and outputs, and runs', async () => {
    const session = await host.openSession(doubling, { threads: 1 });
    expect(session.inputs).toEqual(['a']);
    expect(session.outputs).toEqual(['b', 'c']);
    const { b, c } = await session.run({ a });
    expect(b).toMatchObject({ type: 'float32', dims: [1, 2], data: Float32Array.of(6, 8) });
    expect(c!.data).toEqual(Float32Array.of(-6, -8));
  });

  test('computes only what is fetched, and writes it where it is asked to', async () => {
    const session = await host.openSession(doubling, { threads: 1 });
    const here = { ...a, data: new Float32Array(2) };
    const found = await session.run({ a }, { b: here });
    expect(Object.keys(found)).toEqual(['b']);
    expect(found.b!.data).toBe(here.data);
    expect(here.data).toEqual(Float32Array.of(6, 8));
    expect(Object.keys(await session.run({ a }, { c: null }))).toEqual(['c']);
  });

  test('takes a view into a longer array', async () => {
    const session = await host.openSession(doubling, { threads: 1 });
    const data = Float32Array.of(1, 2, 3, 4).subarray(2);
    expect((await session.run({ a: { ...a, data } })).b!.data).toEqual(Float32Array.of(6, 8));
  });

  test('refuses what is no model', async () => {
    const opening = host.openSession(Uint8Array.of(1, 2, 3), { threads: 1, place: 'broken.onnx' });
    await expect(opening).rejects.toMatchObject({ code: 'SESSION_REFUSED', place: 'broken.onnx' });
  });

  test('refuses to run once released', async () => {
    const session = await host.openSession(doubling, { threads: 1 });
    await session.release();
    await session.release();
    await expect(session.run({ a })).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});

test('a peer that is not installed is named', async () => {
  const name = 'onnxruntime-absent';
  const loading = peer(name, () => import(name));
  await expect(loading).rejects.toMatchObject({ code: 'RUNTIME_MISSING', place: name });
});
