import { type Feeds, type Graph, graph, input } from '@semivae/graph';
import { bernoulli, gaussian, type Known, known, m1, m2, mlp, trainingPass } from '@semivae/model';
import {
  adam,
  type Bound,
  elbo,
  type FewLabelsOptions,
  fewLabels,
  iwae,
  type Objective,
  ramp,
  semiSupervised,
  type TrainingStep,
  trainingStep,
  unsupervised,
  warmupAndDecay,
} from '@semivae/train';
import { drawnLeaves, oneHotRows, uniforms } from './numbers.ts';

/** Sizes that are all different, so that no axis can be taken for another, and an activation without kinks. */
export const sizes = { x: 6, classes: 3, latent: 2, hidden: [4], activation: 'softplus' } as const;
export const rows = { labelled: 5, unlabelled: 7 } as const;

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

export const bounds: Readonly<Record<string, Bound>> = {
  'the bound in closed form': elbo(),
  'the bound, sampled': elbo({ closedForm: false }),
  'the bound over 3 samples': elbo({ samples: 3 }),
  'the importance weighted bound over 5 samples': iwae(5),
};

export interface ModelExample {
  readonly name: string;
  readonly objective: Objective;
  /** The data, and random parameters and noise. */
  readonly feeds: Feeds;
}

function feedsOf(reached: Graph): Feeds {
  const given = reached.inputs.map(({ leaf }) => [leaf.name, data[leaf.name]!] as const);
  return { ...Object.fromEntries(given), ...drawnLeaves(reached) };
}

const modelExample = (name: string, objective: Objective): ModelExample => ({
  name,
  objective,
  feeds: feedsOf(graph(name, { loss: objective.loss })),
});

const likelihoods = { bernoulli, gaussian };

/** Every model with every bound that can train it. */
export const modelExamples: readonly ModelExample[] = Object.entries(likelihoods).flatMap(
  ([family, likelihood]) =>
    Object.entries(bounds).flatMap(([title, bound]) => [
      modelExample(`m1, ${family}, ${title}`, unsupervised(m1({ ...sizes, likelihood }), unlabelled, bound)),
      modelExample(`m2, ${family}, ${title}`, unsupervised(m2({ ...sizes, likelihood }), unlabelled, bound)),
      modelExample(
        `m2, ${family}, ${title}, semi-supervised`,
        semiSupervised(m2({ ...sizes, likelihood }), labelled, unlabelled, {
          bound,
          alpha: 0.1,
          labelledWeight: 0.5,
        }),
      ),
    ]),
);

const normalised = m2({
  ...sizes,
  classifier: mlp([5], { activation: 'softplus', normalised: true, dropout: 0.4 }),
});

/** As it is in training: what is drawn in networks is drawn, and statistics are the batch's. */
const inTraining = (rows: Known): Known => ({ ...rows, pass: trainingPass(rows.scope) });

const nothingMore: FewLabelsOptions = {
  alpha: 0.5,
  boundWeight: 0,
  labelSmoothing: 0,
  adversarial: { weight: 0, radius: 0.7 },
  entropy: 0,
  balance: 0,
  pseudoLabels: { weight: 0, threshold: 0.5 },
};

/** What a classifier may be held to, each alone, and all together. */
const held: Readonly<Record<string, Partial<FewLabelsOptions>>> = {
  'label smoothing': { labelSmoothing: 0.1 },
  'the bound of some rows': { boundWeight: 0.1, boundRows: 3 },
  'adversarial moves': { adversarial: { weight: 1, radius: 0.7, probe: 0.5 } },
  entropy: { entropy: 1 },
  balance: { balance: 1 },
  'pseudo-labels': { pseudoLabels: { weight: 1, threshold: 0.35 } },
};

export const everything: FewLabelsOptions = Object.assign({}, nothingMore, ...Object.values(held));

const fewLabelsOf = (options: FewLabelsOptions): Objective =>
  fewLabels(normalised, inTraining(labelled), inTraining(unlabelled), options);

/** The objectives of few labels, around a classifier that is normalised over the batch and thinned out. */
export const fewLabelsExamples: readonly ModelExample[] = [
  ...Object.entries(held).map(([name, options]) =>
    modelExample(`few labels, ${name}`, fewLabelsOf({ ...nothingMore, ...options })),
  ),
  modelExample('few labels, everything', fewLabelsOf(everything)),
  modelExample(
    'm2, its bounds through a normalised classifier',
    semiSupervised(normalised, inTraining(labelled), inTraining(unlabelled), { alpha: 0.1 }),
  ),
];

/** A training step of each model, small enough to read; between them, all that an optimizer can do. */
export const steps: Readonly<Record<string, TrainingStep>> = {
  m1: trainingStep(
    'm1',
    unsupervised(m1({ ...sizes, activation: 'relu' }), unlabelled),
    adam({ learningRate: 1e-3 }),
  ),
  m2: trainingStep(
    'm2',
    semiSupervised(m2({ ...sizes, activation: 'relu' }), labelled, unlabelled, { alpha: 0.1 }),
    adam({
      learningRate: 1e-3,
      weightDecay: 0.01,
      clipNorm: 1,
      schedule: warmupAndDecay({ steps: 100, warmup: 10, decay: 0.5, floor: 0.1 }),
    }),
  ),
  'few-labels': trainingStep(
    'few-labels',
    fewLabelsOf(everything),
    adam({ learningRate: 1e-3, beta1: ramp({ steps: 4, decay: 0.5, from: 0.9, to: 0.5 }) }),
  ),
};

/** The data of a step, and random parameters and noise. */
export const stepFeeds = ({ forward }: TrainingStep): Feeds => feedsOf(forward);
