import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { onnx } from '#schema';
import { GraphError } from '../errors.ts';
import { graph } from '../graph.ts';
import { constant, input, integers, noise, parameter, texts } from '../leaves.ts';
import { add, mul } from '../ops/elementwise.ts';
import { gather } from '../ops/gather.ts';
import { gemm } from '../ops/linear.ts';
import { labelEncoder, topK } from '../ops/lookup.ts';
import { softmax, sum } from '../ops/reduce.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';

const x = input('x', ['batch', 3]);
const w = parameter('w', [2, 3], { kind: 'normal', scale: 1 });
const e = noise('e', [2]);
const scaled = add(gemm(x, w, { transB: true }), mul(e, 0.5));
const whole = graph('whole', {
  y: softmax(scaled),
  total: sum(scaled, [1]),
  again: add(mul(scaled, 0.5), 0.5),
});
const frozen = { w: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } };

describe('an encoded graph', () => {
  const file = decode(encode(whole, { description: 'a test', version: '1.2', metadata: { a: 'ä' } }));

  test('says what it is, in a format that old runtimes take', () => {
    expect(file).toMatchObject({ name: 'whole', description: 'a test', producer: 'semivae 1.2' });
    expect(file.metadata).toEqual({ a: 'ä' });
    expect(file.opset).toBeLessThanOrEqual(17);
    expect(file.irVersion).toBeLessThanOrEqual(8);
  });

  test('has its leaves as inputs, with their free dimension', () => {
    expect(file.inputs).toEqual([
      { name: 'x', type: 'float32', shape: ['batch', 3] },
      { name: 'e', type: 'float32', shape: [2] },
      { name: 'w', type: 'float32', shape: [2, 3] },
    ]);
    expect(file.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['y', ['batch', 2]],
      ['total', ['batch']],
      ['again', ['batch', 2]],
    ]);
  });

  test('has every node after its inputs, with its attributes', () => {
    const known = new Set([...file.inputs, ...file.tensors].map(({ name }) => name));
    for (const { inputs, outputs } of file.nodes) {
      for (const name of inputs) expect(known).toContain(name);
      for (const name of outputs) known.add(name);
    }
    for (const { name } of file.outputs) expect(known).toContain(name);
    expect(file.nodes[0]).toMatchObject({ op: 'Gemm', attributes: { transA: 0, transB: 1 } });
    expect(file.nodes.find(({ op }) => op === 'Softmax')?.attributes).toEqual({ axis: -1 });
  });

  test('holds an equal constant once, and unequal ones apart', () => {
    const halves = file.tensors.filter(({ type, shape }) => type === 'float32' && shape.length === 0);
    expect(halves).toHaveLength(1);
    const long = (value: number) => constant(new Float32Array(100).fill(value), [100]);
    const both = decode(encode(graph('long', { y: add(long(1), long(2)) })));
    expect(both.tensors.map(({ bytes }) => new Float32Array(bytes.slice().buffer)[99])).toEqual([1, 2]);
  });

  test('tells +0 from −0', () => {
    const signed = graph('zeros', { y: add(mul(x, 0), -0) });
    expect(decode(encode(signed)).tensors).toHaveLength(2);
  });

  test('has a name of its own for an output that is a leaf, or another output', () => {
    const { nodes, outputs } = decode(encode(graph('copies', { y: scaled, z: scaled, leaf: x })));
    expect(outputs.map(({ name }) => name)).toEqual(['y', 'z', 'leaf']);
    expect(nodes.filter(({ op }) => op === 'Identity').map(({ outputs: [name] }) => name)).toEqual([
      'z',
      'leaf',
    ]);
  });
});

describe('a graph with texts', () => {
  const names = input('names', ['batch', 2], 'string');
  const bytes = encode(graph('texts', { y: labelEncoder(names, ['b', 'ü'], { missing: 7 }) }));
  const { ModelProto } = onnx;

  test('imports the opset of its ops, which no other graph does', () => {
    const domains = (of: Uint8Array) => ModelProto.decode(of).opset_import!.map((each) => each.domain);
    expect(domains(bytes)).toEqual(['', 'ai.onnx.ml']);
    expect(domains(encode(whole))).toEqual(['']);
    expect(ModelProto.decode(bytes).graph!.node![0]!.domain).toBe('ai.onnx.ml');
  });

  test('keeps their keys', () => {
    const { inputs, nodes } = decode(bytes);
    expect(inputs).toEqual([{ name: 'names', type: 'string', shape: ['batch', 2] }]);
    const attributes = { keys_strings: ['b', 'ü'], values_int64s: [0, 1], default_int64: 7 };
    expect(nodes[0]).toMatchObject({ op: 'LabelEncoder', attributes });
  });

  test('holds constants as texts', () => {
    const chosen = gather(texts(['a', 'ü']), integers([1]));
    const held = ModelProto.decode(encode(graph('chosen', { chosen }))).graph!.initializer!;
    expect(held[0]!.string_data!.map((each) => new TextDecoder().decode(each))).toEqual(['a', 'ü']);
  });
});

