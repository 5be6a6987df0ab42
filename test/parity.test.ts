import {
  type Comparison,
  compareAnswers,
  type ImageParity,
  imageHeads,
  PARITY_LIMIT,
  type Parity,
  ship,
} from '@semivae/export';
import { verify } from '@semivae/export/node';
import type { ImageColumns } from '@semivae/model';
import type { RecipeInput } from '@semivae/recipe';
import { load } from '@semivae/runtime';
import {
  fillNormal,
  folderFiles,
  type Head,
  integers,
  memoryFiles,
  openSession,
  readManifest,
  type Session,
  type Tensor,
  type TensorSpec,
} from '@semivae/runtime/node';
import { boundOf, modelOf } from '@semivae/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { largestGap } from './largest-gap.ts';
import { folderOf, shipped } from './shipped.ts';
import { type Tiny, tiny } from './tiny.ts';

const all = (found: readonly Comparison[]) => found.every(({ ok }) => ok);

/** Each model; the larger change is for what only a draw shows, such as the deviation of an auxiliary variable. */
const kinds: readonly (readonly [name: string, model: RecipeInput['model'], by: number])[] = [
  ['m1', { kind: 'm1' }, 1.02],
  ['m2', { kind: 'm2' }, 1.02],
  ['m1+m2', { kind: 'm1+m2', below: 6 }, 1.2],
  ['sdgm', { kind: 'sdgm', auxiliary: 5 }, 1.2],
  ['adgm', { kind: 'adgm', auxiliary: 5 }, 1.2],
  ['cvae', { kind: 'cvae' }, 1.02],
  ['vade', { kind: 'vade' }, 1.02],
  ['m2 with a normalised classifier', { kind: 'm2', classifier: { hidden: [12] } }, 1.02],
  [
    'm2 with a normalised classifier of images',
    { kind: 'm2', classifier: { channels: [2, 3], kernels: [5], hidden: [12] } },
    1.02,
  ],
  ['m2 of convolutions', { kind: 'm2', channels: [3, 4], blocks: 1, activation: 'silu' }, 1.02],
];

