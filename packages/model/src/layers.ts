import {
  add,
  concat,
  type Initial,
  leakyRelu,
  linear,
  parameter,
  relu,
  silu,
  slice,
  softplus,
  tanh,
  type Value,
} from '@semivae/graph';
import { mapValues, type Values } from './families/family.ts';
import { batchNormalisation, dropout, type Pass, shippedPass } from './pass.ts';

/** Something with features: a variable, or a layer's output. */
export interface Features {
  readonly name: string;
  readonly size: number;
}

/**
 * A network from named parents to named outputs; its parameters are made once, here, and used at every call. It is gone
 * through as it ships unless another pass is told.
 */
export type Network = (
  name: string,
  parents: readonly Features[],
  outputs: Readonly<Record<string, number>>,
) => (parents: Values, pass?: Pass) => Values;

export const activations = {
  relu,
  softplus,
  tanh,
  silu,
  'leaky-relu': (a: Value) => leakyRelu(a),
} as const;
export type Activation = keyof typeof activations;

/** He et al. 2015 for layers that rectify; Glorot and Bengio 2010's variance, 1/fan-in, for those that do not. */
export const weightInitial = (fanIn: number, gain: number): Initial => ({
  kind: 'normal',
  scale: Math.sqrt(gain / fanIn),
});

/**
 * Σ over parents of parent·W, plus b, for each output: several parents are projected and summed, never concatenated,
 * so that each is multiplied over its own rows only and broadcasting does the rest. Outputs are multiplied at once.
 */
export function dense(
  name: string,
  parents: readonly Features[],
  outputs: Readonly<Record<string, number>>,
  gain: number,
  biased = true,
): (parents: Values) => Values {
  const sizes = Object.entries(outputs);
  if (sizes.length === 0) return () => ({});
  const initial = weightInitial(
    parents.reduce((total, parent) => total + parent.size, 0),
    gain,
  );
  const weightName = (parent: Features) => (parents.length === 1 ? 'weight' : `weight(${parent.name})`);
  const weights = parents.map((parent) =>
    concat(
      sizes.map(([output, size]) =>
        parameter(`${name}/${output}/${weightName(parent)}`, [parent.size, size], initial),
      ),
      1,
    ),
  );
  const bias = biased
    ? concat(
        sizes.map(([output, size]) =>
          parameter(`${name}/${output}/bias`, [size], { kind: 'constant', value: 0 }),
        ),
        0,
      )
    : undefined;
  return (values) => {
    const all = parents
      .map((parent, i) => linear(values[parent.name]!, weights[i]!, i === 0 ? bias : undefined))
      .reduce((total, projected) => add(total, projected));
    return split(all, outputs);
  };
}

/** Features taken apart by name and size. */
function split(all: Value, sizes: Readonly<Record<string, number>>): Values {
  let start = 0;
  const parts = Object.entries(sizes).map(([name, size]) => {
    const part = slice(all, -1, start, start + size);
    start += size;
    return [name, part] as const;
  });
  return Object.fromEntries(parts);
}

/** A network that is shown something made of one of its parents in that parent's place. */
export const shown =
  (parent: string, change: (value: Value) => Value, network: Network): Network =>
  (name, parents, outputs) => {
    const answer = network(name, parents, outputs);
    return (values, pass) => answer({ ...values, [parent]: change(values[parent]!) }, pass);
  };

export interface MlpOptions {
  readonly activation?: Activation;
  /** Whether hidden layers are normalised over the batch, before their activation. */
  readonly normalised?: boolean;
  /** The share of a hidden layer's features that are left out at random in training. */
  readonly dropout?: number;
}

/** One hidden layer: a projection, normalised where asked, activated, thinned out. */
function hiddenLayer(
  name: string,
  layer: string,
  parents: readonly Features[],
  size: number,
  { activation = 'relu', normalised = false, dropout: share = 0 }: MlpOptions,
): (parents: Values, pass: Pass) => Values {
  const place = `${name}/${layer}`;
  const project = dense(name, parents, { [layer]: size }, 2, !normalised);
  const normalise = normalised ? batchNormalisation(place, size) : (value: Value) => value;
  const thin = dropout(place, share);
  return (values, pass) =>
    mapValues(project(values), (value) => thin(activations[activation](normalise(value, pass)), pass));
}

/** A multilayer perceptron with these hidden sizes, and one linear head for each output. */
export const mlp =
  (hidden: readonly number[], options: MlpOptions = {}): Network =>
  (name, parents, outputs) => {
    const layerName = (i: number) => `hidden${i + 1}`;
    const below = (i: number) => (i === 0 ? parents : [{ name: layerName(i - 1), size: hidden[i - 1]! }]);
    const layers = hidden.map((size, i) => hiddenLayer(name, layerName(i), below(i), size, options));
    const heads = dense(name, below(hidden.length), outputs, 1);
    return (values, pass = shippedPass) => heads(layers.reduce((so, layer) => layer(so, pass), values));
  };
