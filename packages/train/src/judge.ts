import { graph, type Tensors as StoredTensors } from '@semivae/graph';
import { elbo, known, type Model, summedOver, trainingRows } from '@semivae/model';
import { fillNormal, streamOf, type Tensor } from '@semivae/runtime/core';
import type { DataShape } from './assemble.ts';
import { type BareRows, chunksOf } from './classify.ts';
import type { Engine } from './engines/engine.ts';
import { fed } from './engines/onnxruntime.ts';
import { shippedParameters } from './optimizers.ts';

/** The mean evidence lower bound of some rows under a trained state, in nats a row; the same draws at every call. */
export type Judge = (state: StoredTensors, rows: BareRows) => Promise<number>;

/** Opens the bound of a model for calling with any of its states. */
export async function openJudge(engine: Engine, model: Model, { columns }: DataShape): Promise<Judge> {
  const bound = model.y ? summedOver(model.y, elbo()) : elbo();
  const { x } = trainingRows(columns, 'batch', 'x');
  const evidence = graph('validation', { bound: bound(model, known({ x }, ['batch'])) });
  const evaluator = await engine.openGraph(evidence);
  const noiseFor = (rows: number, start: number): Record<string, Tensor> =>
    Object.fromEntries(
      evidence.noises.map(({ leaf, shape }, step) => {
        const dims = shape.map((size) => (typeof size === 'number' ? size : rows));
        const width = dims.slice(1).reduce((product, each) => product * each, 1);
        const data = new Float32Array(rows * width);
        fillNormal(data, { seed: 0, stream: streamOf('judgedSamples'), step }, start * width);
        return [leaf.name, { type: 'float32', dims, data }];
      }),
    );
  return async (state, rows) => {
    const shipped = shippedParameters(state);
    const parameters = Object.fromEntries(
      evidence.parameters.map(({ leaf }) => [leaf.name, fed(shipped[leaf.name]!)]),
    );
    let sum = 0;
    for (const { start, x } of chunksOf(rows)) {
      const feeds = { x, ...parameters, ...noiseFor(x.dims[0]!, start) };
      const { bound } = await evaluator.run(feeds);
      sum += (bound!.data as Float32Array).reduce((total, each) => total + each, 0);
    }
    return sum / rows.rows;
  };
}