test('the second output of an operator is read under its own name', () => {
  const { nodes } = decode(encode(graph('best', { best: topK(x, 2).indices })));
  expect(nodes[0]).toMatchObject({ op: 'TopK', outputs: [expect.stringMatching(/^best\/unread/), 'best'] });
});

describe('a frozen leaf', () => {
  test('is a tensor of the file, no input of it', () => {
    const { inputs, tensors } = decode(encode(whole, { frozen }));
    expect(inputs.map(({ name }) => name)).toEqual(['x', 'e']);
    const held = tensors.find(({ name }) => name === 'w')!;
    expect(held.shape).toEqual([2, 3]);
    expect(new Float32Array(held.bytes.slice().buffer)).toEqual(frozen.w.data);
  });

  test('of another shape is refused by name', () => {
    const turned = { w: { ...frozen.w, shape: [3, 2] } };
    expect(() => encode(whole, { frozen: turned })).toThrow(
      expect.objectContaining({ code: 'FROZEN_SHAPE' }),
    );
    expect(() => encode(whole, { frozen: turned })).toThrow(/'w'.*\[3, 2\].*\[2, 3\]/);
  });
});

describe('bytes that are no ONNX file', () => {
  const bytes = encode(whole);
  const malformed = expect.objectContaining({ code: 'ONNX_MALFORMED', place: 'a.onnx' });

  test.each([
    ['none', new Uint8Array(0)],
    ['a text', new TextEncoder().encode('{"not": "onnx"}')],
    ['zeros', new Uint8Array(64)],
  ])('%s: are refused', (_, given) => {
    expect(() => decode(given, 'a.onnx')).toThrow(malformed);
  });

  test('cut short or changed are read or refused, and nothing else happens', () => {
    const tried = [
      ...Array.from(bytes, (_, length) => bytes.slice(0, length)),
      ...Array.from(bytes, (byte, at) => bytes.slice().fill(byte ^ 0xff, at, at + 1)),
    ];
    for (const each of tried) {
      try {
        decode(each, 'a.onnx');
      } catch (error) {
        expect(error).toBeInstanceOf(GraphError);
      }
    }
  });
});

test('nothing that is loaded makes code of text: encoding works where that is forbidden', async () => {
  const { build } = await import('vite');
  const entry = fileURLToPath(new URL('../index.ts', import.meta.url));
  const lib = { entry, formats: ['es' as const] };
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib, target: 'es2022' },
  });
  const [{ output }] = built as unknown as [{ output: [{ code: string }] }];
  const { code } = output[0];
  expect(code).not.toMatch(/\beval\b|\bnew Function\b/);
  const use = code.replace(/export\s*\{/, 'const used = {').replaceAll(/([\w$]+) as (\w+)/g, '$2: $1');
  const program = `${use}
    let forbidden = false;
    try { new Function('return 1')(); } catch { forbidden = true; }
    const bytes = used.encode(used.graph('g', { y: used.add(used.input('x', [2]), 1) }));
    console.log(forbidden, used.decode(bytes).nodes[0].op);`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--input-type=module', '-'],
    { input: program, encoding: 'utf8' },
  );
  expect(stdout.trim(), stderr).toBe('true Add');
});

test('a graph of more than 2 GiB is refused, and never cut off (fault 17)', () => {
  const side = 2 ** 14;
  const [a, b] = ['a', 'b'].map((name) => parameter(name, [side, side], { kind: 'normal', scale: 1 }));
  const sides = { a: [side, side], b: [side, side] };
  const zeros = new Float32Array(side * side);
  const frozen = Object.fromEntries(
    Object.entries(sides).map(([name, shape]) => [name, { shape, data: zeros }]),
  );
  const large = graph('large', { sum: add(a!, b!) });
  expect(() => encode(large, { frozen })).toThrow(expect.objectContaining({ code: 'MODEL_TOO_LARGE' }));
});
