import { add, type Initial, linear, parameter, relu, silu, softplus, tanh, type Value } from '@semivae/graph';
import type { Values } from './families/family.ts';

/** Something with features: a variable, or a layer's output. */
export interface Features {
  readonly name: string;
  readonly size: number;
}

/** A network from named parents to named outputs; its parameters are made once, here, and used at every call. */
export type Network = (
  name: string,
  parents: readonly Features[],
  outputs: Readonly<Record<string, number>>,
) => (parents: Values) => Values;

export const activations = { relu, softplus, tanh, silu } as const;
export type Activation = keyof typeof activations;

/** He et al. 2015 for layers that rectify; Glorot and Bengio 2010's variance, 1/fan-in, for those that do not. */
const weightInitial = (fanIn: number, gain: number): Initial => ({
  kind: 'normal',
  scale: Math.sqrt(gain / fanIn),
});

/**
 * Σ over parents of parent·W, plus b: several parents are projected and summed, never concatenated, so that each is
 * multiplied over its own rows only and broadcasting does the rest.
 */
function dense(
  name: string,
  parents: readonly Features[],
  size: number,
  gain: number,
): (parents: Values) => Value {
  const fanIn = parents.reduce((total, parent) => total + parent.size, 0);
  const weightName = (parent: Features) =>
    parents.length === 1 ? `${name}/weight` : `${name}/weight(${parent.name})`;
  const weights = parents.map((parent) =>
    parameter(weightName(parent), [parent.size, size], weightInitial(fanIn, gain)),
  );
  const bias = parameter(`${name}/bias`, [size], { kind: 'constant', value: 0 });
  return (values) =>
    parents
      .map((parent, i) => linear(values[parent.name]!, weights[i]!, i === 0 ? bias : undefined))
      .reduce((total, projected) => add(total, projected));
}

export interface MlpOptions {
  readonly activation?: Activation;
}

/** A multilayer perceptron with these hidden sizes, and one linear head for each output. */
export const mlp =
  (hidden: readonly number[], { activation = 'relu' }: MlpOptions = {}): Network =>
  (name, parents, outputs) => {
    const activate = activations[activation];
    const sources = (i: number) => (i === 0 ? parents : [{ name: 'hidden', size: hidden[i - 1]! }]);
    const layers = hidden.map((size, i) => dense(`${name}/hidden${i + 1}`, sources(i), size, 2));
    const heads = Object.entries(outputs).map(
      ([output, size]) => [output, dense(`${name}/${output}`, sources(hidden.length), size, 1)] as const,
    );
    return (values) => {
      const top = layers.reduce<Values>((below, layer) => ({ hidden: activate(layer(below)) }), values);
      return Object.fromEntries(heads.map(([output, head]) => [output, head(top)]));
    };
  };
