import { constant, input, interpret, type Value } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { bernoulliFeature } from './bernoulli.ts';
import { negativeBinomial, poisson } from './counts.ts';
import type { FeatureDistribution, FeatureFamily } from './feature.ts';
import { gaussianFeature } from './gaussian.ts';
import { studentT } from './student-t.ts';

const column = (numbers: readonly number[]) => ({
  shape: [numbers.length, 1],
  data: Float64Array.from(numbers),
});
const rowOf = (numbers: readonly number[]): Value => constant(Float32Array.from(numbers), [numbers.length]);

/** The family at several settings of its parameters, side by side. */
const settled = (family: FeatureFamily, settings: readonly (readonly number[])[]): FeatureDistribution =>
  family.at(
    Object.fromEntries(family.parameters.map((name, i) => [name, rowOf(settings.map((each) => each[i]!))])),
  );

/** Points to sum over, and how much of the line each stands for. */
interface Grid {
  readonly points: readonly number[];
  readonly widths: readonly number[];
}

/** x = sinh(u): even steps near 0 and out to e³⁰ / 2. */
const line: Grid = (() => {
  const [steps, reach] = [3000, 30];
  const at = Array.from({ length: steps }, (_, i) => ((i + 0.5) / steps - 0.5) * 2 * reach);
  return { points: at.map(Math.sinh), widths: at.map((u) => (Math.cosh(u) * 2 * reach) / steps) };
})();
const wholes = (most: number): Grid => ({
  points: Array.from({ length: most + 1 }, (_, i) => i),
  widths: Array(most + 1).fill(1),
});

interface Case {
  readonly family: FeatureFamily;
  readonly settings: readonly (readonly number[])[];
  readonly grid: Grid;
}

const cases: readonly Case[] = [
  {
    family: gaussianFeature,
    settings: [
      [0, 0],
      [-3.2, 1.5],
      [7, -20],
      [0.4, 90],
    ],
    grid: line,
  },
  {
    family: studentT,
    settings: [
      [0, 0, 3],
      [-4, 1.2, 9],
      [2.5, -20, 40],
      [1, 50, 2],
    ],
    grid: line,
  },
  { family: poisson, settings: [[-3], [0], [1.3], [4]], grid: wholes(250) },
  {
    family: negativeBinomial,
    settings: [
      [-2, 0],
      [0.5, 1],
      [2, -1],
      [3, 3],
    ],
    grid: wholes(2500),
  },
  { family: bernoulliFeature, settings: [[-30], [-2], [0.1], [5]], grid: wholes(1) },
];

/** Σ p(x) f(x), for each setting. */
function expectations({ family, settings, grid }: Case, f: (x: number, setting: number) => number) {
  const { logDensity } = settled(family, settings);
  const points = column(grid.points);
  const [found] = interpret([logDensity(input('x', points.shape))], { x: points });
  return settings.map((_, setting) =>
    grid.points.reduce(
      (total, x, i) =>
        total + Math.exp(found!.data[i * settings.length + setting]!) * grid.widths[i]! * f(x, setting),
      0,
    ),
  );
}

function told(value: Value, settings: Case['settings']): number[] {
  const { data } = interpret([value], {})[0]!;
  return settings.map((_, i) => data[data.length === 1 ? 0 : i]!);
}

const expectNear = (found: readonly number[], expected: readonly number[], within: number) =>
  found.forEach((each, i) =>
    expect(Math.abs(each - expected[i]!), `setting ${i}: ${each}, not ${expected[i]}`).toBeLessThan(
      within * Math.max(1, Math.abs(expected[i]!)),
    ),
  );

describe.each(cases)('$family.name', (of) => {
  const { family, settings } = of;
  const { mean, deviation } = settled(family, settings);
  const means = told(mean, settings);
  const deviations = told(deviation, settings);

  test('its probabilities sum to one', () => {
    expectNear(
      expectations(of, () => 1),
      settings.map(() => 1),
      1e-5,
    );
  });

  test('its mean and its deviation are those of its density', () => {
    expectNear(
      expectations(of, (x) => x),
      means,
      1e-4,
    );
    expectNear(expectations(of, (x, setting) => (x - means[setting]!) ** 2).map(Math.sqrt), deviations, 1e-3);
  });

  test('it stays finite, whatever a network puts out', () => {
    const extremes = [-1e6, -50, 0, 50, 1e6];
    const wild = extremes.flatMap((a) => extremes.map((b) => [a, b, a] as const));
    const { logDensity, ...rest } = settled(family, wild);
    const points = column([0, 1]);
    const values = [logDensity(input('x', points.shape)), rest.mean, rest.deviation, rest.peak];
    for (const { data } of interpret(values, { x: points }))
      expect(data.every(Number.isFinite), String(data)).toBe(true);
  });
});
