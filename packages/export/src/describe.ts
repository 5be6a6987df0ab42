import { IR_VERSION, OPSET, type Value } from '@semivae/graph';
import {
  type Column,
  type Columns,
  featuresOf,
  IMAGE_ENCODING,
  isConstant,
  isText,
  isUsed,
  type Model,
  timestampInWords,
  type UsedColumn,
} from '@semivae/model';
import {
  type Calibration,
  type FileEntry,
  formatVersion,
  type InputColumn,
  type Manifest,
  type TensorSpec,
} from '@semivae/runtime/core';
import { latentOf } from '@semivae/train';
import type { Holding } from './card.ts';
import type { ShipOptions } from './ship-options.ts';

const meanings: Readonly<Record<string, string>> = {
  x: 'raw pixels, 0…255, row by row',
  y: 'class, one-hot in the order of labels',
  z: 'latent, standard normal under the prior',
  uniforms: 'independent draws, uniform in 0…1, that the cells are made of',
  numbers: 'raw numbers, a column for each that input.columns puts here; NaN is missing',
  texts: 'raw texts, a column for each that input.columns puts here; empty is missing',
  probabilities: 'q(y|x), in the order of labels',
  logits: 'log q(y|x) up to a constant',
  'encoder/mean': 'mean of q(z|x,y)',
  'scorer/mean': 'mean of q(z|x)',
  logVariance: 'log-variance of q(z|x,y)',
  'decoder/mean': 'mean of p(x|y,z), pixels in 0…1',
  'sampler/cells/numbers': 'raw numbers, as they come in, drawn from p(x|y,z)',
  'sampler/cells/texts': 'raw texts, as they come in, drawn from p(x|y,z)',
  'cells/numbers': 'raw numbers, as they come in: the mean, or the more probable value',
  'cells/texts': 'raw texts, as they come in: the most probable',
  nll: 'negative bound on log p(x), in nats',
  contributions: 'what each column that is not ignored, or each pixel, adds to the score, in their order',
};

/** A tensor of a head, as the manifest tells of it. */
export const specOf = (
  head: string,
  name: string,
  { type, shape }: Pick<Value, 'type' | 'shape'>,
  scoreMeaning: string,
): TensorSpec => ({
  name,
  type: type as TensorSpec['type'],
  shape: shape as TensorSpec['shape'],
  meaning: name === 'score' ? scoreMeaning : (meanings[`${head}/${name}`] ?? meanings[name] ?? name),
});

const papers: Readonly<Record<string, string>> = {
  m1: 'Kingma et al. 2014, Semi-Supervised Learning with Deep Generative Models, M1 (arXiv:1406.5298)',
  m2: 'Kingma et al. 2014, Semi-Supervised Learning with Deep Generative Models, M2 (arXiv:1406.5298)',
  'm1+m2':
    'Kingma et al. 2014, Semi-Supervised Learning with Deep Generative Models, M1+M2 (arXiv:1406.5298)',
  sdgm: 'Maaløe et al. 2016, Auxiliary Deep Generative Models, SDGM (arXiv:1602.05473)',
  adgm: 'Maaløe et al. 2016, Auxiliary Deep Generative Models, ADGM (arXiv:1602.05473)',
  cvae: 'Sohn et al. 2015, Learning Structured Output Representation using Deep Conditional Generative Models',
  vade: 'Jiang et al. 2017, Variational Deep Embedding (arXiv:1611.05148)',
};

const number = (each: number): string => String(Number(each.toPrecision(4)));

function encodingOf(column: UsedColumn): string {
  if (column.kind === 'numeric') {
    const of =
      column.transform.kind === 'log' ? `sign(x)·log(1 + |x|/${number(column.transform.unit)})` : 'x';
    const ranks = column.ranks ? '; and the normal score of its rank' : '';
    return `(${of} − ${number(column.centre)}) / ${number(column.scale)}${ranks}; ${column.likelihood}`;
  }
  if (column.kind === 'count')
    return `(log(1 + x) − ${number(column.centre)}) / ${number(column.scale)}; ${column.likelihood}`;
  if (column.kind === 'binary') return `0 for ${column.levels[0]}, 1 for ${column.levels[1]}; bernoulli`;
  if (column.kind === 'timestamp') return `${timestampInWords(column)}; gaussian`;
  if (isConstant(column)) return 'none: it is always the same, and any other value a surprise';
  return `one-hot of ${column.levels.length} levels and a place for all others; categorical`;
}

function inputColumn(column: Column): InputColumn {
  const { name, kind } = column;
  if (!isUsed(column)) return { name, kind, reason: column.reason };
  const levels =
    column.kind === 'binary'
      ? column.levels
      : column.kind === 'categorical'
        ? [...column.levels, ...column.rare]
        : undefined;
  return {
    name,
    kind,
    tensor: isText(column) ? 'texts' : 'numbers',
    ...(levels && { levels }),
    ...(column.written && { written: column.written }),
    encoding: encodingOf(column),
  };
}

