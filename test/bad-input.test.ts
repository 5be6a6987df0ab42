import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answerOf,
  type CommandOptions,
  contentOf,
  freshFolder,
  idx,
  SIDE,
  semivae,
  smallRecipe,
  smallSet,
  writeFiles,
} from './command.ts';

/** A run and its bundle, copied into each case's own folder. */
const origin = freshFolder();
const made: string[] = [origin];

beforeAll(async () => {
  writeFiles(join(origin, 'small'), smallSet);
  await semivae(['train', ...smallRecipe, '--epochs', '2', '--out', 'run'], { cwd: origin });
  await semivae(['export', 'run', '--out', 'bundle'], { cwd: origin });
});

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder with small/, run/ and bundle/ in it, as a case wants to find them. */
function workplace(): string {
  const folder = freshFolder();
  made.push(folder);
  cpSync(origin, folder, { recursive: true });
  return folder;
}

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: string;
  /** What the person must be told besides the code. */
  readonly says: RegExp;
  readonly before?: (folder: string) => void;
  readonly options?: Partial<CommandOptions>;
}

/** Exit code 2, one line of JSON with the code, the remedy on stderr, and not a file written or changed. */
async function expectMistake({ args, code, says, before, options }: Case): Promise<void> {
  const cwd = workplace();
  before?.(cwd);
  const content = contentOf(cwd);
  const finished = await semivae([...args, '--json'], { cwd, ...options });
  const { failure } = answerOf(finished) as { failure: Record<string, string> };
  expect(failure).toMatchObject({ code });
  expect(`${failure.message} ${failure.remedy}`).toMatch(says);
  expect(finished.code).toBe(2);
  if (code !== 'USAGE') expect(finished.stderr).toContain(failure.remedy);
  expect(contentOf(cwd)).toEqual(content);
}

const TRAIN_X = 'train-images-idx3-ubyte';
const TRAIN_Y = 'train-labels-idx1-ubyte';
const TEST_X = 't10k-images-idx3-ubyte';
const TEST_Y = 't10k-labels-idx1-ubyte';

/** A set with some files otherwise, or undefined: not there. */
const withFiles = (files: Record<string, Uint8Array | undefined>) => (folder: string) => {
  for (const [name, bytes] of Object.entries(files)) {
    rmSync(join(folder, 'small', name), { force: true });
    if (bytes) writeFileSync(join(folder, 'small', name), bytes);
  }
};

const trainSmall = ['train', ...smallRecipe];
const pixels = smallSet[TRAIN_X]!;
const packed = gzipSync(pixels);
const labels = (rows: number, of: (row: number) => number) =>
  idx(
    [rows],
    Array.from({ length: rows }, (_, row) => of(row)),
  );

