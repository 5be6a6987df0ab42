import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { graph, input, mul, square, sum } from '@semivae/graph';
import { afterAll, expect, test } from 'vitest';
import { chooseEngine } from './choose.ts';
import { loadNative } from './load-tensorflow.ts';

const require = createRequire(import.meta.url);
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A project with these packages of @tensorflow: real ones by `true`, or the text of a stand-in's module. */
function project(packages: Readonly<Record<string, string | true>>): { from: string[] } {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'semivae-engines-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(packages)) {
    const place = join(folder, 'node_modules', '@tensorflow', name);
    mkdirSync(dirname(place), { recursive: true });
    if (content === true) {
      symlinkSync(dirname(require.resolve(`@tensorflow/${name}/package.json`)), place, 'junction');
    } else {
      mkdirSync(place);
      writeFileSync(join(place, 'index.js'), content);
    }
  }
  return { from: [join(folder, 'app.js')] };
}

/** As @tensorflow/tfjs-node does: tfjs itself, with a backend of this name registered and made active. */
const standIn = `
  const { isNullOrUndefined, isArray } = require('node:util');
  const tf = require(${JSON.stringify(require.resolve('@tensorflow/tfjs'))});
  if (isNullOrUndefined(tf) || isArray(tf)) throw new Error('no module');
  if (!tf.findBackendFactory('tensorflow')) {
    tf.registerBackend('tensorflow', () => tf.engine().registryFactory.cpu.factory(), 3);
    tf.copyRegisteredKernels('cpu', 'tensorflow');
  }
  tf.setBackend('tensorflow');
  module.exports = { ...tf };
`;
const broken = `throw new Error('The native addon (tfjs_binding.node) can not be found. \\nPlease run command …')`;
const portable = { tfjs: true, 'tfjs-backend-wasm': true } as const;

test('without TensorFlow.js: ONNX Runtime, and asked for it, a remedy (fault 37)', async () => {
  const none = project({});
  const { engine, why, problems } = await chooseEngine('auto', none);
  expect([engine.name, why, problems]).toEqual(['onnxruntime', '@tensorflow/tfjs-node is not installed', []]);
  await expect(chooseEngine('tensorflow', none)).rejects.toMatchObject({
    code: 'TENSORFLOW_MISSING',
    remedy: expect.stringContaining('@tensorflow/tfjs-backend-wasm'),
  });
});

test('with the portable packages alone: still ONNX Runtime; asked for it, wasm, or else plain JavaScript', async () => {
  expect((await chooseEngine('auto', project(portable))).engine.name).toBe('onnxruntime');
  const wasm = await chooseEngine('tensorflow', project(portable));
  expect(wasm.engine).toMatchObject({ name: 'tensorflow', backend: 'WebAssembly, one thread' });
  expect(wasm.why).toBe('asked for, and @tensorflow/tfjs-node is not installed');
  expect(wasm.versions.tensorflow).toMatch(/^4\..* on wasm$/);
  const plain = await chooseEngine('tensorflow', project({ tfjs: true }));
  expect(plain.engine).toMatchObject({ name: 'tensorflow', backend: 'plain JavaScript, slowly' });
});

test('with a native package that does not load: what happened, what to do, and the next best engine', async () => {
  const packages = project({ ...portable, 'tfjs-node': broken });
  const auto = await chooseEngine('auto', packages);
  expect([auto.engine.name, auto.why]).toEqual(['onnxruntime', '@tensorflow/tfjs-node does not load']);
  expect(auto.problems).toEqual([
    {
      package: '@tensorflow/tfjs-node',
      problem: 'it is installed but does not load (The native addon (tfjs_binding.node) can not be found)',
      remedy: expect.stringContaining('npm rebuild @tensorflow/tfjs-node --ignore-scripts=false'),
    },
  ]);
  const asked = await chooseEngine('tensorflow', packages);
  expect(asked.engine.backend).toBe('WebAssembly, one thread');
  expect(asked.why).toBe('asked for, and @tensorflow/tfjs-node does not load');
  expect(asked.problems).toEqual(auto.problems);
});

test('with a native package that loads: that, without what Node 23 took away', async () => {
  const util = require('node:util');
  const { isNullOrUndefined, isArray } = util;
  delete util.isNullOrUndefined;
  delete util.isArray;
  try {
    const { engine, why } = await chooseEngine('auto', project({ 'tfjs-node': standIn }));
    expect(engine).toMatchObject({ name: 'tensorflow', backend: 'libtensorflow on the CPU' });
    expect(why).toBe('@tensorflow/tfjs-node is installed');
    const a = input('a', [2]);
    const evaluator = await engine.openGradients(graph('squares', { loss: sum(mul(square(a), 3)) }), [a]);
    const found = await evaluator.run({ a: { type: 'float32', dims: [2], data: Float32Array.of(1, -2) } });
    await evaluator.close();
    expect(found).toMatchObject({ loss: { data: Float32Array.of(15) }, 'gradient/a': { dims: [2] } });
    expect(found['gradient/a']!.data).toEqual(Float32Array.of(6, -12));
  } finally {
    Object.assign(util, { isNullOrUndefined, isArray });
  }
});

test('where the GPU package does not load, the CPU package is asked', async () => {
  const { loaded, problems } = await loadNative(project({ 'tfjs-node-gpu': broken, 'tfjs-node': standIn }));
  expect(loaded!.package).toBe('@tensorflow/tfjs-node');
  expect(problems.map((each) => each.package)).toEqual(['@tensorflow/tfjs-node-gpu']);
});

test('asked for, ONNX Runtime is taken whatever is installed', async () => {
  const { engine, why } = await chooseEngine('onnxruntime', {
    ...project({ 'tfjs-node': standIn }),
    threads: 1,
  });
  expect([engine.name, engine.backend, why]).toEqual(['onnxruntime', 'CPU, 1 thread', 'asked for']);
});
