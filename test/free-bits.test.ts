import {
  type Feeds,
  gradients,
  graph,
  input,
  interpret,
  leavesOf,
  mean,
  print,
  scalar,
  type Value,
} from '@semivae/graph';
import {
  type Bound,
  divergencesFromStandard,
  elbo,
  type Gaussian,
  known,
  type Model,
  m1,
  m2,
  query,
  summedOver,
} from '@semivae/model';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { assemble } from '@semivae/train';
import { describe, expect, test } from 'vitest';
import { sizes } from './models.ts';
import { drawnLeaves, uniforms } from './numbers.ts';

const ROWS = 7;
const seen = known({ x: input('x', [ROWS, sizes.x]) }, [ROWS]);
const x = uniforms([ROWS, sizes.x], 'free bits');
const models: readonly Model[] = [m1(sizes), m2(sizes)];

const boundOf = (model: Model, bound: Bound): Value =>
  (model.y ? summedOver(model.y, bound) : bound)(model, seen);
const free = (model: Model, freeBits: number) => boundOf(model, elbo({ freeBits }));
/** Without any divergence of the latent. */
const bare = (model: Model) => boundOf(model, elbo({ beta: scalar(0) }));
const feedsOf = (value: Value, seed = ''): Feeds => ({ x, ...drawnLeaves(graph('value', { value }), seed) });
const computed = (value: Value, seed?: string) => interpret([value], feedsOf(value, seed))[0]!.data;
/** What the divergence of the latent adds to the loss, in the mean over rows, at some free bits. */
const costOf = (model: Model, bits: number, seed: string): number =>
  computed(mean(bare(model)), seed)[0]! - computed(mean(free(model, bits)), seed)[0]!;

/** The mean over rows of the divergence of each feature of the latent of m1. */
function divergences(model: Model, seed: string): number[] {
  const posterior = query(model.q, model.z, { x: input('x', [ROWS, sizes.x]) }) as Gaussian;
  return [...computed(mean(divergencesFromStandard(posterior), [0]), seed)];
}

const seeds = ['a', 'b'];

describe.each(models.map((model) => [model.name, model] as const))('free bits of %s', (_, model) => {
  test('of zero are the bound, the same graph', () => {
    const show = (value: Value) => print(graph('bound', { value }));
    expect(show(free(model, 0))).toBe(show(boundOf(model, elbo())));
  });

  test('of very few are the bound of every row, the labels summed out', () => {
    const [few, none] = [free(model, 1e-6), free(model, 0)].map((each) => computed(each));
    few!.forEach((each, row) => expect(each).toBeCloseTo(none![row]!, 5));
  });

  test.each(seeds)('are never undercut by the loss, whatever q and p are (%s)', (seed) => {
    for (const bits of [0.02, 0.3, 10]) {
      const [loss, whole] = [costOf(model, bits, seed), costOf(model, 0, seed)];
      expect(loss).toBeGreaterThanOrEqual(bits * sizes.latent - 1e-6);
      expect(loss).toBeGreaterThanOrEqual(whole - 1e-6);
      expect(loss).toBeLessThanOrEqual(whole + bits * sizes.latent + 1e-6);
    }
  });

  test('pass no slope where every feature has less: what is left is the slope without a divergence', () => {
    const [all, none] = [free(model, 100), bare(model)].map((value) => mean(value));
    const parameters = leavesOf([all!], 'parameter');
    const slopes = [all!, none!].map((value) => interpret(gradients(value, parameters), feedsOf(value)));
    parameters.forEach(({ leaf }, i) => {
      slopes[0]![i]!.data.forEach((each, j) =>
        expect(each, leaf.name).toBeCloseTo(slopes[1]![i]!.data[j]!, 8),
      );
    });
  });
});

describe('free bits', () => {
  const model = models[0]!;

  test.each(seeds)('are the larger of λ and the mean divergence, feature by feature (%s)', (seed) => {
    const each = divergences(model, seed);
    const between = (Math.min(...each) + Math.max(...each)) / 2;
    for (const bits of [0, between, 2 * Math.max(...each)]) {
      expect(costOf(model, bits, seed)).toBeCloseTo(
        each.reduce((sum, kl) => sum + Math.max(bits, kl), 0),
        6,
      );
    }
  });

  const assembled = (raw: RecipeInput) =>
    assemble(parseRecipe({ name: 'free', ...raw, model: { hidden: [4], latent: 2, ...raw.model } }), {
      columns: { kind: 'image', width: 3, height: 2, channels: 1 },
      classes: 3,
      rows: 40,
    });

  test('are part of a training step, beside beta and warm-up', () => {
    const [with0, with1] = [0, 0.1].map((freeBits) =>
      print(assembled({ objective: { freeBits, beta: 2, klWarmup: 5 } }).step.forward),
    );
    expect(with1).not.toBe(with0);
  });

  test.each<RecipeInput>([
    { objective: { freeBits: 0.1, bound: { kind: 'iwae', samples: 3 } } },
    { objective: { freeBits: 0.1 }, model: { kind: 'vade' } },
  ])('are refused where there is no closed form: %j', (raw) => {
    const refused = expect.objectContaining({ code: 'FREE_BITS', place: 'recipe free, objective.freeBits' });
    expect(() => assembled(raw)).toThrow(refused);
  });
});