const data: Case[] = [
  {
    name: 'a missing file',
    before: withFiles({ [TRAIN_Y]: undefined }),
    args: trainSmall,
    code: 'IDX_MISSING',
    says: /train-labels-idx1-ubyte/,
  },
  {
    name: 'a truncated gzip file',
    before: withFiles({ [TRAIN_X]: packed.subarray(0, packed.length - 40) }),
    args: trainSmall,
    code: 'IDX_GZIP',
    says: /before its end mark/,
  },
  {
    name: 'a damaged gzip file',
    before: withFiles({ [TRAIN_X]: Buffer.from(packed).fill(0xff, 20, 60) }),
    args: trainSmall,
    code: 'IDX_GZIP',
    says: /damaged/,
  },
  {
    name: 'a truncated idx file',
    before: withFiles({ [TRAIN_X]: pixels.subarray(0, 1000) }),
    args: trainSmall,
    code: 'IDX_TRUNCATED',
    says: /byte 1000.*60×6×6 = 2160/,
  },
  {
    name: 'an idx file that says less than it holds',
    before: withFiles({ [TRAIN_X]: Buffer.concat([idx([59, SIDE, SIDE], []), pixels.subarray(16)]) }),
    args: trainSmall,
    code: 'IDX_LYING',
    says: /59×6×6/,
  },
  {
    name: 'labels in the place of images',
    before: withFiles({ [TRAIN_X]: smallSet[TRAIN_Y]! }),
    args: trainSmall,
    code: 'IDX_MAGIC',
    says: /idx3-ubyte/,
  },
  {
    name: 'other numbers of labels and images',
    before: withFiles({ [TRAIN_Y]: labels(59, (row) => row % 3) }),
    args: trainSmall,
    code: 'ROWS_DISAGREE',
    says: /59 labels/,
  },
  {
    name: 'test images of another size',
    before: withFiles({ [TEST_X]: idx([30, 3, 12], smallSet[TEST_X]!.subarray(16)) }),
    args: trainSmall,
    code: 'SHAPES_DISAGREE',
    says: /3×12/,
  },
  {
    name: 'a label out of range (fault 33)',
    before: withFiles({ [`${TEST_Y}.gz`]: gzipSync(labels(30, (row) => (row === 17 ? 3 : row % 3))) }),
    args: trainSmall,
    code: 'LABEL_OUT_OF_RANGE',
    says: /row 17 has label 3/,
  },
  {
    name: 'a single class',
    before: withFiles({ [TRAIN_Y]: labels(60, () => 0), [`${TEST_Y}.gz`]: gzipSync(labels(30, () => 0)) }),
    args: trainSmall,
    code: 'LABELS_ONE_CLASS',
    says: /at least two classes/,
  },
  {
    name: 'a published set with the wrong hash',
    args: ['train', '--data', 'mnist', '--data-dir', 'small'],
    code: 'DATA_HASH',
    says: /SHA-256/,
  },
  {
    name: 'more labels than rows',
    args: [...trainSmall, '--labels', '61'],
    code: 'LABELS_TOO_MANY',
    says: /60/,
  },
  {
    name: 'fewer labels than classes',
    args: [...trainSmall, '--labels', '2'],
    code: 'LABELS_TOO_FEW',
    says: /3/,
  },
  {
    name: 'a validation set that leaves nothing',
    args: [...trainSmall, '--set', 'data.validation=60'],
    code: 'VALIDATION_SIZE',
    says: /0 to 59/,
  },
  {
    name: 'm2 without labels',
    args: [...trainSmall, '--labels', '0'],
    code: 'LABELS_NEEDED',
    says: /choose m1/,
  },
  {
    name: 'm1 with labels',
    args: ['train', '--data', 'small', '--model', 'm1', '--labels', '9'],
    code: 'MODEL_NO_CLASSES',
    says: /choose m2/,
  },
  {
    name: 'an unknown data set',
    args: ['train', '--data', 'minst'],
    code: 'DATA_UNKNOWN',
    says: /Did you mean mnist\?/,
  },
];

const withRecipe = (text: string) => (folder: string) => writeFileSync(join(folder, 'own.json'), text);

