import { linear, parameter, type Value } from '@semivae/graph';
import { type Activation, type Features, mlp, type Network, shown } from './layers.ts';

/** The networks of a model, by what they do. */
export interface Networks {
  /** Of factors that see x: q(z|x,y). */
  readonly encoder: Network;
  /** Of q(y|x). */
  readonly classifier: Network;
  /** Of p(x|…). */
  readonly decoder: Network;
  /** Of all others: between latents and classes. */
  readonly between: Network;
}

/** Perceptrons of these hidden sizes, unless networks are given. */
export interface NetworkSizes {
  readonly hidden: readonly number[];
  readonly activation?: Activation;
  /** Hidden sizes of q(y|x), where they are not those of all networks; none makes it a logistic regression. */
  readonly classifier?: readonly number[];
  /** What q's networks are shown of x; x itself unless told. */
  readonly show?: (x: Value) => Value;
  readonly networks?: Partial<Networks>;
}

export function networksOf(sizes: NetworkSizes): Networks {
  const { hidden, activation = 'relu', classifier, show, networks = {} } = sizes;
  const shownX = (inner: Network): Network => (show ? shown('x', show, inner) : inner);
  const between = mlp(hidden, { activation });
  const encoder = shownX(networks.encoder ?? between);
  const ofY = classifier ? mlp(classifier, { activation }) : (networks.encoder ?? between);
  return { decoder: between, between, ...networks, encoder, classifier: shownX(networks.classifier ?? ofY) };
}

export interface OwnOptions {
  /** The deviation at which the first output begins, normal around 0; the others begin at 0. */
  readonly spread?: number;
}

/**
 * Parameters of their own instead of a network's: one row, or a row for each value of the one parent, whose rows are
 * one-hot: the p(y) and the p(z|y) of a mixture.
 */
export const own =
  ({ spread = 0 }: OwnOptions = {}): Network =>
  (name, parents, outputs) => {
    const [parent] = parents;
    const rows = parent ? [parent.size] : [];
    const all = Object.entries(outputs).map(([output, size], i): [string, Value] => {
      const begins = i === 0 && spread > 0 ? spread : 0;
      const initial = begins
        ? ({ kind: 'normal', scale: begins } as const)
        : ({ kind: 'constant', value: 0 } as const);
      return [output, parameter(`${name}/${output}`, [...rows, size], initial)];
    });
    const at = (values: Readonly<Record<string, Value>>, of: Features | undefined, row: Value) =>
      of ? linear(values[of.name]!, row) : row;
    return (values) => Object.fromEntries(all.map(([output, row]) => [output, at(values, parent, row)]));
  };
