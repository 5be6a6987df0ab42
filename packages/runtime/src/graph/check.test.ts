import { beforeAll, describe, expect, test } from 'vitest';
import { edited, pixels, tinyBundle } from '../../test/bundle.ts';
import {
  bytes,
  graphProto,
  integer,
  modelHeader,
  modelProto,
  type Node,
  nodeProto,
  utf8,
  type Weight,
} from '../../test/onnx.ts';
import { tableBundle } from '../../test/table.ts';
import { memoryFiles, sha256 } from '../files.ts';
import { loadWith } from '../model.ts';
import { host } from '../node.ts';
import { checkGraph, MOST_BYTES } from './check.ts';

const x = { name: 'x', type: 'uint8', shape: ['batch', pixels] } as const;
const score = { name: 'score', type: 'float32', shape: ['batch'] } as const;
const axis: Weight = { name: 'axis', dims: [1], data: BigInt64Array.of(1n) };

const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Node['attributes'] = {},
  domain?: string,
): Node => ({ op, inputs, output, attributes, ...(domain !== undefined && { domain }) });

const float = node('Cast', ['x'], 'float', { to: 1 });
const summed = node('ReduceSum', ['float', 'axis'], 'score', { keepdims: 0 });

/** A scorer of these nodes, which ends as one should. */
const scorer = (nodes: readonly Node[], weights: readonly Weight[] = []): Uint8Array =>
  modelProto([float, ...nodes, summed], [axis, ...weights], [x], [score]);

/** A scorer with bytes of protobuf put into it: into the model, its graph, a node of its, or a tensor. */
const holding = ({
  model = [],
  graph = [],
  inNode = [],
  tensor = [],
}: Record<string, number[]>): Uint8Array =>
  Uint8Array.from([
    ...modelHeader(),
    ...model,
    ...bytes(7, [
      ...graphProto([float, summed], [axis], [x], [score]),
      ...graph,
      ...(inNode.length > 0 ? bytes(1, [...nodeProto(node('Neg', ['float'], 'put in')), ...inNode]) : []),
      ...(tensor.length > 0 ? bytes(5, [...bytes(8, utf8('put in')), ...tensor]) : []),
    ]),
  ]);

const attribute = (name: string, content: readonly number[]): number[] =>
  bytes(5, [...bytes(1, utf8(name)), ...content]);
const nowhere = { graph: graphProto([], [], [], []) };
const external = (place: string): number[] => [
  ...integer(1, 1),
  ...integer(2, 1),
  ...integer(14, 1),
  ...bytes(13, [...bytes(1, utf8('location')), ...bytes(2, utf8(place))]),
];

const long = (...sizes: readonly (number | bigint)[]): Weight => ({
  name: 'sizes',
  dims: [sizes.length],
  data: BigInt64Array.from(sizes, BigInt),
});
const spoilt = (value: number): Weight => ({ name: 'spoilt', dims: [2], data: Float32Array.of(1, value) });

/** `depth` messages within each other, each the only field of the one around it. */
function nested(depth: number, field: number): number[] {
  let content: number[] = [];
  for (let i = 0; i < depth; i++) content = bytes(field, content);
  return content;
}

/** So many nodes without the cost of making each. */
function manyNodes(count: number): Uint8Array {
  const one = bytes(1, nodeProto(node('Identity', ['float'], 'name')));
  const rest = graphProto([float, summed], [axis], [x], [score]);
  const graph = new Uint8Array(rest.length + count * one.length).map((_, i) =>
    i < rest.length ? rest[i]! : one[(i - rest.length) % one.length]!,
  );
  const before = [...modelHeader(), ...bytes(7, []).slice(0, -1), ...varint(graph.length)];
  const file = new Uint8Array(before.length + graph.length);
  file.set(before);
  file.set(graph, before.length);
  return file;
}

const varint = (value: number): number[] => integer(1, value).slice(1);

