import { readdirSync } from 'node:fs';
import { gradients, input, interpret, leavesOf, mul, stopGradient, sum } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import { examples, flat, placed, weighted } from './examples.ts';
import { fewLabelsExamples, modelExamples } from './models.ts';
import { paperExamples } from './papers.ts';
import { expectSlope } from './slope.ts';

describe('an op', () => {
  test.each(examples)('$name agrees with its own slope', (example) => {
    const { value, wrt, feeds } = placed(example);
    expectSlope(weighted(value), wrt, feeds);
  });

  test.each(examples)(
    '$name agrees with its own slope under a plain sum, whose slope stays unexpanded',
    (example) => {
      const { wrt, feeds } = placed(example);
      expectSlope(sum(example.build(...Object.values(wrt))), wrt, feeds);
    },
  );

  test.each(flat)('$name passes no slope', (example) => {
    const { value, wrt } = placed(example);
    expect(() => gradients(weighted(value), Object.values(wrt))).toThrow(
      expect.objectContaining({ code: 'NO_SLOPE' }),
    );
  });
});

test('a slope takes one of two ways, where the other is stopped', () => {
  const a = input('a', []);
  const [slope] = gradients(mul(a, stopGradient(a)), [a]);
  const [found] = interpret([slope!], { a: { shape: [], data: Float64Array.of(3) } });
  expect(found!.data).toEqual(Float64Array.of(3));
});

describe('a loss', () => {
  test.each([...modelExamples, ...paperExamples, ...fewLabelsExamples])(
    '$name agrees with its own slope',
    ({ objective, feeds }) => {
      const parameters = leavesOf([objective.loss], 'parameter');
      expectSlope(
        objective.loss,
        Object.fromEntries(parameters.map((each) => [each.leaf.name, each])),
        feeds,
      );
    },
  );
});

const sources = new URL('../packages/graph/src/', import.meta.url);
const modules = ['functions.ts', ...readdirSync(new URL('ops/', sources)).map((file) => `ops/${file}`)];

describe('the table of examples', () => {
  test.each(modules.filter((file) => !file.endsWith('.test.ts')))(
    'has every function of %s',
    async (file) => {
      const exported: object = await import(new URL(file, sources).href);
      const named = new Set([...examples, ...flat].map(({ name }) => name.split(',')[0]));
      expect(Object.keys(exported).filter((name) => !named.has(name))).toEqual([]);
    },
  );
});
