import type { Graph, Tensors as StoredTensors } from '@semivae/graph';
import type { Tensor, Tensors } from '@semivae/runtime/core';
import { type Engine, fed } from '@semivae/train';

/** A graph's answers, its parameters and noise fed from a trained state and nothing frozen. */
export async function ask(
  engine: Engine,
  graph: Graph,
  state: StoredTensors,
  feeds: Tensors,
): Promise<Tensors> {
  const evaluator = await engine.openGraph(graph);
  const leaves = [...graph.parameters, ...graph.noises].map(({ leaf }) => [
    leaf.name,
    fed(state[leaf.name]!),
  ]);
  const wanted = graph.inputs.map(({ leaf }) => [leaf.name, feeds[leaf.name]!]);
  try {
    return await evaluator.run(Object.fromEntries([...leaves, ...wanted]));
  } finally {
    await evaluator.close();
  }
}

const ROWS_AT_ONCE = 250;

/** One output of a graph of `x` over many rows, some at a time, its rows joined. */
export async function askRows(
  engine: Engine,
  graph: Graph,
  state: StoredTensors,
  x: StoredTensors[string],
  output: string,
  type: 'float32' | 'uint8' = 'float32',
): Promise<StoredTensors[string]> {
  const [rows, width] = x.shape as readonly [number, number];
  const evaluator = await engine.openGraph(graph);
  const leaves = [...graph.parameters, ...graph.noises].map(({ leaf }) => [
    leaf.name,
    fed(state[leaf.name]!),
  ]);
  const parts: Float32Array[] = [];
  let features: readonly number[] = [];
  try {
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      const data = x.data.slice(start * width, (start + ROWS_AT_ONCE) * width);
      const part: Tensor = {
        type,
        dims: [data.length / width, width],
        data: (type === 'uint8' ? Uint8Array : Float32Array).from(data),
      };
      const found = (await evaluator.run({ ...Object.fromEntries(leaves), x: part }))[output]!;
      parts.push(found.data as Float32Array);
      features = found.dims.slice(1);
    }
  } finally {
    await evaluator.close();
  }
  const joined = new Float32Array(parts.reduce((length, each) => length + each.length, 0));
  parts.reduce((at, each) => {
    joined.set(each, at);
    return at + each.length;
  }, 0);
  return { shape: [rows, ...features], data: joined };
}
