import { type Feeds, type Graph, graph, input, type Tensor } from '@semivae/graph';
import {
  type Bound,
  bernoulli,
  elbo,
  type Family,
  gaussian,
  imageEncoder,
  iwae,
  type Known,
  known,
  type Model,
  m1,
  m2,
  mlp,
  trainingPass,
} from '@semivae/model';
import {
  adam,
  averaged,
  type FewLabelsOptions,
  fewLabels,
  type Objective,
  ramp,
  semiSupervised,
  type TrainingStep,
  trainingStep,
  unsupervised,
  warmupAndDecay,
} from '@semivae/train';
import { mixed, mixedRows, mixedSize } from './mixed.ts';
import { drawnLeaves, oneHotRows, uniforms } from './numbers.ts';

/** Sizes that are all different, so that no axis can be taken for another, and an activation without kinks. */
export const sizes = { x: 6, classes: 3, latent: 2, hidden: [4], activation: 'softplus' } as const;
export const rows = { labelled: 5, unlabelled: 7 } as const;

/** A likelihood, and what it is of. */
export interface Likelihood {
  readonly family: Family;
  /** Features of a row. */
  readonly size: number;
  /** So many rows, the same at every run for the same name. */
  readonly rows: (count: number, name: string) => Tensor;
}

const plain = (family: Family): Likelihood => ({
  family,
  size: sizes.x,
  rows: (count, name) => uniforms([count, sizes.x], name),
});

export const likelihoods: Readonly<Record<string, Likelihood>> = {
  bernoulli: plain(bernoulli),
  gaussian: plain(gaussian),
  table: { family: mixed, size: mixedSize, rows: mixedRows },
};

const labelled = (size: number): Known =>
  known(
    {
      x: input('labelled/x', [rows.labelled, size]),
      y: input('labelled/y', [rows.labelled, sizes.classes]),
    },
    [rows.labelled],
    'labelled/',
  );
const unlabelled = (size: number): Known =>
  known({ x: input('unlabelled/x', [rows.unlabelled, size]) }, [rows.unlabelled], 'unlabelled/');

const dataOf = (likelihood: Likelihood): Feeds => ({
  'labelled/x': likelihood.rows(rows.labelled, 'labelled/x'),
  'labelled/y': oneHotRows([2, 0, 1, 1, 2], sizes.classes),
  'unlabelled/x': likelihood.rows(rows.unlabelled, 'unlabelled/x'),
  'labelled/moved/x': likelihood.rows(rows.labelled, 'labelled/moved/x'),
  'unlabelled/moved/x': likelihood.rows(rows.unlabelled, 'unlabelled/moved/x'),
});

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

/** The data that a graph reaches, and random numbers for all else. */
function feedsOf(reached: Graph, likelihood: Likelihood): Feeds {
  const data = dataOf(likelihood);
  const given = reached.inputs.map(
    ({ leaf, shape }) => [leaf.name, data[leaf.name] ?? uniforms(shape as number[], leaf.name)] as const,
  );
  return { ...Object.fromEntries(given), ...drawnLeaves(reached) };
}

const modelExample = (name: string, likelihood: Likelihood, objective: Objective): ModelExample => ({
  name,
  objective,
  feeds: feedsOf(graph(name, { loss: objective.loss }), likelihood),
});

function examplesOf(name: string, likelihood: Likelihood): ModelExample[] {
  const { family, size } = likelihood;
  const own = { ...sizes, x: size, likelihood: family };
  const [seen, bare] = [labelled(size), unlabelled(size)];
  return Object.entries(bounds).flatMap(([title, bound]) => [
    modelExample(`m1, ${name}, ${title}`, likelihood, unsupervised(m1(own), bare, bound)),
    modelExample(`m2, ${name}, ${title}`, likelihood, unsupervised(m2(own), bare, bound)),
    modelExample(
      `m2, ${name}, ${title}, semi-supervised`,
      likelihood,
      semiSupervised(m2(own), seen, bare, { bound, alpha: 0.1, labelledWeight: 0.5 }),
    ),
  ]);
}

/** Every model with every likelihood and every bound that can train it. */
export const modelExamples: readonly ModelExample[] = Object.entries(likelihoods).flatMap(
  ([name, likelihood]) => examplesOf(name, likelihood),
);

const normalised = m2({
  ...sizes,
  networks: { classifier: mlp([5], { activation: 'softplus', normalised: true, dropout: 0.4 }) },
});

/** Images of 2 × 3 under a normalised classifier of convolutions. */
const seeing = m2({
  ...sizes,
  networks: {
    classifier: imageEncoder({
      image: { width: 3, height: 2, channels: 1 },
      channels: [2],
      hidden: [5],
      activation: 'softplus',
      normalised: true,
      dropout: 0.4,
    }),
  },
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
  'moved labelled rows': { moved: { labelled: input('labelled/moved/x', [rows.labelled, sizes.x]) } },
  'consistency under moves': {
    moved: {
      labelled: input('labelled/moved/x', [rows.labelled, sizes.x]),
      unlabelled: input('unlabelled/moved/x', [rows.unlabelled, sizes.x]),
    },
    consistency: { weight: 1, temperature: 0.5 },
  },
};

export const everything: FewLabelsOptions = Object.assign({}, nothingMore, ...Object.values(held));

const fewLabelsOf = (options: FewLabelsOptions, model: Model = normalised): Objective =>
  fewLabels(model, inTraining(labelled(sizes.x)), inTraining(unlabelled(sizes.x)), options);

/** Moved rows are taught by the running means of the weights. */
const taught: FewLabelsOptions = {
  ...nothingMore,
  ...held['consistency under moves'],
  consistency: { weight: 1, teacher: 'average' },
};

/** The objectives of few labels, around a classifier that is normalised over the batch and thinned out. */
export const fewLabelsExamples: readonly ModelExample[] = [
  ...Object.entries(held).map(([name, options]) =>
    modelExample(`few labels, ${name}`, likelihoods.bernoulli!, fewLabelsOf({ ...nothingMore, ...options })),
  ),
  modelExample('few labels, taught by running means', likelihoods.bernoulli!, fewLabelsOf(taught)),
  modelExample('few labels, everything', likelihoods.bernoulli!, fewLabelsOf(everything)),
  modelExample('few labels, everything, of images', likelihoods.bernoulli!, fewLabelsOf(everything, seeing)),
  modelExample(
    'm2, its bounds through a normalised classifier',
    likelihoods.bernoulli!,
    semiSupervised(normalised, inTraining(labelled(sizes.x)), inTraining(unlabelled(sizes.x)), {
      alpha: 0.1,
    }),
  ),
];

/** A training step of each model, small enough to read; between them, all that an optimizer can do. */
export const steps: Readonly<Record<string, TrainingStep>> = {
  m1: trainingStep(
    'm1',
    unsupervised(m1({ ...sizes, activation: 'relu' }), unlabelled(sizes.x)),
    adam({ learningRate: 1e-3 }),
  ),
  m2: trainingStep(
    'm2',
    semiSupervised(m2({ ...sizes, activation: 'relu' }), labelled(sizes.x), unlabelled(sizes.x), {
      alpha: 0.1,
    }),
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
  taught: trainingStep('taught', fewLabelsOf(taught), averaged(adam({ learningRate: 1e-3 }), 0.9)),
};

/** The data of a step, and random parameters and noise. */
export const stepFeeds = ({ forward }: TrainingStep): Feeds => feedsOf(forward, likelihoods.bernoulli!);
