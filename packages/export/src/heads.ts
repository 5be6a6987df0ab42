import { type Graph, graph, input, neg, type Value } from '@semivae/graph';
import {
  type Bound,
  classDensity,
  encodeImages,
  type Gaussian,
  type ImageColumns,
  known,
  type Model,
  mapValues,
  priorOf,
  queryAtMeans,
  rawImages,
  summedOver,
  type Values,
  type Variable,
  whitened,
} from '@semivae/model';
import type { Reference } from './detector.ts';
import { imageScore } from './image-detector.ts';

/** The graphs that are shipped, by head; a model without classes has no classifier. */
export interface HeadGraphs {
  readonly classifier?: Graph;
  readonly encoder: Graph;
  readonly decoder: Graph;
  readonly scorer: Graph;
  /** Draws a table's rows. */
  readonly sampler?: Graph;
  /** Fills the holes of a table's rows. */
  readonly imputer?: Graph;
}

const chosen = (answers: Values, names: readonly string[]): Values =>
  Object.fromEntries(names.map((name) => [name, answers[name]!]));

/** The same way back. */
const coloured = (latent: Values, prior?: Gaussian): Values =>
  prior ? mapValues(latent, prior.sample!) : latent;

const classesOf = (model: Model, y: Variable, pixels: Values): Values =>
  classDensity(model, y, { ...known(pixels, ['batch']), still: true }).answers;

/** The bound alone, or the distance to kept images with all that is told beside it. */
function scoresOf(
  model: Model,
  columns: ImageColumns,
  pixels: Values,
  nll: Value,
  reference: Reference | undefined,
): Values {
  if (!reference) return { score: nll };
  const { score, contributions, coded } = imageScore(model, columns, pixels[model.x.name]!, reference);
  const { probabilities } = model.y ? classesOf(model, model.y, pixels) : {};
  return { score, contributions, nll, mean: coded.mean, ...(probabilities && { probabilities }) };
}

/**
 * The queries of a model of images, from raw bytes to answers, their batch left free: q(y|x), q(z|x,y), p(x|y,z), and the
 * negative bound on log p(x), whose noise is one draw shared by all rows. What a query needs and is not given, such as the
 * auxiliary variable of an SDGM, stands at its mean; z is in units of its prior, p(z) or p(z|y). With images to compare with the
 * score is the distance to the nearest, and the bound stands beside it.
 */
export function imageHeads(
  model: Model,
  columns: ImageColumns,
  bound: Bound,
  reference?: Reference,
): HeadGraphs {
  const { x, y, z } = model;
  const pixels = { [x.name]: encodeImages(rawImages(columns, 'batch', x.name)) };
  const label = y && { [y.name]: input(y.name, ['batch', y.size]) };
  const latent = { [z.name]: input('z', ['batch', z.size]) };
  const prior = priorOf(model, label);
  const encoder = whitened(queryAtMeans(model.q, z, { ...pixels, ...label }) as Gaussian, prior);
  const decoder = queryAtMeans(model.p, x, { ...label, ...coloured(latent, prior) }).answers;
  const evidence = (y ? summedOver(y, bound) : bound)(model, known(pixels, [1]));
  return {
    ...(y && {
      classifier: graph('classifier', chosen(classesOf(model, y, pixels), ['probabilities', 'logits'])),
    }),
    encoder: graph('encoder', chosen(encoder, ['mean', 'logVariance'])),
    decoder: graph('decoder', chosen(decoder, ['mean'])),
    scorer: graph('scorer', scoresOf(model, columns, pixels, neg(evidence), reference)),
  };
}
