import { constant, exp, input, interpret, type Value } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { bernoulliFeature } from './bernoulli.ts';
import { negativeBinomial, poisson } from './counts.ts';
import { GAMMA_DRAWS, logGammaOf } from './draws.ts';
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

/** p(x)·width at each point of the grid, for each setting. */
function masses({ family, settings, grid }: Case): number[][] {
  const points = column(grid.points);
  const [found] = interpret([settled(family, settings).logDensity(input('x', points.shape))], { x: points });
  return settings.map((_, setting) =>
    grid.widths.map((width, i) => width * Math.exp(found!.data[i * settings.length + setting]!)),
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

const DRAWS = 100;
const LARGEST = 1 - 2 ** -24;

/** Numbers in [0, 1) that look random, the same at every run (mulberry32). */
function uniforms(length: number, seed: number): Float32Array {
  let state = seed;
  return new Float32Array(length).map(() => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 8) * 2 ** -24;
  });
}

/** Draws at each setting. */
function drawsOf(family: FeatureFamily, settings: Case['settings']): number[][] {
  const shape = [DRAWS, settings.length];
  const leaves = Array.from({ length: family.draws }, (_, i) =>
    constant(uniforms(DRAWS * settings.length, 77 * i + 5), shape),
  );
  const { data } = interpret([settled(family, settings).draw(leaves)], {})[0]!;
  return settings.map((_, at) => Array.from({ length: DRAWS }, (_, i) => data[i * settings.length + at]!));
}

test('a Gamma draw of shape r has mean r and variance r', () => {
  const [count, shapes] = [400, [0.3, 1, 8]];
  const leaves = Array.from({ length: GAMMA_DRAWS }, (_, i) =>
    constant(uniforms(count * 3, 31 * i + 7), [count, 3]),
  );
  const { data } = interpret([exp(logGammaOf(rowOf(shapes), leaves))], {})[0]!;
  for (const [at, shape] of shapes.entries()) {
    const draws = Array.from({ length: count }, (_, i) => data[3 * i + at]!);
    const mean = draws.reduce((sum, each) => sum + each, 0) / count;
    const variance = draws.reduce((sum, each) => sum + (each - mean) ** 2, 0) / count;
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / count));
    // the fourth moment of a Gamma is 3r² + 6r
    expect(Math.abs(variance - shape)).toBeLessThan(4 * Math.sqrt((2 * shape ** 2 + 6 * shape) / count));
  }
});

test('counts of a large rate have its mean and deviation', () => {
  const settings = [[5], [9], [15]];
  const { mean, deviation } = settled(poisson, settings);
  const [means, deviations] = [told(mean, settings), told(deviation, settings)];
  drawsOf(poisson, settings).forEach((draws, at) => {
    const average = draws.reduce((sum, each) => sum + each, 0) / DRAWS;
    const spread = Math.sqrt(draws.reduce((sum, each) => sum + (each - average) ** 2, 0) / DRAWS);
    expect(Math.abs(average - means[at]!)).toBeLessThan((5 * deviations[at]!) / Math.sqrt(DRAWS));
    expect(spread / deviations[at]!).toBeGreaterThan(0.75);
    expect(spread / deviations[at]!).toBeLessThan(1.25);
    expect(draws.every(Number.isInteger)).toBe(true);
  });
});

describe.each(cases)('$family.name', (of) => {
  const { family, settings } = of;
  const { mean, deviation } = settled(family, settings);
  const means = told(mean, settings);
  const deviations = told(deviation, settings);

  const mass = masses(of);
  /** Σ p(x) f(x), for each setting. */
  const expectations = (f: (x: number, setting: number) => number) =>
    mass.map((own, setting) => own.reduce((sum, each, i) => sum + each * f(of.grid.points[i]!, setting), 0));

  test('its probabilities sum to one', () => {
    const ones = settings.map(() => 1);
    expectNear(
      expectations(() => 1),
      ones,
      1e-5,
    );
  });

  test('its mean and its deviation are those of its density', () => {
    expectNear(
      expectations((x) => x),
      means,
      1e-4,
    );
    expectNear(expectations((x, setting) => (x - means[setting]!) ** 2).map(Math.sqrt), deviations, 1e-3);
  });

  test('its draws fall as its density says', () => {
    for (const [setting, draws] of drawsOf(family, settings).entries()) {
      const sorted = Float64Array.from(draws).sort();
      let [below, passed, gap] = [0, 0, 0];
      for (const [i, point] of of.grid.points.entries()) {
        const width = of.grid.widths[i]!;
        const end = point + (width === 1 ? 0 : width / 2);
        below += mass[setting]![i]!;
        while (passed < DRAWS && sorted[passed]! <= end) passed++;
        gap = Math.max(gap, Math.abs(below - passed / DRAWS));
      }
      // Kolmogorov's distribution: larger gaps once in 10 000 times
      expect(gap, `setting ${setting}`).toBeLessThan(2.23 / Math.sqrt(DRAWS));
    }
  });

  test('it stays finite, whatever a network puts out', () => {
    const extremes = [-1e6, -50, 0, 50, 1e6];
    const wild = extremes.flatMap((a) => extremes.map((b) => [a, b, a] as const));
    const { logDensity, ...rest } = settled(family, wild);
    const points = column([0, 1]);
    const ends = Array.from({ length: family.draws }, (_, i) =>
      constant(Float32Array.of(i % 2 ? 0 : LARGEST, LARGEST), [2, 1]),
    );
    const values = [
      logDensity(input('x', points.shape)),
      rest.mean,
      rest.deviation,
      rest.peak,
      rest.draw(ends),
    ];
    for (const { data } of interpret(values, { x: points }))
      expect(data.every(Number.isFinite), String(data)).toBe(true);
  });
});
