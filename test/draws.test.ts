import type { Feeds } from '@semivae/graph';
import {
  type BareRows,
  type DrawsOptions,
  mostProbable,
  onnxRuntimeEngine,
  openAveragedClassifier,
  openClassifier,
} from '@semivae/train';
import { expect, test } from 'vitest';
import { exactM2 } from './exact.ts';
import { storedTensors } from './numbers.ts';

const bytes = Uint8Array.of(0, 255, 40, 200, 128, 128, 255, 0, 90, 30, 140, 120);
const columns = { kind: 'image', width: 2, height: 1, channels: 1 } as const;
const shape = { columns, classes: 3, rows: 6 };

/** Images of two pixels, from this row on. */
const rowsFrom = (first: number): BareRows => ({
  rows: 6 - first,
  width: 2,
  type: 'uint8',
  copy: (chosen, into) =>
    chosen.forEach((row, i) => into.set(bytes.subarray(2 * (first + row), 2 * (first + row) + 2), 2 * i)),
});

const engine = onnxRuntimeEngine({ threads: 1 });
const parameters = storedTensors(exactM2.parameters);

async function averaged(rows: BareRows, options: DrawsOptions) {
  const { drawn, classify } = await openAveragedClassifier(engine, exactM2.model, shape, options);
  const probabilities = new Float32Array(3 * rows.rows);
  for await (const portion of classify(parameters, rows))
    probabilities.set(portion.probabilities, 3 * portion.start);
  return { drawn, probabilities };
}

test('where nothing is drawn, draws change nothing', async () => {
  const classify = await openClassifier(engine, exactM2.model, shape);
  const [one, many] = [await averaged(rowsFrom(0), { draws: 1 }), await averaged(rowsFrom(0), { draws: 9 })];
  expect(one.drawn).toEqual([]);
  expect(many.probabilities).toEqual(one.probabilities);
  expect(mostProbable(many.probabilities, 3)).toEqual(await classify(parameters, rowsFrom(0)));
});

/** q(y|x) of the exact model, from its parameters. */
function classesAt(x: readonly [number, number]): number[] {
  const { 'q(y|x)/logits/weight': weight, 'q(y|x)/logits/bias': bias } =
    exactM2.parameters as Required<Feeds>;
  const [w, b] = [weight!.data as Float64Array, bias!.data as Float64Array];
  const weights = [0, 1, 2].map((y) => Math.exp(x[0] * w[y]! + x[1] * w[3 + y]! + b[y]!));
  const sum = weights.reduce((total, each) => total + each, 0);
  return weights.map((each) => each / sum);
}

/** E q(y|x + deviation·ε), ε standard normal, summed over a grid. */
function expectedAt(x: readonly [number, number], deviation: number): number[] {
  const grid = Array.from({ length: 61 }, (_, i) => (i - 30) / 6);
  const density = grid.map((each) => Math.exp((-each * each) / 2));
  const mass = density.reduce((total, each) => total + each, 0);
  const sums = [0, 0, 0];
  grid.forEach((e0, i) => {
    grid.forEach((e1, j) => {
      const weight = (density[i]! * density[j]!) / mass ** 2;
      classesAt([x[0] + deviation * e0, x[1] + deviation * e1]).forEach((each, y) => {
        sums[y] = sums[y]! + weight * each;
      });
    });
  });
  return sums;
}

test('the mean over draws nears the expectation over noise on the input', async () => {
  const inputNoise = 0.8;
  const { drawn, probabilities } = await averaged(rowsFrom(0), { draws: 2000, inputNoise });
  expect(drawn).toEqual(['shown']);
  const gaps = Array.from({ length: 6 }, (_, row) =>
    expectedAt([bytes[2 * row]! / 255, bytes[2 * row + 1]! / 255], inputNoise).map((each, y) =>
      Math.abs(each - probabilities[3 * row + y]!),
    ),
  ).flat();
  expect(Math.max(...gaps)).toBeLessThan(0.02);
  const plain = await averaged(rowsFrom(0), { draws: 1 });
  expect(
    Math.max(...plain.probabilities.map((each, i) => Math.abs(each - probabilities[i]!))),
  ).toBeGreaterThan(0.04);
});

test('equal seeds give equal answers, other seeds others', async () => {
  const options = { draws: 3, inputNoise: 0.5 };
  const [one, again] = [await averaged(rowsFrom(0), options), await averaged(rowsFrom(0), options)];
  expect(again.probabilities).toEqual(one.probabilities);
  expect((await averaged(rowsFrom(0), { ...options, seed: 1 })).probabilities).not.toEqual(one.probabilities);
});
