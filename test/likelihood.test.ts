import type { Feeds } from '@semivae/graph';
import type { Model } from '@semivae/model';
import { type LikelihoodOptions, onnxRuntimeEngine, openLikelihood } from '@semivae/train';
import { expect, test } from 'vitest';
import { exactM1, exactM2 } from './exact.ts';
import { storedTensors } from './numbers.ts';

/** Five images of two pixels. */
const bytes = Uint8Array.of(0, 255, 40, 200, 128, 128, 255, 0, 90, 30);
const rows = {
  rows: 5,
  width: 2,
  type: 'uint8' as const,
  copy: (chosen: ArrayLike<number>, into: Uint8Array | Float32Array) => {
    for (let i = 0; i < chosen.length; i++)
      into.set(bytes.subarray(2 * chosen[i]!, 2 * chosen[i]! + 2), 2 * i);
  },
};
const points = Array.from({ length: 5 }, (_, row) => [bytes[2 * row]! / 255, bytes[2 * row + 1]! / 255]);
const columns = { kind: 'image', width: 2, height: 1, channels: 1 } as const;

async function found(model: Model, parameters: Feeds, options: LikelihoodOptions): Promise<Float64Array> {
  const likelihood = await openLikelihood(onnxRuntimeEngine({ threads: 1 }), model, { columns }, options);
  const all = new Float64Array(rows.rows).fill(Number.NaN);
  for await (const { start, nats } of likelihood(storedTensors(parameters), rows)) all.set(nats, start);
  return all;
}

const portions: readonly LikelihoodOptions[] = [
  { samples: 1001 },
  { samples: 1, samplesAtOnce: 1 },
  { samples: 7, samplesAtOnce: 3, rowsAtOnce: 2 },
];

test.each(portions)('is log p(x) of M1 where q is the true posterior, %o', async (options) => {
  const all = await found(exactM1.model, exactM1.parameters, options);
  points.forEach((point, row) => expect(all[row]).toBeCloseTo(exactM1.logLikelihood(point), 4));
});

test('nears log p(x) of M1 where q is not, portion by portion', async () => {
  const parameters = {
    ...exactM1.parameters,
    'q(z|x)/mean/bias': { shape: [1], data: Float64Array.of(0.2) },
  };
  const few = await found(exactM1.model, parameters, { samples: 1 });
  const many = await found(exactM1.model, parameters, { samples: 20_000, samplesAtOnce: 1000 });
  const errorOf = (all: Float64Array) =>
    Math.max(...points.map((point, row) => Math.abs(all[row]! - exactM1.logLikelihood(point))));
  expect(errorOf(many)).toBeLessThan(0.03);
  expect(errorOf(few)).toBeGreaterThan(errorOf(many));
});

test('sums the class of M2 out', async () => {
  const all = await found(exactM2.model, exactM2.parameters, { samples: 4, samplesAtOnce: 2 });
  points.forEach((point, row) => expect(all[row]).toBeCloseTo(exactM2.logLikelihood(point), 4));
});

test('does not depend on how rows are taken at once', async () => {
  const options = { samples: 6, samplesAtOnce: 2, binarize: true };
  const parameters = {
    ...exactM1.parameters,
    'q(z|x)/mean/bias': { shape: [1], data: Float64Array.of(0.2) },
  };
  const [one, all] = [
    await found(exactM1.model, parameters, { ...options, rowsAtOnce: 1 }),
    await found(exactM1.model, parameters, { ...options, rowsAtOnce: 5 }),
  ];
  all.forEach((each, row) => expect(each).toBeCloseTo(one[row]!, 5));
});
