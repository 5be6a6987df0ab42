import {
  add,
  concat,
  constant,
  div,
  exp,
  gather,
  integers,
  log,
  logSoftmax,
  matmul,
  max,
  min,
  mul,
  scalar,
  sign,
  slice,
  softmax,
  sqrt,
  sub,
  sum,
  type Value,
} from '@semivae/graph';
import { bernoulliFeature } from '../families/bernoulli.ts';
import { negativeBinomial, poisson } from '../families/counts.ts';
import { gumbelOf } from '../families/draws.ts';
import type { Distribution, Family, Values } from '../families/family.ts';
import type { FeatureDistribution, FeatureFamily } from '../families/feature.ts';
import { gaussianFeature } from '../families/gaussian.ts';
import { studentT } from '../families/student-t.ts';
import type { CountColumn } from './columns.ts';
import type { Block, FeatureKind, Layout } from './layout.ts';

/** The density of a row of a table, its cells independent given the parents. A missing cell adds nothing. */
export interface TableDistribution extends Distribution {
  /** log p of each cell, 0 where it is missing: [rows…, columns], in nats. */
  readonly cells: (x: Value) => Value;
  /** The mean of every feature, in the layout's order and units: [rows…, features]. */
  readonly mean: Value;
  /**
   * What the mean leaves unexplained of every feature, 0 where its cell is missing: its deviance residual,
   * sign(x − mean)·√(2 log p(most probable x) − 2 log p(x)), which is (x − μ)/σ for a Gaussian.
   */
  readonly residual: (x: Value) => Value;
  /**
   * Features of a row drawn, of `drawSize` values uniform in [0, 1): the largest of a categorical column's is its level.
   */
  readonly draw: (uniforms: Value) => Value;
}

const families: Readonly<Record<Exclude<FeatureKind, 'categorical'>, FeatureFamily>> = {
  gaussian: gaussianFeature,
  'student-t': studentT,
  poisson,
  'negative-binomial': negativeBinomial,
  bernoulli: bernoulliFeature,
};

const sizeOf = ({ start, end }: Block): number => end - start;
const isCategorical = ({ kind }: Block): boolean => kind === 'categorical';
const LEVELS = 'levels';

/** What a network puts out for a table: each family's parameters for its features, and logits for all levels. */
function parameterSizes({ blocks }: Layout): Record<string, number> {
  const sizes = blocks.flatMap((block) =>
    isCategorical(block)
      ? []
      : families[block.kind as keyof typeof families].parameters.map((name) => [
          parameterName(block.kind, name),
          sizeOf(block),
        ]),
  );
  const levels = blocks.filter(isCategorical).reduce((total, block) => total + sizeOf(block), 0);
  return Object.fromEntries([...sizes, ...(levels > 0 ? [[LEVELS, levels]] : [])]);
}

const parameterName = (kind: FeatureKind, name: string): string => `${kind}/${name}`;

/** One-hot levels under softmax: −log-probabilities land on the level that is there. */
function categoricalFeatures(logits: Value): FeatureDistribution {
  const mean = softmax(logits);
  return {
    logDensity: (x) => mul(x, logSoftmax(logits)),
    mean,
    deviation: sqrt(mul(mean, sub(1, mean))),
    peak: scalar(0),
    draw: ([u]) => gumbelOf(logits, u!),
  };
}

const row = (numbers: readonly number[]): Value => constant(Float32Array.from(numbers), [numbers.length]);

/** Larger counts than e³⁰ are taken for e³⁰: their densities would not fit into float32. */
const LOG_COUNT_LIMIT = 30;

/** Counts lie in x as standardised log(1 + count); their likelihood is of the count, its mean is told in units of x. */
function onCounts(inner: FeatureDistribution, columns: readonly CountColumn[]): FeatureDistribution {
  const [scale, centre] = [row(columns.map((each) => each.scale)), row(columns.map((each) => each.centre))];
  const count = (x: Value) => max(sub(exp(min(add(mul(x, scale), centre), LOG_COUNT_LIMIT)), 1), 0);
  const standardised = (mean: Value) => div(sub(log(add(mean, 1)), centre), scale);
  return {
    logDensity: (x) => inner.logDensity(count(x)),
    mean: standardised(inner.mean),
    // d log(1 + k) = dk / (1 + k)
    deviation: div(div(inner.deviation, add(inner.mean, 1)), scale),
    peak: inner.peak,
    draw: (uniforms) => standardised(inner.draw(uniforms)),
  };
}

