import type { Value } from '@semivae/graph';
import type * as tfjs from '@tensorflow/tfjs';

/** The module `@tensorflow/tfjs`, or one that has all of it, as `@tensorflow/tfjs-node` has. */
export type TensorFlow = typeof tfjs;
type Tensor = tfjs.Tensor;

/** What an op of the graph language is in TensorFlow.js; `y` has its attributes and its shape. */
export type Rule = (tf: TensorFlow, inputs: readonly Tensor[], y: Value) => Tensor;