const recipe: Case[] = [
  {
    name: 'a file with an unknown field',
    before: withRecipe('{"optimizer": {"learningrate": 1}}'),
    args: ['train', '--recipe', 'own.json'],
    code: 'RECIPE_UNKNOWN_FIELD',
    says: /own\.json, optimizer\.learningrate.*Did you mean 'learningRate'/,
  },
  {
    name: 'a file with a field of the wrong type',
    before: withRecipe('{"model": {"hidden": ["wide"]}}'),
    args: ['train', '--recipe', 'own.json'],
    code: 'RECIPE_FIELD',
    says: /own\.json, model\.hidden\.0.*number/,
  },
  {
    name: 'a file that is not JSON',
    before: withRecipe('{"epochs": 3,'),
    args: ['train', '--recipe', 'own.json'],
    code: 'JSON',
    says: /own\.json: it is not JSON/,
  },
  {
    name: 'a missing file',
    args: ['train', '--recipe', './none.json'],
    code: 'RECIPE_FILE',
    says: /none\.json.*ENOENT/,
  },
  {
    name: 'an unknown recipe',
    args: ['train', '--recipe', 'digit-m2'],
    code: 'RECIPE_UNKNOWN',
    says: /Did you mean 'digits-m2'/,
  },
  {
    name: 'an unknown model',
    args: ['train', '--model', 'm3'],
    code: 'RECIPE_FIELD',
    says: /model\.kind.*m1.*m2/,
  },
  {
    name: '--set with an unknown path',
    args: [...trainSmall, '--set', 'optimiser.learningRate=1'],
    code: 'RECIPE_UNKNOWN_FIELD',
    says: /Did you mean 'optimizer\.learningRate'/,
  },
  {
    name: '--set with a value of the wrong type',
    args: [...trainSmall, '--set', 'epochs=many'],
    code: 'RECIPE_FIELD',
    says: /--set, epochs.*number/,
  },
  {
    name: '--set without a value',
    args: [...trainSmall, '--set', 'epochs'],
    code: 'SET_FORM',
    says: /path=value/,
  },
  ...['NaN', '0', '-1', '1e999'].map((rate) => ({
    name: `a learning rate of ${rate} (fault 35)`,
    args: [...trainSmall, '--set', `optimizer.learningRate=${rate}`],
    code: 'RECIPE_FIELD',
    says: /optimizer\.learningRate/,
  })),
  { name: 'a seed that is no number', args: ['train', '--seed', 'x'], code: 'USAGE', says: /whole number/ },
  { name: 'an unknown option', args: ['train', '--epoch', '3'], code: 'USAGE', says: /--epochs/ },
  { name: 'an unknown command', args: ['trian'], code: 'USAGE', says: /trian/ },
];

const edited = (path: string, edit: (text: string) => string) => (folder: string) =>
  writeFileSync(join(folder, path), edit(readFileSync(join(folder, path), 'utf8')));

/** run.json as older versions wrote it, without a checksum. */
const unsealed = (text: string) => text.replace(/ *"sha256": "[0-9a-f]{64}",\n/, '');

const run: Case[] = [
  { name: 'a run that exists', args: [...trainSmall, '--out', 'run'], code: 'RUN_EXISTS', says: /--resume/ },
  {
    name: 'a folder that is not empty',
    args: [...trainSmall, '--out', 'small'],
    code: 'RUN_FOLDER',
    says: /--out/,
  },
  { name: 'no run to resume', args: ['train', '--resume', 'small'], code: 'RUN_FILE', says: /run\.json/ },
  {
    name: 'a resumed run with another recipe',
    args: ['train', '--resume', 'run', '--epochs', '9'],
    code: 'RESUME_FIXED',
    says: /--epochs/,
  },
  {
    name: 'a resumed run whose data changed',
    before: (folder) => {
      edited('run/metrics.jsonl', (text) => text.split('\n')[0]!)(folder);
      withFiles({ [TEST_X]: idx([30, SIDE, SIDE], pixels.subarray(100, 100 + 30 * SIDE * SIDE)) })(folder);
    },
    args: ['train', '--resume', 'run'],
    code: 'RESUME_DATA',
    says: /what the run began with/,
  },
  {
    name: 'a checkpoint cut short',
    before: (folder) => {
      const path = join(folder, 'run/checkpoint.safetensors');
      writeFileSync(path, readFileSync(path).subarray(0, 3000));
    },
    args: ['export', 'run', '--out', 'bundle'],
    code: 'SAFETENSORS',
    says: /checkpoint\.safetensors/,
  },
  {
    name: 'a resumed run whose training images changed (fault 26)',
    before: (folder) => {
      const inverted = pixels.map((each, at) => (at >= 16 && at % 7 === 0 ? 255 - each : each));
      withFiles({ [TRAIN_X]: inverted })(folder);
      edited('run/metrics.jsonl', (text) => text.split('\n')[0]!)(folder);
    },
    args: ['train', '--resume', 'run'],
    code: 'RESUME_DATA',
    says: /the training images changed/,
  },
  {
    name: 'a recipe changed after training (fault 26)',
    before: edited('run/run.json', (text) => text.replace('"epochs": 2', '"epochs": 4')),
    args: ['train', '--resume', 'run'],
    code: 'CHECKSUM',
    says: /run\.json: it is not as it was written/,
  },
  {
    name: 'a recipe changed after training, in a run of an older version',
    before: edited('run/run.json', (text) =>
      unsealed(text).replace('"latent": 2', '"latent": 3').replace('"epochs": 2', '"epochs": 4'),
    ),
    args: ['train', '--resume', 'run'],
    code: 'CHECKPOINT_MISFIT',
    says: /q\(z\|x,y\)/,
  },
  {
    name: 'a run file that is not JSON',
    before: edited('run/run.json', (text) => text.slice(0, 99)),
    args: ['inspect', 'run'],
    code: 'JSON',
    says: /run\.json/,
  },
];