const hostile: readonly (readonly [title: string, code: string, says: RegExp, file: () => Uint8Array])[] = [
  [
    'external data below the working directory (fault 10)',
    'GRAPH_REFUSED',
    /put in|external/,
    () => holding({ tensor: external('package.json') }),
  ],
  [
    'external data by an absolute path (fault 10)',
    'GRAPH_REFUSED',
    /external/,
    () => holding({ tensor: external('/etc/passwd') }),
  ],
  [
    'external data above (fault 10)',
    'GRAPH_REFUSED',
    /external/,
    () => holding({ tensor: external('../secret') }),
  ],
  ['a Loop (fault 9)', 'GRAPH_REFUSED', /Loop/, () => scorer([node('Loop', ['float'], 'y')])],
  [
    'a Loop with its body (fault 9)',
    'GRAPH_REFUSED',
    /graph within/,
    () => holding({ inNode: attribute('body', [...bytes(6, nowhere.graph), ...integer(20, 5)]) }),
  ],
  ['an If (fault 9)', 'GRAPH_REFUSED', /If/, () => scorer([node('If', ['float'], 'y')])],
  ['a Scan (fault 9)', 'GRAPH_REFUSED', /Scan/, () => scorer([node('Scan', ['float'], 'y')])],
  [
    'graphs in a list (fault 9)',
    'GRAPH_REFUSED',
    /graphs within/,
    () => holding({ inNode: attribute('g', bytes(11, nowhere.graph)) }),
  ],
  [
    'functions of its own (fault 9)',
    'GRAPH_REFUSED',
    /functions/,
    () => holding({ model: bytes(25, bytes(1, utf8('f'))) }),
  ],
  ['a training graph', 'GRAPH_REFUSED', /training/, () => holding({ model: bytes(20, []) })],
  ['sparse tensors', 'GRAPH_REFUSED', /sparse/, () => holding({ graph: bytes(15, []) })],
  [
    'an operator of another domain (fault 9)',
    'GRAPH_REFUSED',
    /Neg/,
    () => scorer([node('Neg', ['float'], 'y', {}, 'com.microsoft')]),
  ],
  [
    'another domain imported (fault 9)',
    'GRAPH_REFUSED',
    /com\.microsoft/,
    () => holding({ model: bytes(8, [...bytes(1, utf8('com.microsoft')), ...integer(2, 1)]) }),
  ],
  [
    'an operator that no export writes',
    'GRAPH_REFUSED',
    /RandomNormal/,
    () => scorer([node('RandomNormal', ['float'], 'y')]),
  ],
  [
    'an operator named as a method of objects',
    'GRAPH_REFUSED',
    /constructor/,
    () => scorer([node('constructor', ['float'], 'y')]),
  ],
  [
    'an attribute that no export writes',
    'GRAPH_REFUSED',
    /alpha/,
    () => scorer([node('Neg', ['float'], 'y', { alpha: 1 })]),
  ],
  [
    'a newer opset (fault 4)',
    'BUNDLE_TOO_NEW',
    /opset 99/,
    () => Uint8Array.from([...modelHeader({ opset: 99 }), ...bytes(7, nowhere.graph)]),
  ],
  [
    'a newer opset of texts (fault 4)',
    'BUNDLE_TOO_NEW',
    /ai\.onnx\.ml 9/,
    () => Uint8Array.from([...modelHeader({ learning: 9 }), ...bytes(7, nowhere.graph)]),
  ],
  [
    'a newer file version (fault 4)',
    'BUNDLE_TOO_NEW',
    /version 99/,
    () => Uint8Array.from([...modelHeader({ ir: 99 }), ...bytes(7, nowhere.graph)]),
  ],
  [
    'data that do not fill the shape (fault 5)',
    'GRAPH_REFUSED',
    /2 elements.*\[3\]/,
    () => scorer([], [{ name: 'w', dims: [3], data: Float32Array.of(1, 2) }]),
  ],
  [
    'a negative dimension (fault 6)',
    'GRAPH_REFUSED',
    /no shape/,
    () => scorer([], [{ name: 'w', dims: [-1], data: Float32Array.of(1) }]),
  ],
  [
    'a dimension of 2^40 (fault 6)',
    'GRAPH_REFUSED',
    /1099511627776/,
    () => scorer([], [{ name: 'w', dims: [2 ** 40], data: Float32Array.of(1) }]),
  ],
  [
    'dimensions whose product is beyond all numbers (fault 6)',
    'GRAPH_REFUSED',
    /no shape/,
    () => scorer([], [{ name: 'w', dims: [2 ** 40, 2 ** 40], data: Float32Array.of(1) }]),
  ],
  ['a weight that is NaN (fault 7)', 'WEIGHT_NOT_FINITE', /spoilt/, () => scorer([], [spoilt(Number.NaN)])],
  [
    'a weight that is infinite (fault 7)',
    'WEIGHT_NOT_FINITE',
    /spoilt/,
    () => scorer([], [spoilt(-Infinity)]),
  ],
  [
    'a weight of float64 that is NaN (fault 7)',
    'WEIGHT_NOT_FINITE',
    /wide/,
    () => scorer([], [{ name: 'wide', dims: [1], data: Float64Array.of(Number.NaN) }]),
  ],
  [
    'a circle (fault 8)',
    'GRAPH_REFUSED',
    /circle/,
    () => scorer([node('Neg', ['b'], 'a'), node('Neg', ['a'], 'b')]),
  ],
  [
    'a node before its input (fault 8)',
    'GRAPH_REFUSED',
    /'late'/,
    () => scorer([node('Neg', ['late'], 'a'), node('Neg', ['float'], 'late')]),
  ],
  [
    'two values of one name (fault 8)',
    'GRAPH_REFUSED',
    /two values/,
    () => scorer([node('Neg', ['float'], 'a'), node('Abs', ['float'], 'a')]),
  ],
  [
    'a weight in the place of an input (fault 8)',
    'GRAPH_REFUSED',
    /two values/,
    () => scorer([], [{ name: 'x', dims: [1], data: Float32Array.of(1) }]),
  ],
  [
    'an output that nothing computes (fault 8)',
    'GRAPH_REFUSED',
    /'score'/,
    () => modelProto([float], [axis], [x], [score]),
  ],
  [
    'graphs within graphs, 1000 deep (fault 11)',
    'GRAPH_REFUSED',
    /graph within/,
    () => holding({ inNode: attribute('body', nested(1000, 6)) }),
  ],
  [
    'types within types, 1000 deep (fault 11)',
    'GRAPH_REFUSED',
    /field 4/,
    () => holding({ graph: bytes(11, [...bytes(1, utf8('deep')), ...bytes(2, nested(1000, 4))]) }),
  ],
  ['500,000 nodes (fault 12)', 'GRAPH_TOO_LARGE', /node/, () => manyNodes(500_000)],
  [
    'a tensor of 4 GB, expanded (fault 13)',
    'GRAPH_TOO_LARGE',
    /MB at once/,
    () =>
      scorer(
        [node('Expand', ['w', 'sizes'], 'y')],
        [{ name: 'w', dims: [1], data: Float32Array.of(1) }, long(2 ** 15, 2 ** 15)],
      ),
  ],
  [
    'a tensor of 4 GB, padded (fault 13)',
    'GRAPH_TOO_LARGE',
    /MB at once/,
    () =>
      scorer(
        [node('Pad', ['w', 'sizes'], 'y')],
        [{ name: 'w', dims: [1], data: Float32Array.of(1) }, long(0, 2 ** 30)],
      ),
  ],
  [
    'a product of two vectors that is 4 GB (fault 13)',
    'GRAPH_TOO_LARGE',
    /MB at once/,
    () =>
      scorer(
        [node('Reshape', ['w', 'sizes'], 'column'), node('Mul', ['column', 'w'], 'y')],
        [{ name: 'w', dims: [2 ** 15], data: new Float32Array(2 ** 15) }, long(2 ** 15, 1)],
      ),
  ],
  ['many values that are kept (fault 13)', 'GRAPH_TOO_LARGE', /MB at once/, () => kept(64)],
  [
    'a size that is computed (fault 13)',
    'GRAPH_REFUSED',
    /not part of the file/,
    () => scorer([node('Cast', ['float'], 'big', { to: 7 }), node('Expand', ['float', 'big'], 'y')]),
  ],
  [
    'a shape of a thousand axes',
    'GRAPH_REFUSED',
    /1000 axes/,
    () => scorer([], [{ name: 'w', dims: Array<number>(1000).fill(1), data: Float32Array.of(1) }]),
  ],
  [
    'a list of sizes without end',
    'GRAPH_REFUSED',
    /not part of the file/,
    () => scorer([node('Reshape', ['float', 'sizes'], 'y')], [long(...Array<number>(10_000).fill(1))]),
  ],
  ['products without end', 'GRAPH_TOO_LARGE', /products/, () => chained(4000)],
  ['a name twice in one node', 'GRAPH_REFUSED', /2 times/, () => holding({ inNode: bytes(4, utf8('Loop')) })],
  [
    'two graphs, which a parser would join',
    'GRAPH_REFUSED',
    /2 times/,
    () => holding({ model: bytes(7, nowhere.graph) }),
  ],
  ['no ONNX at all', 'GRAPH_REFUSED', /not an ONNX/, () => utf8File('{"a": 1}')],
  ['bytes that end too soon', 'GRAPH_REFUSED', /not an ONNX/, () => scorer([]).slice(0, 60)],
];