function blockAt(
  block: Block,
  { columns }: Layout,
  parameters: Values,
  levels: Value | undefined,
): FeatureDistribution {
  if (isCategorical(block)) return categoricalFeatures(levels!);
  const family = families[block.kind as keyof typeof families];
  const own = Object.fromEntries(
    family.parameters.map((name) => [name, parameters[parameterName(block.kind, name)]!]),
  );
  const inner = family.at(own);
  const isCount = block.kind === 'poisson' || block.kind === 'negative-binomial';
  return isCount
    ? onCounts(
        inner,
        block.columns.map((at) => columns[at] as CountColumn),
      )
    : inner;
}

function blocksAt(layout: Layout, parameters: Values): FeatureDistribution[] {
  let start = 0;
  return layout.blocks.map((block) => {
    if (!isCategorical(block)) return blockAt(block, layout, parameters, undefined);
    const logits = slice(parameters[LEVELS]!, -1, start, start + sizeOf(block));
    start += sizeOf(block);
    return blockAt(block, layout, parameters, logits);
  });
}

const drawsOf = (block: Block): number =>
  isCategorical(block) ? 1 : families[block.kind as keyof typeof families].draws;

/** How many uniform values a row is drawn of. */
export const drawSize = ({ blocks }: Layout): number =>
  blocks.reduce((size, block) => size + drawsOf(block) * sizeOf(block), 0);

/** The values that each block's features are drawn of: [rows…, features] for each draw. */
function dealt({ blocks }: Layout, uniforms: Value): Value[][] {
  let start = 0;
  return blocks.map((block) =>
    Array.from({ length: drawsOf(block) }, () => {
      start += sizeOf(block);
      return slice(uniforms, -1, start - sizeOf(block), start);
    }),
  );
}

const joined = (parts: readonly Value[]): Value => (parts.length === 1 ? parts[0]! : concat(parts, -1));

/** 1 where a feature belongs to a column: [features, columns]. */
export function incidence(
  { features, columns }: Layout,
  counts: (feature: number) => boolean = () => true,
): Value {
  const data = new Float32Array(features.length * columns.length);
  features.forEach(({ column }, feature) => {
    if (counts(feature)) data[feature * columns.length + column] = 1;
  });
  return constant(data, [features.length, columns.length]);
}

export const featuresIn = ({ features }: Layout, x: Value): Value => slice(x, -1, 0, features.length);

/** For every feature whether its cell is there: 1 or 0. */
export function presence({ features, size }: Layout, x: Value): Value {
  const absent = slice(x, -1, features.length, size);
  return sub(1, gather(absent, integers(features.map(({ column }) => column)), -1));
}

function devianceResidual({ logDensity, mean, peak }: FeatureDistribution, x: Value): Value {
  const lost = max(sub(peak, logDensity(x)), 0);
  return mul(sign(sub(x, mean)), sqrt(mul(lost, 2)));
}

/**
 * A likelihood for rows of a table: one family a column, joined. `derived` features, made of others, are learned from but
 * are no part of the density of a row: with `derived: false` they are left out of it.
 */
export function tableLikelihood(
  layout: Layout,
  { derived = true }: { readonly derived?: boolean } = {},
): Family {
  const counted = (feature: number) => derived || !layout.features[feature]!.derived;
  const at = (parameters: Values): TableDistribution => {
    const distributions = blocksAt(layout, parameters);
    const eachBlock = (of: (each: FeatureDistribution, x: Value) => Value, x: Value): Value[] =>
      distributions.map((each, i) => of(each, slice(x, -1, layout.blocks[i]!.start, layout.blocks[i]!.end)));
    const logDensities = (x: Value) =>
      mul(joined(eachBlock((each, own) => each.logDensity(own), x)), presence(layout, x));
    const mean = joined(distributions.map((each) => each.mean));
    const weights = row(layout.features.map((_, feature) => Number(counted(feature))));
    const all = layout.features.every((_, feature) => counted(feature));
    return {
      logDensity: (x) => sum(all ? logDensities(x) : mul(logDensities(x), weights), [-1]),
      cells: (x) => matmul(logDensities(x), incidence(layout, counted)),
      mean,
      residual: (x) =>
        mul(joined(eachBlock((each, own) => devianceResidual(each, own), x)), presence(layout, x)),
      draw: (uniforms) => {
        const own = dealt(layout, uniforms);
        return joined(distributions.map((each, i) => each.draw(own[i]!)));
      },
      answers: { mean },
    };
  };
  return { name: 'table', parameters: () => parameterSizes(layout), at };
}