const flipped = (path: string, at: number) => (folder: string) => {
  const bytes = readFileSync(join(folder, path));
  bytes[at]! ^= 1;
  writeFileSync(join(folder, path), bytes);
};

const bundle: Case[] = [
  {
    name: 'a changed byte',
    before: flipped('bundle/decoder.onnx', 500),
    args: ['verify', 'bundle'],
    code: 'BUNDLE_CORRUPT',
    says: /decoder\.onnx: SHA-256/,
  },
  {
    name: 'a changed byte, inspected',
    before: flipped('bundle/scorer.onnx', 500),
    args: ['inspect', 'bundle'],
    code: 'BUNDLE_CORRUPT',
    says: /scorer\.onnx: SHA-256/,
  },
  {
    name: 'a missing file',
    before: (folder) => rmSync(join(folder, 'bundle/scorer.onnx')),
    args: ['score', 'bundle', '--data', 'small', '--out', 'scores.csv'],
    code: 'BUNDLE_FILE_MISSING',
    says: /scorer\.onnx/,
  },
  {
    name: 'a newer format',
    before: edited('bundle/manifest.json', (text) =>
      text.replace('"formatVersion": 3', '"formatVersion": 4'),
    ),
    args: ['generate', 'bundle'],
    code: 'BUNDLE_TOO_NEW',
    says: /newer/,
  },
  {
    name: 'a manifest without labels',
    before: edited('bundle/manifest.json', (text) => text.replace('"labels"', '"lables"')),
    args: ['evaluate', 'bundle'],
    code: 'BUNDLE_MALFORMED',
    says: /labels: expected a list/,
  },
  {
    name: 'a run instead of a bundle',
    args: ['verify', 'run'],
    code: 'NOT_A_BUNDLE',
    says: /semivae export run/,
  },
  {
    name: 'nothing of the kind',
    args: ['evaluate', 'small'],
    code: 'NEITHER',
    says: /neither a run nor a bundle/,
  },
  { name: 'no such path', args: ['inspect', 'none'], code: 'NOT_FOUND', says: /none/ },
  {
    name: 'data of another size',
    args: ['evaluate', 'bundle', '--data', 'digits'],
    code: 'DATA_MISFIT',
    says: /28×28.*6×6/,
  },
  {
    name: 'an export over something else',
    args: ['export', 'run', '--out', 'small'],
    code: 'NOT_A_BUNDLE',
    says: /--out/,
  },
  {
    name: 'a quickstart over something else',
    args: ['quickstart', '--out', 'small'],
    code: 'NOT_A_QUICKSTART',
    says: /--out/,
  },
  {
    name: 'an unknown label',
    args: ['generate', 'bundle', '--label', '7'],
    code: 'LABEL_UNKNOWN',
    says: /0, 1, 2/,
  },
];