describe.each(kinds)('tiny %s', (kind, sizes, by) => {
  let { options, files } = {} as Tiny;
  beforeAll(async () => {
    ({ options, files } = await tiny(sizes!.kind!, sizes));
  });

  const answers = kind === 'm1' ? 4 : 5;
  const headNames =
    kind === 'm1' ? ['encoder', 'decoder', 'scorer'] : ['classifier', 'encoder', 'decoder', 'scorer'];

  test('ships the heads that were trained', async () => {
    const found = await verify(memoryFiles(files));
    expect(found).toHaveLength(answers);
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('a change in any parameter is found', async () => {
    const model = await load(memoryFiles(files));
    const names = parametersOf(options);
    for (const name of /^m[12]$/.test(kind) ? names : onePerFactor(names)) {
      const changed = await ship({ ...options, checkpoint: changedBy(options.checkpoint, name, by) });
      const parity = JSON.parse(new TextDecoder().decode(changed['parity.json'])) as Parity;
      expect(all(await compareAnswers(model, parity)), name).toBe(false);
    }
    await model.dispose();
  });

  test('an answer that is not a number is found', async () => {
    const model = await load(memoryFiles(files));
    const parity = JSON.parse(new TextDecoder().decode(files['parity.json'])) as ImageParity;
    const [first, ...rest] = parity.answers.score;
    const score = [first! + Number.NaN, ...rest];
    const found = await compareAnswers(model, { ...parity, answers: { ...parity.answers, score } });
    expect(found.filter(({ ok }) => !ok).map(({ answer }) => answer)).toEqual(['score']);
    await model.dispose();
  });

  test.each(headNames)('%s: a batch of 1, 2 or 7 gives each row the same answer', async (name) => {
    const manifest = readManifest(new TextDecoder().decode(files['manifest.json']));
    const head = manifest.heads[name as 'encoder'];
    const session = await openSession(files[head.file]!);
    const rows = Array.from({ length: 7 }, (_, row) => row);
    const alone = await Promise.all(rows.map((row) => runRows(session, head, row, 1)));
    for (const size of [2, 7]) {
      for (let start = 0; start + size <= rows.length; start += size) {
        const together = await runRows(session, head, start, size);
        for (const output of head.outputs) {
          const joined = alone.slice(start, start + size).flatMap((each) => each[output.name]!.values);
          expect(together[output.name]!.dims).toEqual([size, ...output.shape.slice(1)]);
          expect(largestGap(together[output.name]!.values, joined, true)).toBeLessThanOrEqual(PARITY_LIMIT);
        }
      }
    }
    await session.release();
  });
});

test('clusters that no label has named are not named as classes, and generate as what they are', async () => {
  const { files } = await tiny('vade', {}, 0);
  expect((await verify(memoryFiles(files))).filter(({ ok }) => !ok)).toEqual([]);
  const model = await load(memoryFiles(files));
  expect(model.manifest.labels.slice(0, 2)).toEqual(['cluster 1', 'cluster 2']);
  const [made] = await model.generate({ label: 'cluster 2' });
  expect(made!.label).toBe('cluster 2');
  await model.dispose();
});

test('weights that are not finite do not ship: the tensor is named (fault 7)', async () => {
  const { options } = await tiny('m1');
  const [name] = parametersOf(options);
  const checkpoint = changedBy(options.checkpoint, name!, Number.NaN);
  const shipping = ship({ ...options, checkpoint });
  await expect(shipping).rejects.toMatchObject({ code: 'WEIGHT_NOT_FINITE' });
  await expect(shipping).rejects.toThrow(`'${name}'`);
});

function parametersOf({ info }: Tiny['options']): string[] {
  const { recipe, data } = info;
  const shape = { columns: data.columns, classes: data.classes.length, rows: data.trainRows };
  const graphs = imageHeads(modelOf(recipe, shape), data.columns as ImageColumns, boundOf(recipe.score));
  return graphs.scorer.parameters.map(({ leaf }) => leaf.name);
}

const onePerFactor = (names: readonly string[]): readonly string[] =>
  names.filter((name, i) => names.findIndex((each) => each.split('/')[0] === name.split('/')[0]) === i);

function changedBy({ state, ...rest }: Tiny['options']['checkpoint'], name: string, by: number) {
  const { shape, data } = state[name]!;
  return {
    ...rest,
    state: { ...state, [name]: { shape, data: data.map((each, i) => each * by + (i % 2) * (by - 1)) } },
  };
}

/** Rows `start … start + count − 1` of an input, the same whatever the batch. */
function rowsOf({ name, type, shape }: TensorSpec, start: number, count: number): Tensor {
  const width = shape.slice(1).reduce<number>((size, length) => size * Number(length), 1);
  const dims = [count, ...shape.slice(1).map(Number)];
  if (type === 'uint8') {
    const all = integers(7 * width, 256, { seed: 1, stream: 0, step: 0 });
    return { type, dims, data: Uint8Array.from(all.subarray(start * width, (start + count) * width)) };
  }
  const data = new Float32Array(count * width);
  if (name === 'y') for (let row = 0; row < count; row++) data[row * width + ((start + row) % width)] = 1;
  else fillNormal(data, { seed: 1, stream: 1, step: 0 }, start * width);
  return { type: 'float32', dims, data };
}

async function runRows(session: Session, head: Head, start: number, count: number) {
  const found = await session.run(
    Object.fromEntries(head.inputs.map((input) => [input.name, rowsOf(input, start, count)])),
  );
  return Object.fromEntries(
    Object.entries(found).map(([name, { dims, data }]) => [
      name,
      { dims, values: Array.from(data as Float32Array) },
    ]),
  );
}

test.each(shipped)('models/%s answers as it did when it was trained', async (name) => {
  const found = await verify(folderFiles(folderOf(name)));
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
});
