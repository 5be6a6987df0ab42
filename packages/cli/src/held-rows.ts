import { encodedSet } from '@semivae/data';
import {
  type Graph,
  graph,
  identityMatrix,
  mul,
  softmax,
  sum,
  type Tensors,
  unsqueeze,
  type Value,
} from '@semivae/graph';
import { type Categorical, type Gaussian, type Model, query, trainingRows } from '@semivae/model';
import {
  chunksOf,
  type Engine,
  fed,
  modelOf,
  type RunInfo,
  readHeld,
  readShipped,
  shapeOf,
  shippedParameters,
} from '@semivae/train/node';
import { joined } from './joined.ts';

/** What a trained model makes of rows that its run kept, row-major. */
export interface HeldAnswers {
  readonly rows: number;
  /** The class of each row, −1 where it is unknown. */
  readonly labels: Int32Array;
  /** [rows, classes], where the model has classes. */
  readonly probabilities?: Float32Array;
  /** [rows, latent]: the mean of q(z|x). */
  readonly mean: Float32Array;
}

/** The rows of a run of a table that were not trained on, as its model answers them. */
export interface Held {
  readonly calibration: HeldAnswers;
  readonly anomalies: HeldAnswers;
}

/** The mean of q(z|x): of q(z|x,y), weighed by q(y|x) where there are classes. */
function latentMean({ q, x, y, z }: Model, rows: Value): Value {
  if (!y) return (query(q, z, { [x.name]: rows }) as Gaussian).mean;
  const beside = { [x.name]: unsqueeze(rows, 1), [y.name]: unsqueeze(identityMatrix(y.size), 0) };
  const { mean } = query(q, z, beside) as Gaussian;
  const { logits } = query(q, y, { [x.name]: rows }) as Categorical;
  return sum(mul(mean, unsqueeze(softmax(logits), -1)), [1]);
}

function answerGraph(model: Model, { columns }: RunInfo['data']): Graph {
  const { x } = trainingRows(columns, 'batch', 'x');
  const { probabilities } = model.y ? query(model.q, model.y, { [model.x.name]: x }).answers : {};
  return graph('held', { mean: latentMean(model, x), ...(probabilities && { probabilities }) });
}

/** Asks the model that ships for the rows that a run of a table kept. Throws `RUN_FILE`, `SAFETENSORS`, `CHECKPOINT`. */
export async function askHeld(folder: string, info: RunInfo, engine: Engine): Promise<Held> {
  const [{ state }, { tensors }] = await Promise.all([readShipped(folder), readHeld(folder)]);
  const { recipe, data } = info;
  const shape = shapeOf(data, data.trainRows);
  const answers = answerGraph(modelOf(recipe, shape, { derived: false }), data);
  const shipped = shippedParameters(state);
  const parameters = Object.fromEntries(
    answers.parameters.map(({ leaf }) => [leaf.name, fed(shipped[leaf.name]!)]),
  );
  const evaluator = await engine.openGraph(answers);
  const ask = async (name: 'calibration' | 'anomalies'): Promise<HeldAnswers> => {
    const [means, probabilities]: [Float32Array[], Float32Array[]] = [[], []];
    const rows = heldSet(info, tensors, name);
    for (const { x } of chunksOf(rows)) {
      const found = await evaluator.run({ x, ...parameters });
      means.push(found.mean!.data as Float32Array);
      if (found.probabilities) probabilities.push(found.probabilities.data as Float32Array);
    }
    return {
      rows: rows.rows,
      labels: Int32Array.from(rows.labels),
      mean: joined(means),
      ...('probabilities' in answers.outputs && { probabilities: joined(probabilities) }),
    };
  };
  try {
    return { calibration: await ask('calibration'), anomalies: await ask('anomalies') };
  } finally {
    await evaluator.close();
  }
}

function heldSet({ data }: RunInfo, tensors: Tensors, name: 'calibration' | 'anomalies') {
  const { shape, data: x } = tensors[name]!;
  const labels = tensors[`${name}/labels`]?.data ?? new Float32Array(shape[0]!).fill(-1);
  return encodedSet({ ...data, labels }, Float32Array.from(x), shape[1]!);
}
