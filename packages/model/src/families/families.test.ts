import { constant, input, interpret, scalar, sum, type Tensor, tensor, type Value } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { bernoulli } from './bernoulli.ts';
import { categorical, uniform } from './categorical.ts';
import type { Distribution, Family } from './family.ts';
import { divergenceFromStandard, gaussian, normal, standardNormal } from './gaussian.ts';

const SIZE = 3;
const rowOf = (...numbers: number[]): Value => constant(Float32Array.from(numbers), [numbers.length]);

/** The family at some parameters, all different. */
function some(family: Family): Distribution {
  const outputs = Object.entries(family.parameters(SIZE));
  const at = outputs.map(([name], i) => [name, rowOf(0.3 - i, -0.8, 1.1 * i + 0.2)] as const);
  return family.at(Object.fromEntries(at), SIZE);
}

const densities = ({ logDensity }: Distribution, points: Tensor): number[] => {
  const [found] = interpret([logDensity(input('value', points.shape))], { value: points });
  return Array.from(found!.data, Math.exp);
};
const total = (numbers: readonly number[]): number => numbers.reduce((so, each) => so + each, 0);

describe('probabilities sum to one', () => {
  test('of all rows of a Bernoulli', () => {
    const corners = tensor([2 ** SIZE, SIZE], (i) => (Math.floor(i / SIZE) >> (i % SIZE)) & 1);
    expect(total(densities(some(bernoulli), corners))).toBeCloseTo(1, 6);
  });

  test.each([categorical, uniform])('of all classes of a $name variable', (family) => {
    const classes = tensor([SIZE, SIZE], (i) => Number(i % SIZE === Math.floor(i / SIZE)));
    expect(total(densities(some(family), classes))).toBeCloseTo(1, 6);
  });

  test.each([gaussian, standardNormal])('of a grid over a $name variable', (family) => {
    const [points, width] = [20, 16];
    const at = (i: number) => ((i + 0.5) / points - 0.5) * width;
    const grid = tensor([points ** SIZE, SIZE], (i) => {
      const cell = Math.floor(i / SIZE);
      return at(Math.floor(cell / points ** (i % SIZE)) % points);
    });
    const cell = (width / points) ** SIZE;
    expect(total(densities(some(family), grid)) * cell).toBeCloseTo(1, 3);
  });
});

test('a draw has the mean and the variance that are answered', () => {
  const { sample, answers } = some(gaussian);
  const noise = tensor([2, SIZE], (i) => (i < SIZE ? 1 : -1));
  const [draws, mean, logVariance] = interpret(
    [sample!(input('noise', [2, SIZE])), answers.mean!, answers.logVariance!],
    { noise },
  );
  for (let i = 0; i < SIZE; i++) {
    const [high, low] = [draws!.data[i]!, draws!.data[SIZE + i]!];
    expect((high + low) / 2).toBeCloseTo(mean!.data[i]!, 10);
    expect(((high - low) / 2) ** 2).toBeCloseTo(Math.exp(logVariance!.data[i]!), 10);
  }
});

test.each([
  [0, 1, 0],
  [1, 1, 0.5],
  [0, Math.E, (Math.E - 2) / 2],
  [-2, 0.5, 0.5 * (4 + 0.5 + Math.LN2 - 1)],
])('the divergence of N(%d, %d) from N(0, 1) is %d nats', (mean, variance, nats) => {
  const divergence = divergenceFromStandard(normal(rowOf(mean), rowOf(Math.log(variance))));
  expect(interpret([divergence], {})[0]!.data[0]).toBeCloseTo(nats, 6);
});

test('a log-variance stays within its bound, whatever a network puts out (fault 30)', () => {
  const { answers } = gaussian.at({ mean: scalar(0), logVariance: rowOf(-1e9, 1e9) }, 2);
  expect(interpret([sum(answers.logVariance!)], {})[0]!.data[0]).toBe(0);
  expect(interpret([answers.logVariance!], {})[0]!.data[1]).toBe(8);
});