const picture = (name: string, bytes: Uint8Array) => (folder: string) =>
  writeFileSync(join(folder, name), bytes);
const png = (side: number) =>
  encode({ width: side, height: side, channels: 1, data: new Uint8Array(side * side) });

const scored: Case[] = [
  {
    name: 'a picture of another size',
    before: picture('a.png', png(SIDE + 1)),
    args: ['score', 'bundle', 'a.png'],
    code: 'PICTURE_SIZE',
    says: /7×7 pixels.*6×6/,
  },
  {
    name: 'a damaged PNG',
    before: picture('a.png', png(SIDE).subarray(0, 50)),
    args: ['score', 'bundle', 'a.png'],
    code: 'PICTURE_FORMAT',
    says: /a\.png: the picture is damaged/,
  },
  {
    name: 'another kind of file',
    before: picture('a.gif', Buffer.from('GIF89a')),
    args: ['score', 'bundle', 'a.gif'],
    code: 'PICTURE_FORMAT',
    says: /Convert it to JPEG, PNG/,
  },
  { name: 'a missing file', args: ['score', 'bundle', 'a.png'], code: 'PICTURE_FILE', says: /a\.png/ },
  { name: 'nothing to score', args: ['score', 'bundle'], code: 'SCORE_WHAT', says: /--data/ },
  {
    name: 'an unknown split',
    args: ['score', 'bundle', '--data', 'small', '--split', 'all'],
    code: 'SPLIT_UNKNOWN',
    says: /train or test/,
  },
  {
    name: 'an unknown format',
    args: ['score', 'bundle', '--data', 'small', '--out', 'a.xlsx'],
    code: 'OUT_FORMAT',
    says: /\.csv/,
  },
];

const disk: Case[] = [
  {
    name: 'a run below a file',
    args: [...trainSmall, '--out', 'own.json/run'],
    before: withRecipe('{}'),
    code: 'WRITE',
    says: /ENOTDIR/,
  },
  {
    name: 'a bundle below a file',
    args: ['export', 'run', '--out', 'own.json/bundle'],
    before: withRecipe('{}'),
    code: 'WRITE',
    says: /ENOTDIR|EEXIST/,
  },
  {
    name: 'scores below a file',
    args: ['score', 'bundle', '--data', 'small', '--out', 'own.json/a.csv'],
    before: withRecipe('{}'),
    code: 'WRITE',
    says: /ENOTDIR/,
  },
  {
    name: 'a run on a disk that is full at once',
    args: [...trainSmall, '--out', 'deep/in/run'],
    options: { fileBlocks: 0 },
    code: 'WRITE',
    says: /EFBIG/,
  },
  {
    name: 'an export on a disk that fills up, over an older bundle (fault 16)',
    args: ['export', 'run', '--out', 'bundle'],
    options: { fileBlocks: 10 },
    code: 'WRITE',
    says: /EFBIG/,
  },
  {
    name: 'scores on a disk that fills up, over older ones',
    before: picture('a.csv', Buffer.from('old')),
    args: ['score', 'bundle', '--data', 'small', '--out', 'a.csv'],
    options: { fileBlocks: 1 },
    code: 'WRITE',
    says: /EFBIG/,
  },
];

describe.concurrent('data', () => test.each(data)('$name', expectMistake));
describe.concurrent('recipe', () => test.each(recipe)('$name', expectMistake));
describe.concurrent('run', () => test.each(run)('$name', expectMistake));
describe.concurrent('bundle', () => test.each(bundle)('$name', expectMistake));
describe.concurrent('score', () => test.each(scored)('$name', expectMistake));