const inputOf = (columns: Columns): Manifest['input'] =>
  columns.kind === 'image'
    ? { ...columns, type: 'uint8', encoding: IMAGE_ENCODING }
    : { kind: 'table', columns: columns.columns.map(inputColumn) };

const boundText = ({ kind, samples }: { kind: string; samples: number }, model: Model): string => {
  const base =
    kind === 'iwae'
      ? `importance-weighted bound, ${samples} samples`
      : `evidence lower bound, ${samples} samples`;
  return model.y ? `${base}, the class summed out` : base;
};

const SURPRISES =
  'values and missing cells that training never saw, rare levels, numbers far out, levels that avoid each other';

const OF_IMAGES = [
  'how far the image lies from its nearest neighbours in the mean, deviation, largest and lit part of its grey values',
  'in the mean of its latent',
  'and in what the model, decoding that mean, leaves unexplained of each square of pixels',
];

/** What the score is: a distance where reference rows are kept, else the bound. */
export function scoreOf(
  { info: { recipe, data } }: ShipOptions,
  model: Model,
  references: number,
): Manifest['score'] {
  const bound = { bound: boundText(recipe.score, model), samples: recipe.score.samples };
  const surprise = data.columns.kind === 'table' && data.columns.surprise !== undefined;
  if (references === 0) {
    const more = surprise ? ', and of what is rare in its cells' : '';
    const meaning = `negative of a lower bound on log p(x)${more}; the higher, the stranger`;
    return { kind: 'bound', meaning, unit: 'nats', ...bound };
  }
  return {
    kind: 'neighbours',
    meaning: `distance to the nearest of ${references} training rows kept in the file; the higher, the stranger`,
    unit: 'distance',
    ...bound,
    parts:
      data.columns.kind === 'image'
        ? OF_IMAGES
        : [
            'how far the row lies from its nearest neighbours in its own encoded cells',
            'in the mean of its latent, shared out over columns as the other parts are',
            'and in what the model, decoding that mean, leaves unexplained of each cell',
            ...(surprise
              ? [`at right angles to that, so that squares add up, how rare cells are: ${SURPRISES}`]
              : []),
            ...(data.anomalies
              ? ['all of it times 1/√(1 + d), d the distance to the nearest known anomaly']
              : []),
          ],
  };
}

/** What stands in a manifest beside the heads. */
export interface Described {
  readonly model: Model;
  readonly heads: Manifest['heads'];
  readonly score: Manifest['score'];
  readonly parity: FileEntry;
  readonly reference?: FileEntry;
  readonly calibration?: Calibration;
  readonly holds: Holding;
}

/** Names of classes; of clusters, which are no classes, where no label was trained on. */
function labelsOf({ y }: Model, { recipe, data }: ShipOptions['info']): readonly string[] {
  if (!y) return [];
  return recipe.data.labels > 0 ? data.classes : data.classes.map((_, i) => `cluster ${i + 1}`);
}

/** The manifest of a bundle. */
export function manifestOf(options: ShipOptions, described: Described): Manifest {
  const { name, info, checkpoint, metrics, version } = options;
  const { recipe, data, seed } = info;
  const { model, heads, score, parity, reference, calibration } = described;
  const latent = latentOf(recipe, data.columns);
  return {
    format: 'semivae-bundle',
    formatVersion,
    name,
    description: `${recipe.model.kind.toUpperCase()} trained on ${data.name} with ${recipe.data.labels} labels`,
    model: {
      kind: recipe.model.kind,
      paper: papers[recipe.model.kind]!,
      sizes: {
        x: featuresOf(data.columns),
        classes: model.y?.size ?? 0,
        latent,
        hidden: recipe.model.hidden,
      },
    },
    input: inputOf(data.columns),
    labels: labelsOf(model, info),
    latent: { size: latent },
    heads,
    score,
    ...(calibration && { calibration }),
    ...(reference && { reference }),
    training: {
      data: data.name,
      rows: trainedRows(options),
      labelled: recipe.data.labels,
      seed,
      epochs: metrics.epoch ?? recipe.epochs,
      steps: checkpoint.step,
      engine: info.engine,
      metrics,
      recipe,
      ...(info.initFrom && { initFrom: info.initFrom }),
      ...(info.taughtBy && { taughtBy: info.taughtBy }),
    },
    parity,
    versions: { ...info.versions, semivae: version, opset: String(OPSET), ir: String(IR_VERSION) },
  };
}

/** Rows that the steps went through: without those held out. */
export function trainedRows({ info: { recipe, data } }: ShipOptions): number {
  const held = recipe.data.validation;
  if (data.validationRows !== undefined) return data.trainRows - data.validationRows;
  return data.trainRows - (held < 1 ? Math.round(held * data.trainRows) : held);
}
