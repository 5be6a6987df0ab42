import { type Graph, graph, input, neg } from '@semivae/graph';
import {
  encodeImages,
  type ImageColumns,
  known,
  type Model,
  query,
  rawImages,
  type Values,
} from '@semivae/model';
import { type Bound, summedOver } from '@semivae/train';

/** The graphs that are shipped, by head; a model without classes has no classifier. */
export interface HeadGraphs {
  readonly classifier?: Graph;
  readonly encoder: Graph;
  readonly decoder: Graph;
  readonly scorer: Graph;
  /** Fills the holes of a table's rows. */
  readonly imputer?: Graph;
}

const chosen = (answers: Values, names: readonly string[]): Values =>
  Object.fromEntries(names.map((name) => [name, answers[name]!]));

/**
 * The queries of a model of images, from raw bytes to answers, their batch left free: q(y|x), q(z|x,y), p(x|y,z), and the
 * negative bound on log p(x), whose noise is one draw shared by all rows.
 */
export function imageHeads(model: Model, columns: ImageColumns, bound: Bound): HeadGraphs {
  const { x, y, z } = model;
  const pixels = { [x.name]: encodeImages(rawImages(columns, 'batch', x.name)) };
  const label = y && { [y.name]: input(y.name, ['batch', y.size]) };
  const latent = { [z.name]: input(z.name, ['batch', z.size]) };
  const encoder = query(model.q, z, { ...pixels, ...label }).answers;
  const decoder = query(model.p, x, { ...label, ...latent }).answers;
  const evidence = (y ? summedOver(y, bound) : bound)(model, known(pixels, [1]));
  return {
    ...(y && {
      classifier: graph('classifier', chosen(query(model.q, y, pixels).answers, ['probabilities', 'logits'])),
    }),
    encoder: graph('encoder', chosen(encoder, ['mean', 'logVariance'])),
    decoder: graph('decoder', chosen(decoder, ['mean'])),
    scorer: graph('scorer', { score: neg(evidence) }),
  };
}