const utf8File = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Values of 8 MB each, all of which the last node needs. */
function kept(count: number): Uint8Array {
  const names = Array.from({ length: count }, (_, i) => `v${i}`);
  const weights: Weight[] = [{ name: 'w', dims: [1], data: Float32Array.of(1) }, long(2 ** 21)];
  const nodes = names.map((name) => node('Expand', ['w', 'sizes'], name));
  return scorer([...nodes, node('Concat', names, 'y', { axis: 0 })], weights);
}

/** Matrices of 1 MB, multiplied so many times. */
function chained(count: number): Uint8Array {
  const weights: Weight[] = [{ name: 'w', dims: [1], data: Float32Array.of(1) }, long(512, 512)];
  const nodes = Array.from({ length: count }, (_, i) => node('Gemm', [`m${i}`, 'm0'], `m${i + 1}`));
  return scorer([node('Expand', ['w', 'sizes'], 'm0'), ...nodes], weights);
}

describe('a bundle whose hashes are right, but whose scorer is', () => {
  let files: Map<string, Uint8Array>;
  beforeAll(async () => {
    files = await tinyBundle();
  });

  test.each(hostile)('%s, is refused before a session is made', async (_, code, says, make) => {
    const file = make();
    const entry = { file: 'scorer.onnx', bytes: file.length, sha256: await sha256(file) };
    const bundle = await edited(files, ({ heads }) => Object.assign(heads.scorer, entry));
    let opened = 0;
    const counting: typeof host = {
      ...host,
      openSession: async (...given) => {
        opened++;
        return host.openSession(...given);
      },
    };
    const model = await loadWith(counting, memoryFiles(bundle.set('scorer.onnx', file)));
    const before = process.cpuUsage();
    const { maxRSS } = process.resourceUsage();
    const error = await model.score(new Uint8Array(pixels)).catch((thrown) => thrown);
    const { user, system } = process.cpuUsage(before);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    expect(error.place).toMatch(/^memory\/scorer\.onnx/);
    expect(opened).toBe(0);
    expect((user + system) / 1e6).toBeLessThan(1);
    expect((process.resourceUsage().maxRSS - maxRSS) / 1024).toBeLessThan(200);
  });
});

