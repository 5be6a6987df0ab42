import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * ONNX Runtime computes every op in float32 and in float64 (but fuses `silu` into one that it lacks in float64). Texts
 * can only be moved (gathered, chosen by `where`, joined, reshaped) and numbered by `labelEncoder`. Slopes are float32.
 */
export type ElementType = 'float32' | 'float64' | 'uint8' | 'int64' | 'bool' | 'string';
export type NumberData = Float32Array | Float64Array | Uint8Array | BigInt64Array;
export type TypedData = NumberData | readonly string[];
/** What an op is told besides its inputs: whole numbers and texts. */
export type Attribute = number | readonly number[] | string | readonly string[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** Given d loss / d y, the d loss / d input of each input; null where no slope passes. */
export type Gradient = (dy: Value, y: Value) => readonly (Value | null)[];

/** What one operator means. `name` is ONNX's; attributes and inputs are ONNX's too. */
export interface Op {
  readonly name: string;
  /** ONNX's operator set, where it is not ONNX's own. */
  readonly domain?: 'ai.onnx.ml';
  /** Which of the operator's outputs the value is, counted from 0, where it is not the first. */
  readonly output?: number;
  /** Absent: no slope passes. */
  readonly gradient?: Gradient;
  /**
   * Elementwise ops broadcast, and their rules are written as for equal shapes. Rules of elementwise ops and of
   * reductions may be given a `dy` that is 1 along axes on which it is constant; all others get it in full.
   */
  readonly kind?: 'elementwise' | 'reduction';
  /** The op in float64 by the most obvious loop: the judge of gradients. */
  readonly reference: (y: Value, inputs: readonly Tensor[]) => Tensor;
}

/** How the parameters of a network begin. */
export type Initial =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly scale: number };

export type Leaf =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly initial: Initial }
  | { readonly kind: 'noise'; readonly name: string; readonly distribution: 'normal' | 'uniform' }
  | { readonly kind: 'constant'; readonly data: TypedData };

/** A node of a graph, immutable; the graph is what it reaches. */
export interface Value {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly shape: Shape;
  readonly type: ElementType;
  readonly attributes: Attributes;
  readonly leaf?: Leaf;
  /** Slopes are taken with respect to these, by this rule, instead of through the op. */
  readonly slope?: { readonly inputs: readonly Value[]; readonly gradient: Gradient };
  /** The parameter of which this is what a batch tells, where no slope trains it but a running mean does. */
  readonly observes?: LeafValue<'parameter'>;
}

/** Every value that the outputs reach, each after its inputs. */
export function reached(outputs: readonly Value[], inputsOf = (value: Value) => value.inputs): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  const enter = (value: Value) => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const input = inputsOf(top.value)[top.next++];
      if (input) enter(input);
      else order.push(stack.pop()!.value);
    }
  }
  return order;
}

type NamedLeaf = Exclude<Leaf, { kind: 'constant' }>;

/** A leaf that has a name: an input, a parameter or noise. */
export type LeafValue<K extends NamedLeaf['kind'] = NamedLeaf['kind']> = Value & {
  readonly leaf: Extract<NamedLeaf, { kind: K }>;
};

/** The value, marked as what a batch tells of a parameter that is kept as a running mean, such as a layer's variance. */
export const observed = (value: Value, parameter: LeafValue<'parameter'>): Value => ({
  ...value,
  observes: parameter,
});

/** A value that tells of a parameter. */
export type Observation = Value & Required<Pick<Value, 'observes'>>;

/** What the outputs reach that tells of a parameter, in the order of first use. */
export const observationsOf = (outputs: readonly Value[]): Observation[] =>
  reached(outputs).filter((value): value is Observation => value.observes !== undefined);

/** The leaves of these kinds that the outputs reach, in the order of their first use. */
export function leavesOf<K extends NamedLeaf['kind']>(
  outputs: readonly Value[],
  ...kinds: readonly K[]
): LeafValue<K>[] {
  const wanted: readonly string[] = kinds;
  return reached(outputs).filter(
    (value): value is LeafValue<K> => !!value.leaf && wanted.includes(value.leaf.kind),
  );
}
