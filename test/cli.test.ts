import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recipeFields } from '@semivae/recipe';
import { load, sealManifest } from '@semivae/runtime';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answerOf,
  contentOf,
  freshFolder,
  SIDE,
  semivae,
  smallRecipe,
  smallSet,
  writeFiles,
} from './command.ts';

const cwd = freshFolder();
const run = (...args: string[]) => semivae(args, { cwd });
const answer = async (...args: string[]) => answerOf(await run(...args, '--json'));
const read = (path: string) => readFileSync(join(cwd, path), 'utf8');
const jsonLines = (path: string) =>
  read(path)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const hasControlCharacters = (text: string): boolean =>
  Array.from(text).some((each) => each < ' ' && each !== '\n');

let trained: Record<string, unknown>;

beforeAll(async () => {
  writeFiles(join(cwd, 'small'), smallSet);
  trained = await answer(
    'train',
    ...smallRecipe,
    '--epochs',
    '12',
    '--set',
    'optimizer.learningRate=1e-2',
    '--out',
    'run',
  );
  await run('export', 'run', '--name', 'bands');
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test.concurrent('quickstart goes all the way, twice into the same folder', async () => {
  writeFiles(join(cwd, 'quickstart'), {
    'quickstart.json': Buffer.from('{}'),
    'samples.png': Buffer.from('old'),
  });
  const finished = await run('quickstart', '--epochs', '1', '--json');
  const result = answerOf(finished);
  expect(result).toMatchObject({ bundle: 'quickstart/bundle', samples: 'quickstart/samples.png' });
  expect(finished.code).toBe(result.better ? 0 : 1);
  const scores = result.scores as Record<string, number>;
  expect(scores.inverted).toBeGreaterThan(scores.ordinary95!);
  expect(scores.noise).toBeGreaterThan(scores.ordinary95!);
  expect(readFileSync(join(cwd, 'quickstart/samples.png')).subarray(1, 4).toString()).toBe('PNG');
});

describe.concurrent('train', () => {
  test('leaves a run folder, a line of metrics for each epoch and nothing else', () => {
    // the checkpoint before is there where the training took long enough to save twice
    const ours = Object.keys(contentOf(join(cwd, 'run'))).filter((path) => !/^(bundle|previous)/.test(path));
    expect(ours).toEqual(['checkpoint.safetensors', 'metrics.jsonl', 'rows.safetensors', 'run.json']);
    const lines = jsonLines('run/metrics.jsonl');
    expect(lines.map(({ epoch, step }) => [epoch, step])).toEqual(
      Array.from({ length: 12 }, (_, i) => [i + 1, 6 * (i + 1)]),
    );
    expect(Object.keys(lines[0])).toEqual(
      expect.arrayContaining([
        'loss',
        'unlabelledBound',
        'labelledBound',
        'crossEntropy',
        'testError',
        'minutes',
      ]),
    );
    expect(lines.at(-1).loss).toBeLessThan(lines[0].loss);
    expect(trained).toMatchObject({
      run: 'run',
      finished: true,
      epoch: 12,
      testError: lines.at(-1).testError,
    });
  });

  test('follows flags over fields over the built-in recipe, and says what it does', async () => {
    const args = [
      '--set',
      'model.hidden=16',
      '--set',
      'batch.unlabelled=1000',
      '--set',
      'data.validation=500',
    ];
    const { code, stdout, stderr } = await run(
      'train',
      ...args,
      '--labels',
      '50',
      '--epochs',
      '1',
      '--seed',
      '4',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/digits: 5500 training rows, 50 of them labelled; 2000 test rows/);
    expect(stderr).toMatch(/epoch 1\/1 .* test error .* validation error/);
    expect(hasControlCharacters(stderr + stdout)).toBe(false);
    expect(stdout).toMatch(/test error \d.*\nnext: semivae export runs\/digits-m2-seed4\n/);
    const { recipe, seed } = JSON.parse(read('runs/digits-m2-seed4/run.json'));
    expect(recipe).toMatchObject({
      name: 'digits-m2',
      data: { labels: 50 },
      model: { hidden: [16] },
      epochs: 1,
    });
    expect(seed).toBe(4);
  });

  test('a recipe file decides, and a finished run stays finished', async () => {
    writeFileSync(
      join(cwd, 'own.json'),
      JSON.stringify({ name: 'own', epochs: 1, data: { labels: 0 }, model: { kind: 'm1' } }),
    );
    await run('train', '--recipe', './own.json', '--data', 'small', '--set', 'batch.unlabelled=30');
    const before = contentOf(join(cwd, 'runs/own-seed1'));
    expect(await answer('train', '--resume', 'runs/own-seed1')).toMatchObject({ finished: true, epoch: 1 });
    expect(contentOf(join(cwd, 'runs/own-seed1'))).toEqual(before);
  });

  test.skipIf(spawnSync('script', ['--version']).status !== 0)('shows a bar on a terminal', async () => {
    const bin = new URL('../packages/cli/bin/semivae.js', import.meta.url).pathname;
    const command = [
      process.execPath,
      bin,
      'train',
      ...smallRecipe.map((each) => `'${each}'`),
      '--epochs 2 --out shown',
    ];
    const { stdout: typescript } = await promisify(execFile)(
      'script',
      ['-qec', command.join(' '), '/dev/null'],
      { cwd },
    );
    expect(typescript).toMatch(/small-m2 [█░]+ \d+% \| loss [\d.]+ \| .* steps\/s/);
    expect(typescript).toMatch(/epoch 2\/2 {2}loss/);
  });
});

describe.concurrent('engines', () => {
  const trainOn = (engine: string, out: string, ...more: string[]) =>
    run('train', ...smallRecipe, '--epochs', '2', '--engine', engine, '--out', out, ...more);

  test('a model trained by TensorFlow.js is the one that ONNX Runtime trains, and ships as it does', async () => {
    const [theirs, ours] = await Promise.all([
      trainOn('tensorflow', 'by-tensorflow'),
      trainOn('onnxruntime', 'by-onnxruntime'),
    ]);
    expect(theirs.stderr).toMatch(
      /^engine {2}tensorflow on .*: asked for, and @tensorflow\/tfjs-node (is not installed|is installed|does not load)$/m,
    );
    expect(ours.stderr).toMatch(/^engine {2}onnxruntime on CPU, 1 thread: asked for$/m);
    const [found, expected] = ['by-tensorflow', 'by-onnxruntime'].map((each) =>
      jsonLines(`${each}/metrics.jsonl`),
    );
    found!.forEach(({ loss }, epoch) => expect(loss / expected![epoch].loss).toBeCloseTo(1, 5));
    const { engine, versions } = JSON.parse(read('by-tensorflow/run.json'));
    expect([engine, versions.tensorflow]).toEqual(['tensorflow', expect.stringMatching(/^4\..* on /)]);
    expect(await answer('export', 'by-tensorflow', '--name', 'bands')).toMatchObject({ ok: true });
  });

  test('a run goes on with another engine, which is told, and with its own unless one is named', async () => {
    await trainOn('onnxruntime', 'moved');
    rmSync(join(cwd, 'moved/checkpoint.safetensors'));
    const moved = await run('train', '--resume', 'moved', '--engine', 'tensorflow');
    expect([moved.code, moved.stderr]).toEqual([
      0,
      expect.stringContaining(
        'the run began with onnxruntime: from here it goes on with tensorflow, not bit for bit',
      ),
    ]);
    await trainOn('tensorflow', 'kept');
    rmSync(join(cwd, 'kept/checkpoint.safetensors'));
    expect((await run('train', '--resume', 'kept')).stderr).toMatch(/^engine {2}tensorflow/m);
  });

  test('doctor tells what trains here, and that both engines compute the same', async () => {
    const report = await answer('doctor');
    expect(report).toMatchObject({
      ok: true,
      node: process.versions.node,
      onnxruntime: { providers: expect.arrayContaining(['cpu']) },
      tensorflow: { version: expect.stringMatching(/^4\./), backend: expect.any(String) },
      engine: { name: expect.any(String), why: expect.stringContaining('@tensorflow/tfjs-node') },
    });
    expect((report.tensorflow as { difference: number }).difference).toBeLessThan(1e-5);
    expect((await run('doctor')).stdout).toMatch(/^--engine auto +\w+ on .*\n(.*\n)*all is well\n$/m);
  });

  test('an engine that is not known is refused', async () => {
    const { code, stderr } = await trainOn('torch', 'nowhere');
    expect([code, stderr]).toEqual([2, expect.stringContaining('auto, onnxruntime, tensorflow')]);
  });
});

describe.concurrent('export and verify', () => {
  test('a bundle answers as the trained model', async () => {
    const exported = await answer('export', 'run', '--out', 'other', '--name', 'bands');
    expect(exported).toMatchObject({ bundle: 'other', ok: true });
    expect(Object.keys(exported.files as object).sort()).toEqual(Object.keys(contentOf(join(cwd, 'other'))));
    expect(await answer('verify', 'other')).toMatchObject({ ok: true, comparison: exported.comparison });
    expect(contentOf(join(cwd, 'other'))).toEqual(contentOf(join(cwd, 'run/bundle')));
  });

  test('a bundle that answers otherwise is told, with exit code 1', async () => {
    const folder = join(cwd, 'wrong');
    cpSync(join(cwd, 'run/bundle'), folder, { recursive: true });
    const parity = JSON.parse(read('wrong/parity.json'));
    parity.answers.score[0] += 0.01;
    const bytes = Buffer.from(JSON.stringify(parity));
    const manifest = JSON.parse(read('wrong/manifest.json'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    manifest.parity = { ...manifest.parity, bytes: bytes.length, sha256 };
    writeFiles(folder, { 'parity.json': bytes, 'manifest.json': await sealManifest(manifest) });
    const { code, stdout } = await run('verify', 'wrong');
    expect(code).toBe(1);
    expect(stdout).toMatch(/score .* TOO FAR/);
    expect(stdout.match(/TOO FAR/g)).toHaveLength(1);
  });
});

describe.concurrent('evaluate', () => {
  test('a run, its bundle and the last line of its metrics agree', async () => {
    const ofRun = await answer('evaluate', 'run');
    expect(ofRun).toMatchObject({ error: trained.testError, n: 30 });
    expect(await answer('evaluate', 'run/bundle', '--data', 'small')).toEqual(ofRun);
    const confusion = ofRun.confusion as number[][];
    const right = confusion.reduce((sum, row, label) => sum + row[label]!, 0);
    expect(100 * (1 - right / 30)).toBeCloseTo(ofRun.error as number);
  });

  test('a baseline has an error but nothing to ship; m1 has a score but no error', async () => {
    await run(
      'train',
      ...smallRecipe,
      '--epochs',
      '2',
      '--set',
      'objective.kind=supervised',
      '--out',
      'baseline',
    );
    expect(await answer('evaluate', 'baseline')).toMatchObject({ n: 30, error: expect.any(Number) });
    expect(await answer('export', 'baseline')).toMatchObject({ failure: { code: 'NOT_GENERATIVE' } });
    await run(
      'train',
      '--data',
      'small',
      '--model',
      'm1',
      '--epochs',
      '2',
      '--set',
      'batch.unlabelled=30',
      '--out',
      'm1',
    );
    await run('export', 'm1');
    const ofRun = await answer('evaluate', 'm1');
    expect(ofRun).toMatchObject({ n: 30, score: expect.any(Number) });
    expect(await answer('evaluate', 'm1/bundle')).toEqual(ofRun);
  });
});

const png = (channels: number, at: (pixel: number, channel: number) => number) => {
  const size = SIDE * SIDE * channels;
  const data = Uint8Array.from({ length: size }, (_, i) => at(Math.floor(i / channels), i % channels));
  return encode({ width: SIDE, height: SIDE, channels, depth: 8, data });
};

describe.concurrent('score', () => {
  test('pictures as PNG in every colour, as idx and by name score as the runtime scores them', async () => {
    const images = smallSet['t10k-images-idx3-ubyte']!.subarray(16);
    const first = images.subarray(0, SIDE * SIDE);
    writeFiles(cwd, {
      'grey.png': png(1, (pixel) => first[pixel]!),
      'rgb.png': png(3, (pixel) => first[pixel]!),
      'rgba.png': png(4, (pixel, channel) => (channel === 3 ? 255 : first[pixel]!)),
      'clear.png': png(4, (_, channel) => (channel === 3 ? 0 : 200)),
    });
    const files = ['grey.png', 'rgb.png', 'rgba.png', 'clear.png', 'small/t10k-images-idx3-ubyte'];
    const { rows } = (await answer('score', 'run/bundle', ...files)) as {
      rows: { score: number; label: string }[];
    };
    const model = await load(join(cwd, 'run/bundle'));
    const wanted = await model.score(
      Uint8Array.from([...first, ...first, ...first, ...first.map(() => 255), ...images]),
    );
    await model.dispose();
    expect(rows.map(({ score }) => score)).toEqual(wanted.map(({ score }) => expect.closeTo(score, 4)));
  });

  test('rows go to stdout as CSV, or whole into a file', async () => {
    const { stdout, stderr } = await run('score', 'run/bundle', '--data', 'small', '--limit', '4');
    expect(stdout).toMatch(
      /^index,file,score,nll,label,probability\n(\d,small\/test,[\d.]+,-?[\d.]+,\d,[\d.]+\n){4}$/,
    );
    expect(stderr).toMatch(/4 rows/);
    await run('score', 'run/bundle', '--data', 'small', '--split', 'train', '--out', 'scores.csv');
    expect(read('scores.csv').trim().split('\n')).toHaveLength(61);
    expect(await answer('score', 'run/bundle', '--data', 'small', '--out', 'scores.jsonl')).toMatchObject({
      n: 30,
    });
    const lines = jsonLines('scores.jsonl');
    expect(lines).toHaveLength(30);
    expect(Number(stdout.split('\n')[1]!.split(',')[2])).toBeCloseTo(lines[0].score, 3);
  });
});

test.concurrent('generate: equal seeds give equal bytes, other seeds others', async () => {
  const draw = async (out: string, seed: string) => {
    await run(
      'generate',
      'run/bundle',
      '--label',
      '1',
      '--count',
      '6',
      '--columns',
      '3',
      '--seed',
      seed,
      '--out',
      out,
    );
    return readFileSync(join(cwd, out), 'base64');
  };
  const first = await draw('a.png', '1');
  expect(await draw('b.png', '1')).toBe(first);
  expect(await draw('c.png', '2')).not.toBe(first);
});

describe.concurrent('inspect', () => {
  test('a run: progress, what the recipe changes, curves', async () => {
    const { stdout } = await run('inspect', 'run');
    expect(stdout).toMatch(/12 of 12 epochs .* finished/);
    expect(stdout).toMatch(/epochs +12 +20/);
    expect(stdout).toMatch(/loss .* █[▁▂▃▄▅▆▇█]+/);
    expect(await answer('inspect', 'run')).toMatchObject({ kind: 'run', step: 72, finished: true });
  });

  test('a bundle and its files', async () => {
    const { stdout } = await run('inspect', 'run/bundle');
    expect(stdout).toMatch(/classifier +x uint8\[batch, 36\] +probabilities float32\[batch, 3\]/);
    // q(y|x): 36·8+8 + 8·3+3; q(z|x,y): 39·8+8 + 2(8·2+2); p(x|y,z): 5·8+8 + 8·36+36
    expect(await answer('inspect', 'run/bundle')).toMatchObject({
      kind: 'bundle',
      parameters: 323 + 356 + 372,
    });
    const onnx = await answer('inspect', 'run/bundle/decoder.onnx');
    expect(onnx).toMatchObject({ kind: 'onnx', parameters: 372, ops: { Sigmoid: 1 } });
  });

  test('recipes and their schema', async () => {
    const schema = await answer('inspect', '--schema');
    expect(JSON.parse((await run('inspect', '--schema')).stdout)).toEqual(schema);
    expect(Object.keys(await answer('inspect', '--recipes'))).toContain('mnist-m2');
    expect(recipeFields.map(({ path }) => path)).toContain('optimizer.learningRate');
  });
});

const commands = [
  'quickstart',
  'train',
  'sweep',
  'export',
  'verify',
  'evaluate',
  'score',
  'generate',
  'inspect',
  'doctor',
];

test.concurrent('the --help of every command teaches by example', async () => {
  const helps = await Promise.all(commands.map((command) => run(command, '--help')));
  expect(helps.map(({ code }) => code)).toEqual(commands.map(() => 0));
  commands.forEach((command, i) => {
    expect(helps[i]!.stdout).toMatch(new RegExp(`Examples:\\n {2}semivae ${command}`));
  });
});

test.concurrent('semivae alone gives the overview; --version the version; a mistyped command the nearest', async () => {
  const overview = await run();
  expect(overview.code).toBe(0);
  for (const command of commands) expect(overview.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const mistyped = await run('trian');
  expect([mistyped.code, mistyped.stdout]).toEqual([2, '']);
  expect(mistyped.stderr).toMatch(/Did you mean train\?/);
});