test('what our bundles hold is let through', async () => {
  for (const files of [await tinyBundle(), await tinyBundle({ withClasses: false }), await tableBundle()])
    for (const [name, file] of files) if (name.endsWith('.onnx')) checkGraph(file, name);
  expect(() => checkGraph(scorer([]), 'scorer.onnx')).not.toThrow();
});

test('bytes cut short or changed are refused by a typed error, or let through', () => {
  const whole = scorer(
    [node('Neg', ['float'], 'y')],
    [{ name: 'w', dims: [3], data: Float32Array.of(1, 2, 3) }],
  );
  const tried = [
    ...Array.from(whole, (_, length) => whole.slice(0, length)),
    ...Array.from(whole, (byte, at) => whole.slice().fill(byte ^ 0xff, at, at + 1)),
    ...Array.from(whole, (byte, at) => whole.slice().fill(byte ^ 0x01, at, at + 1)),
  ];
  for (const each of tried) {
    try {
      checkGraph(each, 'a.onnx');
    } catch (error) {
      expect(error).toMatchObject({ code: expect.any(String), place: expect.stringMatching(/^a\.onnx/) });
    }
  }
});

test('values of an ordinary size are no trouble', () => {
  const sizes = MOST_BYTES / 4 / 2;
  const weights: Weight[] = [{ name: 'w', dims: [1], data: Float32Array.of(1) }, long(sizes)];
  expect(() => checkGraph(scorer([node('Expand', ['w', 'sizes'], 'y')], weights), 'a.onnx')).not.toThrow();
});
