import { type Feeds, graph, input } from '@semivae/graph';
import {
  adgm,
  cvae,
  elbo,
  imageDecoder,
  imageEncoder,
  type Known,
  known,
  m1m2,
  m2,
  sdgm,
  stagesOf,
  vade,
} from '@semivae/model';
import { conditional, type Learner, semiSupervised, stacked, unsupervised } from '@semivae/train';
import { bounds, type ModelExample, rows, sizes } from './models.ts';
import { drawnLeaves, oneHotRows, uniforms } from './numbers.ts';

const more = { auxiliary: 8, below: 9 } as const;

const labelled: Known = known(
  {
    x: input('labelled/x', [rows.labelled, sizes.x]),
    y: input('labelled/y', [rows.labelled, sizes.classes]),
  },
  [rows.labelled],
  'labelled/',
);
const unlabelled: Known = known(
  { x: input('unlabelled/x', [rows.unlabelled, sizes.x]) },
  [rows.unlabelled],
  'unlabelled/',
);

const data: Feeds = {
  'labelled/x': uniforms([rows.labelled, sizes.x], 'labelled/x'),
  'labelled/y': oneHotRows([2, 0, 1, 1, 2], sizes.classes),
  'unlabelled/x': uniforms([rows.unlabelled, sizes.x], 'unlabelled/x'),
};

function modelExample(name: string, objective: ModelExample['objective']): ModelExample {
  const reached = graph(name, { loss: objective.loss });
  const given = reached.inputs.map(({ leaf }) => [leaf.name, data[leaf.name]!] as const);
  return { name, objective, feeds: { ...Object.fromEntries(given), ...drawnLeaves(reached) } };
}

/** Images of 2 × 3 under one stage of convolutions with a residual block, and back. */
const images = {
  image: { width: 3, height: 2, channels: 1 },
  channels: [2],
  blocks: 1,
  hidden: [4],
  activation: 'softplus',
} as const;
const networks = { encoder: imageEncoder(images), decoder: imageDecoder(images) };

/** The models of the papers after M1 and M2, and M2 with networks for images. */
export const papers = {
  'm1+m2': m1m2({ ...sizes, ...more }),
  sdgm: sdgm({ ...sizes, ...more }),
  adgm: adgm({ ...sizes, ...more }),
  cvae: cvae(sizes),
  vade: vade(sizes),
  'm2 of images': m2({ ...sizes, networks }),
} as const;

const semi = { alpha: 0.1, labelledWeight: 0.5 };

const learn: Learner = (model, some, others) => semiSupervised(model, some!, others, semi);

/** A stacked model, its two stages, and what trains them together. */
const stages = stagesOf(papers['m1+m2']);
export const stackedExample = {
  stages,
  whole: modelExample('m1+m2 in stages', stacked(stages, labelled, unlabelled, { learn })),
  below: unsupervised(stages.below, { ...unlabelled, scope: 'unlabelled/m1/' }),
  above: stacked(stages, labelled, unlabelled, { learn, trained: true }),
} as const;

const boundExamples: readonly ModelExample[] = Object.entries(bounds).flatMap(([title, bound]) => [
  ...Object.entries(papers).map(([name, model]) =>
    modelExample(`${name}, ${title}`, unsupervised(model, unlabelled, bound)),
  ),
  ...Object.entries(papers).map(([name, model]) =>
    modelExample(
      `${name}, ${title}, semi-supervised`,
      semiSupervised(model, labelled, unlabelled, { bound, ...semi }),
    ),
  ),
  modelExample(`cvae, ${title}, conditional`, conditional(papers.cvae, labelled, bound)),
]);

/** Models with some nats of their divergence for free: some features have less than that, others more. */
const freeBitsExamples: readonly ModelExample[] = (['m1+m2', 'adgm'] as const).map((name) =>
  modelExample(
    `${name}, free bits`,
    semiSupervised(papers[name], labelled, unlabelled, { bound: elbo({ freeBits: 0.25 }), ...semi }),
  ),
);

/** Each of them with every bound that can train it. */
export const paperExamples: readonly ModelExample[] = [...boundExamples, ...freeBitsExamples];