describe.skipIf(process.platform === 'win32').concurrent('disk', () => {
  test.each(disk)('$name', expectMistake);

  test.skipIf(!existsSync('/dev/full'))('a full device', async () => {
    const cwd = workplace();
    const finished = await semivae(['generate', 'bundle', '--out', '/dev/full', '--json'], { cwd });
    expect(answerOf(finished)).toMatchObject({
      failure: { code: 'WRITE', message: expect.stringMatching(/ENOSPC/) },
    });
    expect(finished.code).toBe(2);
  });

  test('a checkpoint that does not fit: the older one stays, and the run goes on from it (fault 23)', async () => {
    const cwd = workplace();
    edited('run/run.json', (text) => unsealed(text).replace('"epochs": 2', '"epochs": 3'))(cwd);
    const before = contentOf(cwd);
    const finished = await semivae(['train', '--resume', 'run', '--json'], { cwd, fileBlocks: 8 });
    expect(answerOf(finished)).toMatchObject({ failure: { code: 'WRITE' } });
    expect(finished.code).toBe(2);
    const after = contentOf(cwd);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after['run/checkpoint.safetensors']).toBe(before['run/checkpoint.safetensors']);
    expect((await semivae(['train', '--resume', 'run'], { cwd })).code).toBe(0);
  });
});

describe.concurrent('numbers that are not finite', () => {
  test('at the second step: exit code 2, the step named, no run; its remedy works (fault 29)', async () => {
    const cwd = workplace();
    const args = [...trainSmall, '--set', 'optimizer.learningRate=1e30', '--out', 'own'];
    const finished = await semivae([...args, '--json'], { cwd });
    expect(answerOf(finished)).toMatchObject({
      failure: {
        code: 'LOSS_NOT_FINITE',
        place: 'step 2',
        remedy: expect.stringMatching(/No checkpoint was made yet: train again/),
      },
    });
    expect(finished.code).toBe(2);
    expect(existsSync(join(cwd, 'own'))).toBe(false);
    expect((await semivae([...trainSmall, '--epochs', '1', '--out', 'own'], { cwd })).code).toBe(0);
  });

  test('later: the last good checkpoint is kept (fault 29)', async () => {
    const cwd = workplace();
    // decay = learningRate · weightDecay = 3, so a step multiplies every weight by −2, until it overflows
    const args = [...trainSmall, '--set', 'optimizer.weightDecay=3000', '--epochs', '40', '--out', 'own'];
    const finished = await semivae([...args, '--json'], { cwd });
    expect(answerOf(finished)).toMatchObject({
      failure: {
        code: expect.stringMatching(/^(LOSS|STATE)_NOT_FINITE$/),
        place: expect.stringMatching(/^step \d+/),
        remedy: expect.stringMatching(/The checkpoint of step \d+ is kept.*--init-from own/),
      },
    });
    expect(finished.code).toBe(2);
    const run = answerOf(await semivae(['inspect', 'own', '--json'], { cwd }));
    const metrics = run.metrics as { step: number }[];
    expect(run).toMatchObject({ finished: false, step: metrics.at(-1)!.step });
    expect((await semivae(['evaluate', 'own'], { cwd })).code).toBe(0);
  });
});

test.concurrent.each([20, 250, 450, 650])(
  'an export stopped after %i ms leaves a whole bundle',
  async (milliseconds) => {
    const cwd = workplace();
    const old = contentOf(join(cwd, 'bundle'));
    cpSync(join(cwd, 'bundle'), join(cwd, 'next/bundle'), { recursive: true });
    const stopping = new AbortController();
    const finished = semivae(['export', 'run', '--out', 'next/bundle', '--name', 'renamed'], {
      cwd,
      signal: stopping.signal,
    });
    setTimeout(() => stopping.abort(), milliseconds);
    const { code } = await finished;
    const now = contentOf(join(cwd, 'next/bundle'));
    if (code !== 0) expect(now).toEqual(old);
    expect(Object.keys(contentOf(join(cwd, 'next'))).filter((path) => !path.startsWith('bundle'))).toEqual(
      [],
    );
    expect((await semivae(['verify', 'next/bundle'], { cwd })).code).toBe(0);
  },
);
